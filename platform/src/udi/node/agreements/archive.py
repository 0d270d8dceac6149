"""What an archive holds of agreements: each reading; the agreements themselves are asked for at the portal again."""

from udi.kit.rows import Carried, LeftOut
from udi.node.agreements.models import AgreementCursor, AgreementUse, HeldAgreement, HeldCredential

CARRIED = (Carried(AgreementUse),)
LEFT_OUT = (
    LeftOut(HeldAgreement, "agreements are signed for this node: the portal tells them where the territory arrives"),
    LeftOut(HeldCredential, "digests of credentials come with them"),
    LeftOut(AgreementCursor, "a portal is asked anew from where the territory arrives"),
)
