"""Datasets and their offers in the protocol's form, and what a request asks within an offer."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from udi.kit.errors import InvalidError, NotFoundError, Refusal
from udi.kit.tenancy import Territory
from udi.portal.access.models import AccessPolicy
from udi.portal.access.policies.queries import policy_of
from udi.portal.access.requests.request_input import AccessRequestInput
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.dataspace.messages import PATH, PULL, document_error
from udi.portal.dataspace.models import Connector
from udi.protocol import odrl
from udi.protocol.access import AccessRights
from udi.protocol.odrl_reader import InvalidOdrl, read_offer
from udi.protocol.policy import Policy
from udi.protocol.terms import RowFilter, Terms

URN = "urn:uuid:"
PAGE = 100
NEGOTIABLE = (
    Dataset.state == DatasetState.PUBLISHED,
    Dataset.access == AccessRights.RESTRICTED,
)
FIXED = (
    "prohibitions",
    "measures",
    "attribution",
    "general_interest",
    "rows",
    "bytes_a_month",
    "requests_a_minute",
)
"""What of a policy's terms nobody asks otherwise; purposes, months and columns may be fewer."""
NegotiableDataset = tuple[Dataset, AccessPolicy]


def participant_of(territory: Territory) -> str:
    """How the territory is called in data spaces: the origin of its portal."""
    return territory.origin


async def list_negotiable(
    session: AsyncSession, after: UUID | None
) -> Sequence[NegotiableDataset]:
    """Restricted datasets whose producer set terms, one page of them and the first of the next."""
    same = (AccessPolicy.tenant_id == Dataset.tenant_id) & (
        AccessPolicy.dataset_id == Dataset.id
    )
    query = select(Dataset, AccessPolicy).join(AccessPolicy, same).where(*NEGOTIABLE)
    query = query.where(Dataset.id > after) if after else query
    query = (
        query.options(joinedload(Dataset.organisation))
        .order_by(Dataset.id)
        .limit(PAGE + 1)
    )
    return [(row[0], row[1]) for row in await session.execute(query)]


async def get_negotiable(session: AsyncSession, name: str) -> NegotiableDataset:
    """The dataset that a name means: its identifier, as a URN or alone, or the one that its producer gave it.

    Raises:
        NotFoundError: there is none, or nothing is negotiated about it.
    """
    which = Dataset.local_id == name
    try:
        which = Dataset.id == UUID(name.removeprefix(URN))
    except ValueError:
        if not name:
            raise NotFoundError from None
    same = (AccessPolicy.tenant_id == Dataset.tenant_id) & (
        AccessPolicy.dataset_id == Dataset.id
    )
    query = (
        select(Dataset, AccessPolicy).join(AccessPolicy, same).where(*NEGOTIABLE, which)
    )
    row = (
        await session.execute(query.options(joinedload(Dataset.organisation)))
    ).first()
    if row is None:
        raise NotFoundError(
            "No restricted dataset with terms has this name here.",
            remedy="Ask for the catalogue: it lists them.",
        )
    return row[0], row[1]


def is_named(dataset: Dataset, name: str) -> bool:
    """Whether a name means this dataset."""
    return name in {str(dataset.id), f"{URN}{dataset.id}"} or (
        bool(dataset.local_id) and name == dataset.local_id
    )


def offer_id(dataset: Dataset, revision: int) -> str:
    """The name of the offer that a policy is, in one of its revisions."""
    return f"{URN}{dataset.id}:offer:{revision}"


def write_dataset(
    negotiable_dataset: NegotiableDataset, territory: Territory
) -> dict[str, Any]:
    """A `Dataset` of the catalogue, with the offer that its policy is."""
    dataset, row = negotiable_dataset
    offer = odrl.write_offer(
        policy_of(row),
        uid=offer_id(dataset, row.revision),
        provider=participant_of(territory),
    )
    endpoint = f"{territory.origin}{PATH}"
    service = {
        "@id": f"{endpoint}#service",
        "@type": "DataService",
        "endpointURL": endpoint,
    }
    return {
        "@id": f"{URN}{dataset.id}",
        "@type": "Dataset",
        "dct:title": dataset.title,
        "dct:description": [
            {"@value": words, "@language": tongue}
            for tongue, words in dataset.synopsis.items()
        ],
        "dct:publisher": dataset.organisation.name,
        "dct:identifier": dataset.local_id or str(dataset.id),
        "dcat:landingPage": f"{territory.origin}/data/{dataset.id}",
        "dcat:keyword": list(dataset.keywords),
        "hasPolicy": [offer],
        "distribution": [
            {"@type": "Distribution", "format": PULL, "accessService": service}
        ],
    }


