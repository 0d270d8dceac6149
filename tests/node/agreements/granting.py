"""A portal that grants: it signs agreements and standings with a real key, pushes them, and is asked for them."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.node.counterpart import PortalDouble
from udi.kit.clock import now
from udi.kit.credentials import SignedDocumentKind
from udi.kit.keys import Signer
from udi.protocol.agreement import (
    AGREEMENT_STATUS_TYPE,
    AGREEMENT_TYPE,
    PROJECT_CREDENTIAL,
    Agreement,
    AgreementCredential,
    AgreementStatus,
    AgreementValidity,
    Party,
    fingerprint,
    write_agreement,
    write_agreement_status,
)
from udi.protocol.consent import (
    CONSENT_FRESHNESS_TYPE,
    CONSENT_STATUS_TYPE,
    ConsentState,
    ConsentStatus,
    write_consent_status,
    write_freshness,
)
from udi.protocol.credentials import AGREEMENT, READING
from udi.protocol.policy import Requester
from udi.protocol.terms import Operator, Purpose, RowFilter, Terms

YEAR = timedelta(days=365)
HIDDEN = "CACHE"
"""Stands in each cell that nobody but the producer may read."""
ROWS = [
    (
        f"PA-{number:04}",
        "Kerlévan" if number % 2 else f"Plou-{HIDDEN}",
        48 + number / 1000,
        -4.5,
        number,
        f"{HIDDEN}-{number}",
    )
    for number in range(1, 41)
]
METERS = "\n".join(
    [
        "compteur,commune,latitude,longitude,index,note",
        *(",".join(map(str, row)) for row in ROWS),
        "",
    ]
).encode()
IN_PART = Terms(
    purposes=(Purpose.RESEARCH,),
    columns=("compteur", "commune", "index"),
    rows=(RowFilter(column="commune", operator=Operator.EQ, values=("Kerlévan",)),),
)
WHOLE = Terms(purposes=(Purpose.RESEARCH,))


@dataclass
class Grant:
    """An agreement as the portal has it: what it says now, and the secret of its project."""

    portal: "Granting"
    agreement: Agreement
    standing: AgreementStatus
    document: str
    secret: str

    @property
    def id(self) -> uuid.UUID:
        return self.agreement.id

    @property
    def signed_status(self) -> str:
        """The standing, signed."""
        return self.portal.sign(
            write_agreement_status(self.standing), AGREEMENT_STATUS_TYPE
        )

    @property
    def headers(self) -> dict[str, str]:
        """What the machine of the project sends."""
        return {"Authorization": f"Bearer {self.secret}", "Accept": "*/*"}

    def change(self, **changes: Any) -> "Grant":
        """Let it stand otherwise, under the next revision; nobody is told yet."""
        self.portal.revision += 1
        self.standing = replace_struct(
            self.standing, revision=self.portal.revision, **changes
        )
        return self


def replace_struct(struct: Any, **changes: Any) -> Any:
    fields = {name: getattr(struct, name) for name in struct.__struct_fields__}
    return type(struct)(**{**fields, **changes})


@dataclass
class Loan:
    """A consent as the portal has it, under an agreement."""

    grant: Grant
    status: ConsentStatus

    @property
    def id(self) -> uuid.UUID:
        return self.status.consent

    @property
    def document(self) -> str:
        """How it stands, signed."""
        return self.grant.portal.sign(
            write_consent_status(self.status), CONSENT_STATUS_TYPE
        )

    def change(self, **changes: Any) -> "Loan":
        """Let it stand otherwise, under the next revision; nobody is told yet."""
        self.grant.portal.revision += 1
        self.status = replace_struct(
            self.status, revision=self.grant.portal.revision, **changes
        )
        return self


@dataclass
class Granting(PortalDouble):
    """The portal of the node's tests, which also grants."""

    audience: str = ""
    revision: int = 0
    grants: list[Grant] = field(default_factory=list)
    loans: list[Loan] = field(default_factory=list)
    request_count: int = 0

    def grant(self, dataset: str, terms: Terms = WHOLE, **changes: Any) -> Grant:
        """An agreement of a new project about a dataset, in force for a year."""
        defaults: dict[str, Any] = {
            "id": uuid.uuid4(), "dataset": uuid.UUID(dataset), "dataset_title": "Compteurs", "project": uuid.uuid4(),
            "project_title": "Îlots frais", "purpose": Purpose.RESEARCH, "terms": terms,
            "provider": Party(kind=Requester.PUBLIC_BODY, id=uuid.uuid4(), name="Mairie"),
            "requester": Party(kind=Requester.RESEARCH, id=uuid.uuid4(), name="Laboratoire"),
            "starts_at": now() - timedelta(days=1), "ends_at": now() + YEAR,
            "text": {"fr": "Texte de la convention.", "en": "Text of the agreement."},
            "page": f"{self.origin}/agreements/1",
        }  # fmt: skip
        agreement = Agreement(**{**defaults, **changes})
        self.revision += 1
        secret = PROJECT_CREDENTIAL.generate()
        document = self.sign(write_agreement(agreement), AGREEMENT_TYPE)
        credential = AgreementCredential(
            id=uuid.uuid4(), sha256=fingerprint(secret), expires_at=now() + YEAR
        )
        standing = AgreementStatus(
            agreement=agreement.id, agreement_sha256=fingerprint(document), revision=self.revision, state=AgreementValidity.ACTIVE,
            credentials=(credential,),
        )  # fmt: skip
        grant = Grant(self, agreement, standing, document, secret)
        self.grants.append(grant)
        return grant

    def lend(self, grant: Grant, **changes: Any) -> Loan:
        """Somebody lends what an agreement is about, for half a year."""
        self.revision += 1
        defaults: dict[str, Any] = {
            "consent": uuid.uuid4(), "agreement": grant.id, "dataset": grant.agreement.dataset,
            "notice_sha256": "0" * 64, "state": ConsentState.GIVEN, "revision": self.revision,
            "given_at": now(), "expires_at": now() + YEAR / 2,
        }  # fmt: skip
        loan = Loan(grant, ConsentStatus(**{**defaults, **changes}))
        self.loans.append(loan)
        return loan

    def fresh(self, **later: float) -> str:
        """That the node was told everything, and for how long it may rely on that."""
        until = now() + timedelta(**(later or {"hours": 24}))
        return self.sign(write_freshness(until), CONSENT_FRESHNESS_TYPE)

    def sign(
        self,
        claims: dict[str, Any],
        kind: SignedDocumentKind,
        *,
        audience: str = "",
        signer: Signer | None = None,
    ) -> str:
        return (signer or self.signer).sign_document(
            claims, kind=kind, issuer=self.origin, audience=audience or self.audience
        )

    async def push(
        self, client: httpx.AsyncClient, grant: Grant, **changed: str
    ) -> httpx.Response:
        """Tell the node; `changed` documents in the place of the true ones."""
        body = {"agreement": grant.document, "status": grant.signed_status, **changed}
        headers = self.bearer(self.audience, grant.id, AGREEMENT)
        return await client.put(
            f"/api/v1/agreements/{grant.id}", json=body, headers=headers
        )

    async def enter(
        self, client: httpx.AsyncClient, grant: Grant, ticket: str | None = None
    ) -> httpx.Response:
        """Somebody goes from the portal to the files of an agreement, with this ticket or a good one."""
        if ticket is None:
            token = self.token(self.audience, grant.id, READING, lifetime=120)
        else:
            token = ticket
        headers = {"Origin": self.origin, "Sec-Fetch-Site": "cross-site"}
        return await client.post(
            f"/agreements/{grant.id}/files", data={"ticket": token}, headers=headers
        )

    def answer(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, Any]:
        address = urlsplit(path)
        if address.path != "/kalim/v1/agreements":
            return super().answer(method, path, body, headers)
        self.request_count += 1
        query = parse_qs(address.query)
        after = int(query["after"][0])
        limit = int(query["limit"][0])
        changes: list[tuple[int, dict[str, str]]] = [
            (
                grant.standing.revision,
                {"agreement": grant.document, "status": grant.signed_status},
            )
            for grant in self.grants
        ]
        changes += [
            (loan.status.revision, {"consent": loan.document}) for loan in self.loans
        ]
        later = sorted(
            (change for change in changes if change[0] > after), key=itemgetter(0)
        )[:limit]
        answer: dict[str, Any] = {
            "items": [item for _, item in later],
            "revision": later[-1][0] if later else after,
        }
        if len(later) < limit:
            answer["freshness"] = self.fresh()
        return 200, answer


def in_days(days: float) -> datetime:
    return now() + timedelta(days=days)
