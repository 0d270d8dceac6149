"""What an archive holds of agreements: each reading; the agreements themselves are asked for at the portal again."""

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.node.agreements.models import (
    AgreementCursor,
    AgreementUse,
    ConsentLink,
    HeldAgreement,
    HeldConsent,
    HeldCredential,
    PersonColumn,
)

CARRIED = (ArchivedTable(AgreementUse), ArchivedTable(PersonColumn))
LEFT_OUT = (
    ExcludedTable(
        HeldAgreement,
        "agreements are signed for this node: the portal tells them where the territory arrives",
    ),
    ExcludedTable(HeldCredential, "digests of credentials come with them"),
    ExcludedTable(HeldConsent, "consents hang on agreements, and come with them"),
    ExcludedTable(
        ConsentLink,
        "numbers of people go with the consents for which they were brought",
    ),
    ExcludedTable(
        AgreementCursor, "a portal is asked anew from where the territory arrives"
    ),
)
