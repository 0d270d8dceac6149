"""What an archive holds of restricted data: terms, requests with their threads and documents, agreements.

Agreements were signed by the portal that is left, for the addresses that its nodes had: where the territory arrives they
are read, and no node opens anything by them.
"""

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.portal.access.models import (
    AccessAgreement,
    AccessDocument,
    AccessDraft,
    AccessPolicy,
    AccessRequest,
    AccessStep,
    AgreementRevision,
    ProjectCredential,
    ProjectKey,
    PublicAgreement,
)

CARRIED = (
    ArchivedTable(AccessPolicy),
    ArchivedTable(AccessRequest),
    ArchivedTable(AccessStep),
    ArchivedTable(AccessDocument),
    ArchivedTable(AccessAgreement),
    ArchivedTable(PublicAgreement),
    ArchivedTable(AgreementRevision),
    ArchivedTable(ProjectKey),
)
LEFT_OUT = (
    ExcludedTable(
        AccessDraft, "what people began to write before they logged in lasts a day"
    ),
    ExcludedTable(
        ProjectCredential,
        "secrets of projects are for nodes of this installation: new ones are made elsewhere",
    ),
)
