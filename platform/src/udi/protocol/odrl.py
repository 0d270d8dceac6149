"""Terms as ODRL 2.2 (W3C, 2018) in JSON-LD, in the form that the Dataspace Protocol 2025-1 takes.

Names are those of the ODRL context, without prefix; what ODRL and DPV have no word for is in a profile of ours. A body
has no `@context`: a message of the Dataspace Protocol has its own, `as_document` gives one to what stands alone.
"""

from datetime import datetime
from typing import Any

from udi.protocol.agreement import Agreement, write_moment
from udi.protocol.policy import Policy, Requester
from udi.protocol.terms import Measure, Prohibition, Purpose, RowFilter, Terms

ODRL = "http://www.w3.org/ns/odrl/2/"
DPV = "https://w3id.org/dpv#"
XSD = "http://www.w3.org/2001/XMLSchema#"
PROFILE = "urn:udi:odrl"
UDI = f"{PROFILE}:"
"""What follows is ours: the operands `column`, `cell:{column, percent-encoded}`, `bytesThisMonth`,
`readingsThisMinute`, `measure` and `attributionText`; the actions `reidentify`, `combineWithPersons`, `trainModels`,
`protect` and `serveGeneralInterest`; and the values below."""

PURPOSES = {
    Purpose.RESEARCH: f"{DPV}ScientificResearch",
    Purpose.PUBLIC_SERVICE: f"{DPV}ImprovePublicServices",
    Purpose.EDUCATION: f"{UDI}Education",
    Purpose.INFORMATION: f"{UDI}PublicInformation",
    Purpose.CIVIC: f"{UDI}CivicActivity",
    Purpose.COMMERCIAL: f"{DPV}CommercialPurpose",
}
REQUESTERS = {
    Requester.PUBLIC_BODY: f"{DPV}GovernmentalOrganisation",
    Requester.RESEARCH: f"{DPV}AcademicScientificOrganisation",
    Requester.ASSOCIATION: f"{DPV}NonProfitOrganisation",
    Requester.COMPANY: f"{DPV}ForProfitOrganisation",
    Requester.PERSON: f"{DPV}NaturalPerson",
}
MEASURES = {
    Measure.ENCRYPTED: f"{DPV}EncryptionAtRest",
    Measure.NAMED_READERS: f"{DPV}AuthorisationProcedure",
    Measure.IN_EUROPE: f"{UDI}KeptInEuropeanUnion",
    Measure.LOGGED: f"{DPV}LoggingPolicy",
}
"""Deletion at the end is a duty of its own: ODRL has the action."""
FORBIDDEN_ACTIONS = {
    Prohibition.DISTRIBUTE: "distribute",
    Prohibition.REIDENTIFY: f"{UDI}reidentify",
    Prohibition.COMBINE_WITH_PERSONS: f"{UDI}combineWithPersons",
    Prohibition.TRAIN: f"{UDI}trainModels",
}
"""Prospecting is a purpose for which using the data is forbidden."""
COLUMN = f"{UDI}column"
CELL = f"{UDI}cell:"
MEASURE = f"{UDI}measure"
ATTRIBUTION = f"{UDI}attributionText"
BYTES = f"{UDI}bytesThisMonth"
READINGS = f"{UDI}readingsThisMinute"
PROTECT = f"{UDI}protect"
SERVE = f"{UDI}serveGeneralInterest"
DIRECT_MARKETING = f"{DPV}DirectMarketing"
POLICY_USAGE = f"{ODRL}policyUsage"

CONTEXT: dict[str, Any] = {
    "odrl": ODRL,
    "xsd": XSD,
    "@vocab": ODRL,
    "profile": {"@id": "odrl:profile", "@type": "@id"},
    "target": {"@id": "odrl:target", "@type": "@id"},
    "assigner": {"@id": "odrl:assigner", "@type": "@id"},
    "assignee": {"@id": "odrl:assignee", "@type": "@id"},
    "action": {"@id": "odrl:action", "@type": "@vocab"},
    "leftOperand": {"@id": "odrl:leftOperand", "@type": "@vocab"},
    "operator": {"@id": "odrl:operator", "@type": "@vocab"},
    "timestamp": {"@id": "http://purl.org/dc/terms/issued", "@type": "xsd:dateTime"},
}
"""Of a policy that stands alone: the terms of https://www.w3.org/ns/odrl.jsonld that are used here, said in place."""


def write_offer(
    policy: Policy, *, uid: str, provider: str, dataset: str = ""
) -> dict[str, Any]:
    """The ODRL Offer of a policy. Without `dataset`, as it stands inside a `Dataset`, where `target` is forbidden."""
    requesters = _constraint(
        "recipient",
        "isAnyOf",
        [_iri(REQUESTERS[requester]) for requester in policy.requesters],
    )
    duration = _constraint(
        "elapsedTime", "lteq", _literal(f"P{policy.terms.months}M", "duration")
    )
    return {
        "@id": uid,
        "@type": "Offer",
        "profile": PROFILE,
        "assigner": provider,
        **({"target": dataset} if dataset else {}),
        **_rules(policy.terms, policy.terms.purposes, [requesters, duration]),
    }


