"""What an archive holds of agreements: each reading; the agreements themselves are asked for at the portal again."""

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.node.agreements.models import (
    AgreementCursor,
    AgreementUse,
    HeldAgreement,
    HeldCredential,
)

CARRIED = (ArchivedTable(AgreementUse),)
LEFT_OUT = (
    ExcludedTable(
        HeldAgreement,
        "agreements are signed for this node: the portal tells them where the territory arrives",
    ),
    ExcludedTable(HeldCredential, "digests of credentials come with them"),
    ExcludedTable(
        AgreementCursor, "a portal is asked anew from where the territory arrives"
    ),
)
