"""Signing for a territory: agreements once, standings each time they are sent; and the keys that others check them with."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from joserfc.jws import extract_compact
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.keys import Signer
from udi.kit.tenancy import Territory
from udi.portal.access.models import AccessAgreement, AgreementKey
from udi.portal.nodes.models import Node
from udi.protocol.agreement import AGREEMENT_TYPE, STANDING_TYPE, Agreement, Standing, write_agreement, write_standing
from udi.ui.site import Site

AFTER = timedelta(days=90)
"""How long a key stays published after the last agreement that it signed: nodes still show what they refuse by it."""


@dataclass(frozen=True)
class Notary:
    """What signs in the name of a territory's portal."""

    signer: Signer
    territory: Territory

    def seal_agreement(self, agreement: Agreement, node: Node) -> str:
        """The JWS of an agreement, for the node that keeps its dataset."""
        return self._sign(write_agreement(agreement), AGREEMENT_TYPE, node)

    def seal_standing(self, standing: Standing, node: Node) -> str:
        """The JWS of how an agreement stands."""
        return self._sign(write_standing(standing), STANDING_TYPE, node)

    def _sign(self, claims: dict[str, Any], kind: str, node: Node) -> str:
        audience = audience_of(node)
        return self.signer.sign_document(claims, kind=kind, issuer=self.territory.origin, audience=audience)

    def key_of(self, jws: str) -> tuple[str, dict[str, Any]]:
        """The identifier and the public half of the key that signed."""
        kid = str(extract_compact(jws.encode()).protected["kid"])
        return kid, next(key for key in self.signer.public()["keys"] if key["kid"] == kid)


def notary_of(site: Site, territory: Territory) -> Notary:
    """What signs for a territory in this program."""
    return Notary(site.parts["signer"], territory)


def audience_of(node: Node) -> str:
    """Scheme, host and port of a node; its client for one that has no address."""
    parts = urlsplit(node.url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else node.client_id


async def keep_key(session: AsyncSession, notary: Notary, jws: str, until: datetime) -> None:
    """Publish the key of an agreement until after its end."""
    kid, jwk = notary.key_of(jws)
    row = insert(AgreementKey).values(kid=kid, jwk=jwk, until=until + AFTER)
    later = {"until": func.greatest(AgreementKey.until, row.excluded.until)}
    await session.execute(row.on_conflict_do_update(index_elements=["tenant_id", "kid"], set_=later))


async def list_kept_keys(session: AsyncSession) -> list[dict[str, Any]]:
    """The public halves of keys that signed agreements which last."""
    query = select(AgreementKey.jwk).where(AgreementKey.until > now()).order_by(AgreementKey.kid)
    return [dict(jwk) for jwk in await session.scalars(query)]


def lasts(agreement: AccessAgreement) -> bool:
    """Whether the date agreed is still to come."""
    return agreement.ends_at > now()
