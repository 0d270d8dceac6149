"""What an archive holds of the organisations."""

from udi.kit.rows import Carried
from udi.portal.organisations.models import Organisation

CARRIED = (Carried(Organisation),)
LEFT_OUT = ()
