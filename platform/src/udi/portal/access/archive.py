"""What an archive holds of restricted data: under which terms they open."""

from udi.kit.rows import Carried
from udi.portal.access.models import AccessPolicy

CARRIED = (Carried(AccessPolicy),)
LEFT_OUT = ()
