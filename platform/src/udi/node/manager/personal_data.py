"""Which columns of this domain hold nobody that the node knows."""

from udi.kit.personal_data import PersonalRows, neutral
from udi.node.manager.models import CatalogueObject

PERSONAL: tuple[PersonalRows, ...] = ()
NEUTRAL = (
    neutral(
        CatalogueObject,
        "object_id dataset_id document",
        "a contact or an organisation that a producer publishes, for which it answers",
    ),
)
