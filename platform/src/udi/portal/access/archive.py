"""What an archive holds of restricted data: terms, requests with their threads and documents, agreements.

Agreements were signed by the portal that is left, for the addresses that its nodes had: where the territory arrives they
are read, and no node opens anything by them.
"""

from udi.kit.rows import Carried, LeftOut
from udi.portal.access.models import (
    AccessAgreement,
    AccessDocument,
    AccessDraft,
    AccessPolicy,
    AccessRequest,
    AccessStep,
    ProjectCredential,
    ProjectKey,
    PublicAgreement,
    StandingCounter,
)
from udi.portal.tenants.budgets import SpentBudget

CARRIED = (
    Carried(AccessPolicy),
    Carried(AccessRequest),
    Carried(AccessStep),
    Carried(AccessDocument),
    Carried(AccessAgreement),
    Carried(PublicAgreement),
    Carried(StandingCounter),
    Carried(ProjectKey),
)
LEFT_OUT = (
    LeftOut(SpentBudget, "what was counted of people and addresses lasts a day"),
    LeftOut(AccessDraft, "what people began to write before they logged in lasts a day"),
    LeftOut(ProjectCredential, "secrets of projects are for nodes of this installation: new ones are made elsewhere"),
)
