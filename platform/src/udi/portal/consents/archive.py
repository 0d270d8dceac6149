"""What an archive holds of consents: all of it; nodes open nothing by what another portal signed."""

from udi.kit.rows import ArchivedTable
from udi.portal.consents.models import Consent, ConsentChange, NoticeVersion

CARRIED = (
    ArchivedTable(NoticeVersion),
    ArchivedTable(Consent),
    ArchivedTable(ConsentChange),
)
LEFT_OUT = ()
