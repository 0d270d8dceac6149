"""ODRL read back into terms: what another catalogue or connector sends, if it says nothing that we could not keep."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast
from urllib.parse import unquote

from udi.protocol import fault_kinds, odrl, terms, validators
from udi.protocol.faults import Fault, InvalidDocument, without_repeats
from udi.protocol.policy import Requester
from udi.protocol.scan import json_type, scan
from udi.protocol.terms import Measure, Operator, Prohibition, Purpose, Terms

OdrlObject = dict[str, Any]
Named = TypeVar("Named", Purpose, Requester, Measure, Prohibition)
MOST_RULES = 100
LONGEST_OPERAND = 2_000
MONTHS_BY_DURATION = {
    f"P{count}M": count for count in range(1, terms.LONGEST_MONTHS + 1)
}


class InvalidOdrl(InvalidDocument):
    """An ODRL policy that says something that could not be kept, or not what it must."""

    title = "This ODRL policy cannot be kept here"


_CONSTRAINT = validators.closed_group(
    {
        "leftOperand": validators.text(LONGEST_OPERAND),
        "operator": validators.text(LONGEST_OPERAND),
        "rightOperand": validators.anything,
    },
    {"@type": validators.anything, "@id": validators.anything},
)
_CONSTRAINTS = validators.list_of(_CONSTRAINT, MOST_RULES)
_RULE: validators.Fields = {
    "constraint": _CONSTRAINTS,
    "@type": validators.anything,
    "@id": validators.anything,
}
_ACTION: validators.Fields = {"action": validators.text(LONGEST_OPERAND)}
_DUTIES = validators.list_of(validators.closed_group(_ACTION, _RULE), MOST_RULES)
_POLICY = validators.closed_group(
    {
        "@type": validators.choice(["Offer", "Agreement"]),
        "permission": validators.list_of(
            validators.closed_group(_ACTION, {**_RULE, "duty": _DUTIES}), 1, least=1
        ),
    },
    {
        "prohibition": validators.list_of(
            validators.closed_group(_ACTION, _RULE), MOST_RULES
        ),
        **dict.fromkeys(
            (
                "@context",
                "@id",
                "profile",
                "assigner",
                "assignee",
                "target",
                "timestamp",
            ),
            validators.anything,
        ),
    },
)


def read_terms(policy: object) -> Terms:
    """The terms of an offer or an agreement; the months of an agreement are those that its dates begin.

    Raises:
        InvalidOdrl: with all that could not be kept: what is not known here is no lesser demand.
    """
    return read_offer(policy)[1]


def read_offer(policy: object) -> tuple[tuple[Requester, ...], Terms]:
    """Who may ask (nobody in particular: empty), and the terms.

    Raises:
        InvalidOdrl: as `read_terms`.
    """
    faults = without_repeats([*_POLICY(policy, ""), *scan(policy)])
    if faults:
        raise InvalidOdrl(faults)
    reader = _OdrlReader()
    reader.read(cast("OdrlObject", policy))
    requesters = reader.terms.pop("requesters", [])
    faults = reader.faults or list(terms.check_terms(reader.terms, ""))
    if faults:
        raise InvalidOdrl(without_repeats(faults))
    return tuple(requesters), terms.make_terms(reader.terms)


class _OdrlReader:
    """Collects what the rules say; each thing is said once."""

    def __init__(self) -> None:
        self.terms: OdrlObject = {}
        self.period: OdrlObject = {}
        self.faults: list[Fault] = []

    def read(self, policy: OdrlObject) -> None:
        permission = policy["permission"][0]
        if _local_name(permission["action"]) != "use":
            self._reject("permission[0].action", permission["action"])
        for place, entry in enumerate(permission.get("constraint") or ()):
            self._read_constraint(entry, f"permission[0].constraint[{place}]")
        for place, entry in enumerate(permission.get("duty") or ()):
            self._read_duty(entry, f"permission[0].duty[{place}]")
        for place, entry in enumerate(policy.get("prohibition") or ()):
            self._read_prohibition(entry, f"prohibition[{place}]")
        self._infer_months()

    def _read_constraint(self, constraint: OdrlObject, path: str) -> None:
        left = _local_name(constraint["leftOperand"])
        operator = _local_name(constraint["operator"])
        right = constraint["rightOperand"]
        handlers: dict[tuple[str, str], Callable[[], object]] = {
            ("purpose", "isAnyOf"): lambda: self._set_field(
                "purposes", self._translate_addresses(odrl.PURPOSES, right, path), path
            ),
            ("recipient", "isAnyOf"): lambda: self._set_field(
                "requesters",
                self._translate_addresses(odrl.REQUESTERS, right, path),
                path,
            ),
            ("elapsedTime", "lteq"): lambda: self._set_field(
                "months", MONTHS_BY_DURATION.get(_operand_text(right)), path
            ),
            ("dateTime", "gteq"): lambda: self._set_date("starts", right, path),
            ("dateTime", "lteq"): lambda: self._set_date("ends", right, path),
            (odrl.COLUMN, "isAnyOf"): lambda: self._set_field(
                "columns", [*map(_operand_text, _as_list(right))], path
            ),
            (odrl.BYTES, "lteq"): lambda: self._set_field(
                "bytes_a_month", _operand_integer(right), path
            ),
            (odrl.READINGS, "lteq"): lambda: self._set_field(
                "requests_a_minute", _operand_integer(right), path
            ),
        }
        if left.startswith(odrl.CELL) and operator in set(Operator):
            column = unquote(left.removeprefix(odrl.CELL))
            values = [*map(_operand_text, _as_list(right))]
            rows = self.terms.setdefault("rows", [])
            rows.append({"column": column, "operator": operator, "values": values})
        elif (left, operator) in handlers:
            handlers[left, operator]()
        else:
            self._reject(f"{path}.leftOperand", f"{left} {operator}")

    def _read_duty(self, duty: OdrlObject, path: str) -> None:
        action = _local_name(duty["action"])
        right_operands = _right_operands(duty)
        measures = self.terms.setdefault("measures", [])
        if action == "attribute" and set(right_operands) == {(odrl.ATTRIBUTION, "eq")}:
            self._set_field(
                "attribution",
                _operand_text(right_operands[odrl.ATTRIBUTION, "eq"]),
                path,
            )
        elif action == odrl.SERVE and not right_operands:
            self._set_field("general_interest", True, path)
        elif action == "delete" and {
            key: _operand_text(value) for key, value in right_operands.items()
        } == {("event", "gt"): odrl.POLICY_USAGE}:
            measures.append(Measure.DELETED_AT_END.value)
        elif action == odrl.PROTECT and set(right_operands) == {(odrl.MEASURE, "eq")}:
            measures += [
                measure.value
                for measure in self._translate_addresses(
                    odrl.MEASURES, right_operands[odrl.MEASURE, "eq"], path
                )
            ]
        else:
            self._reject(f"{path}.action", action)

    def _read_prohibition(self, rule: OdrlObject, path: str) -> None:
        action = _local_name(rule["action"])
        right_operands = _right_operands(rule)
        marketing = {("purpose", "eq"): odrl.DIRECT_MARKETING}
        forbidden = self.terms.setdefault("prohibitions", [])
        if (
            action == "use"
            and {key: _operand_text(value) for key, value in right_operands.items()}
            == marketing
        ):
            forbidden.append(Prohibition.PROSPECT.value)
        elif action in odrl.FORBIDDEN_ACTIONS.values() and not right_operands:
            forbidden += [
                prohibition.value
                for prohibition in self._translate_addresses(
                    odrl.FORBIDDEN_ACTIONS, action, path
                )
            ]
        else:
            self._reject(f"{path}.action", action)

    def _translate_addresses(
        self, names: dict[Named, str], right: object, path: str
    ) -> list[Named]:
        members_by_address = {address: member for member, address in names.items()}
        addresses = [_operand_text(operand) for operand in _as_list(right)]
        for address in addresses:
            if address not in members_by_address:
                self._reject(f"{path}.rightOperand", address)
        return [
            members_by_address[address]
            for address in addresses
            if address in members_by_address
        ]

    def _set_field(self, name: str, value: object, path: str) -> None:
        if value is None or value == []:
            self._reject(f"{path}.rightOperand", name)
        elif name in self.terms:
            self.faults.append(fault_kinds.REPEATED.at(path, value=name))
        else:
            self.terms[name] = value

    def _set_date(self, name: str, right: object, path: str) -> None:
        moment = validators.read_moment(_operand_text(right))
        if moment is None:
            self.faults.append(
                fault_kinds.BAD_MOMENT.at(
                    f"{path}.rightOperand", value=_operand_text(right)
                )
            )
        elif name in self.period:
            self.faults.append(fault_kinds.REPEATED.at(path, value=name))
        else:
            self.period[name] = moment

    def _infer_months(self) -> None:
        if "months" not in self.terms and {"starts", "ends"} <= set(self.period):
            starts = self.period["starts"]
            ends = self.period["ends"]
            months = (ends.year - starts.year) * 12 + ends.month - starts.month
            begun = (ends.day, ends.time()) > (starts.day, starts.time())
            self.terms["months"] = months + begun
        elif "months" not in self.terms:
            self.faults.append(fault_kinds.MISSING.at("permission[0].constraint"))

    def _reject(self, path: str, value: object) -> None:
        self.faults.append(fault_kinds.NOT_KEPT.at(path, value=value))


def _right_operands(rule: OdrlObject) -> dict[tuple[str, str], object]:
    """What its constraints compare with what; where one is there twice, nothing that is known."""
    constraints = rule.get("constraint") or ()
    right_operands = {
        (
            _local_name(constraint["leftOperand"]),
            _local_name(constraint["operator"]),
        ): constraint["rightOperand"]
        for constraint in constraints
    }
    if len(right_operands) == len(constraints):
        return right_operands
    return {("", ""): None}


def _local_name(name: str) -> str:
    """A name of ODRL without prefix or namespace; any other as it is."""
    return name.removeprefix(odrl.ODRL).removeprefix("odrl:")


def _as_list(right: object) -> Iterable[object]:
    if isinstance(right, list):
        return right
    return [right]


def _operand_text(right: object) -> str:
    if isinstance(right, dict):
        right = right.get("@value", right.get("@id"))
    if isinstance(right, str):
        return right
    if type(right) is int:
        return str(right)
    return json_type(right)


def _operand_integer(right: object) -> int | None:
    text = _operand_text(right)
    if text.isascii() and text.isdigit() and len(text) < 20:  # noqa: PLR2004 - 64 bits
        return int(text)
    return None