def read_request_input(
    policy: Policy, offer: dict[str, Any], connector: Connector
) -> AccessRequestInput:
    """What a request asks: the offer as its producer made it, but for the uses, months and columns that it says.

    Raises:
        InvalidError: it asks for something that no offer gives, or says a rule that could not be kept.
    """
    most = policy.terms
    terms = _read_terms(policy, offer)
    if not set(terms.purposes) <= set(most.purposes) or terms.months > most.months:
        raise _outside_offer_error("purpose, elapsedTime")
    if most.columns and not set(terms.columns) <= set(most.columns):
        raise _outside_offer_error(odrl.COLUMN)
    for name in FIXED:
        if _without_order(getattr(terms, name)) != _without_order(getattr(most, name)):
            raise _outside_offer_error(name)
    if len(terms.purposes) == 1:
        purpose = terms.purposes[0].value
    else:
        purpose = connector.purpose
    return AccessRequestInput(
        purpose=purpose,
        words=connector.words,
        interest=connector.interest,
        months=str(terms.months),
        columns=terms.columns if most.columns else (),
    )


def _read_terms(policy: Policy, offer: dict[str, Any]) -> Terms:
    """The terms of a request: of the offer, each constraint that the request says again replaced by its own."""
    whole = odrl.write_offer(policy, uid=str(offer.get("@id", "")), provider="")
    rules = {
        name: value
        for name, value in offer.items()
        if name in {"permission", "prohibition", "obligation"}
    }
    permissions = rules.get("permission") or [{"action": "use"}]
    if not (
        isinstance(permissions, list)
        and all(isinstance(permission, dict) for permission in permissions)
    ):
        raise _outside_offer_error("permission")
    offered_permission = whole["permission"][0]
    requested_permission = permissions[0]
    narrower = requested_permission.get("constraint") or []
    if not isinstance(narrower, list):
        raise _outside_offer_error("permission.constraint")
    lefts = {_left_operand(constraint) for constraint in narrower}
    constraints = [
        constraint
        for constraint in offered_permission["constraint"]
        if _left_operand(constraint) not in lefts
    ] + [*narrower]
    merged = {
        **requested_permission,
        "action": requested_permission.get("action", "use"),
        "constraint": constraints,
    }
    if "duty" in offered_permission:
        merged["duty"] = requested_permission.get("duty") or offered_permission["duty"]
    document = {
        "@type": "Offer",
        "permission": [merged, *permissions[1:]],
        "prohibition": rules.get("prohibition") or whole.get("prohibition") or [],
        **({"obligation": rules["obligation"]} if rules.get("obligation") else {}),
    }
    try:
        return read_offer(document)[1]
    except InvalidOdrl as error:
        raise document_error(error) from error


def _without_order(value: object) -> object:
    """The same whatever the order in which it is said."""
    if isinstance(value, RowFilter):
        return value.column, value.operator, frozenset(value.values)
    if isinstance(value, tuple):
        return frozenset(map(_without_order, value))
    return value


def _left_operand(constraint: Any) -> str:
    if isinstance(constraint, dict):
        left = constraint.get("leftOperand", "")
    else:
        left = ""
    return str(left).removeprefix(odrl.ODRL).removeprefix("odrl:")


def _outside_offer_error(where: str) -> InvalidError:
    refusal = Refusal(
        "offer",
        "What is asked is not within the offer: %(where)s.",
        "Take the offer as the catalogue has it; its use, months and columns may be fewer.",
        values={"where": where},
    )
    return InvalidError("Nothing was sent yet.", refusals=[refusal])
