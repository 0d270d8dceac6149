"""What an archive holds of the producers' spaces."""

from udi.kit.rows import Carried
from udi.node.spaces.models import Space

CARRIED = (Carried(Space),)
LEFT_OUT = ()
