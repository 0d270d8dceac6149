"""What an archive holds of the organisations."""

from udi.kit.rows import Carried
from udi.portal.organisations.models import FormerSlug, Organisation

CARRIED = (Carried(Organisation), Carried(FormerSlug))
LEFT_OUT = ()
