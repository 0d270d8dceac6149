"""Which columns of this domain hold nobody: it keeps nothing of people."""

from udi.kit.personal_data import PersonalRows, neutral
from udi.node.territories.models import OutlineLayerRow, OutlineUnitRow, Tenant

PERSONAL: tuple[PersonalRows, ...] = ()
NEUTRAL = (
    neutral(
        Tenant,
        "name tagline hosts links contact privacy_contact mail_sender theme_css charter legal logo search"
        " vocabularies time_zone login_providers fingerprint theme",
        "what a territory publishes of itself, its own contacts included",
    ),
    neutral(OutlineLayerRow, "name source", "a public map and its origin"),
    neutral(OutlineUnitRow, "name shape", "an area of a public map"),
)