def write_agreement(
    agreement: Agreement,
    *,
    provider: str,
    requester: str,
    dataset: str,
    accepted_at: datetime,
) -> dict[str, Any]:
    """The ODRL Agreement: of the terms, the one purpose that was said, and the dates in place of the duration."""
    period = [
        _constraint(
            "dateTime", "gteq", _literal(write_moment(agreement.starts_at), "dateTime")
        ),
        _constraint(
            "dateTime", "lteq", _literal(write_moment(agreement.ends_at), "dateTime")
        ),
    ]
    return {
        "@id": f"urn:uuid:{agreement.id}",
        "@type": "Agreement",
        "profile": PROFILE,
        "assigner": provider,
        "assignee": requester,
        "target": dataset,
        "timestamp": write_moment(accepted_at),
        **_rules(agreement.terms, (agreement.purpose,), period),
    }


def as_document(policy: dict[str, Any]) -> dict[str, Any]:
    """A policy that stands alone, as JSON-LD that needs nothing else to be read."""
    return {"@context": CONTEXT, **policy}


def _rules(
    terms: Terms, purposes: tuple[Purpose, ...], first: list[dict[str, Any]]
) -> dict[str, Any]:
    purpose = _constraint(
        "purpose",
        "isAnyOf",
        [_iri(PURPOSES[permitted_purpose]) for permitted_purpose in purposes],
    )
    permission: dict[str, Any] = {
        "action": "use",
        "constraint": [purpose, *first, *_limits(terms)],
    }
    if duties := _duties(terms):
        permission["duty"] = duties
    rules: dict[str, Any] = {"permission": [permission]}
    if terms.prohibitions:
        rules["prohibition"] = [
            _prohibition(prohibition) for prohibition in terms.prohibitions
        ]
    return rules


def _limits(terms: Terms) -> list[dict[str, Any]]:
    limits = []
    if terms.columns:
        limits.append(
            _constraint(
                COLUMN, "isAnyOf", [_literal(column) for column in terms.columns]
            )
        )
    limits += [_row_constraint(row) for row in terms.rows]
    if terms.bytes_a_month is not None:
        limits.append(
            _constraint(BYTES, "lteq", _literal(str(terms.bytes_a_month), "integer"))
        )
    if terms.requests_a_minute is not None:
        limits.append(
            _constraint(
                READINGS, "lteq", _literal(str(terms.requests_a_minute), "integer")
            )
        )
    return limits


def _row_constraint(row: RowFilter) -> dict[str, Any]:
    values = [_literal(value) for value in row.values]
    several = row.operator.value.startswith("is")
    return _constraint(
        CELL + encode_column_name(row.column),
        row.operator.value,
        values if several else values[0],
    )


def _duties(terms: Terms) -> list[dict[str, Any]]:
    duties: list[dict[str, Any]] = []
    if terms.attribution:
        attribution = _constraint(ATTRIBUTION, "eq", _literal(terms.attribution))
        duties.append({"action": "attribute", "constraint": [attribution]})
    if terms.general_interest:
        duties.append({"action": SERVE})
    for measure in terms.measures:
        if measure is Measure.DELETED_AT_END:
            duties.append(
                {
                    "action": "delete",
                    "constraint": [_constraint("event", "gt", _iri(POLICY_USAGE))],
                }
            )
        else:
            duties.append(
                {
                    "action": PROTECT,
                    "constraint": [_constraint(MEASURE, "eq", _iri(MEASURES[measure]))],
                }
            )
    return duties


def _prohibition(prohibition: Prohibition) -> dict[str, Any]:
    if prohibition is Prohibition.PROSPECT:
        return {
            "action": "use",
            "constraint": [_constraint("purpose", "eq", _iri(DIRECT_MARKETING))],
        }
    return {"action": FORBIDDEN_ACTIONS[prohibition]}


def encode_column_name(name: str) -> str:
    """A column's name inside an IRI: everything but ASCII letters, digits, `-`, `.` and `_` as %XX of its UTF-8."""
    safe_characters = (
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"
    )
    return "".join(
        chr(byte) if chr(byte) in safe_characters else f"%{byte:02X}"
        for byte in name.encode()
    )


def _constraint(left: str, operator: str, right: object) -> dict[str, Any]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def _iri(address: str) -> dict[str, str]:
    return {"@id": address}


def _literal(text: str, datatype: str = "") -> dict[str, str]:
    if datatype:
        return {"@value": text, "@type": f"{XSD}{datatype}"}
    return {"@value": text}
