"""What an archive holds of the producers' spaces: limits, rights, uses, what each day cost."""

from udi.kit.rows import Carried, LeftOut
from udi.node.spaces.models import DatasetRight, Moved, ScriptKey, Space, SpaceDay, UseCount

CARRIED = (
    Carried(Space),
    Carried(Moved, addressed=frozenset({"origin"})),
    Carried(DatasetRight),
    Carried(UseCount),
    Carried(SpaceDay),
)
LEFT_OUT = (LeftOut(ScriptKey, "keys of scripts are secrets of this installation: new ones are made elsewhere"),)
