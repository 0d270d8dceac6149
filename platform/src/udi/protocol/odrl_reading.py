"""ODRL read back into terms: what another catalogue or connector sends, if it says nothing that we could not keep."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast
from urllib.parse import unquote

from udi.protocol import kinds, odrl, shapes, terms
from udi.protocol.faults import Fault, InvalidDocument, without_repeats
from udi.protocol.policy import Requester
from udi.protocol.scan import received, scan
from udi.protocol.terms import Measure, Operator, Prohibition, Purpose, Terms

Found = dict[str, Any]
Named = TypeVar("Named", Purpose, Requester, Measure, Prohibition)
MOST_RULES, LONGEST_OPERAND = 100, 2_000
WRITTEN = {f"P{count}M": count for count in range(1, terms.LONGEST_MONTHS + 1)}


class InvalidOdrl(InvalidDocument):
    """An ODRL policy that says something that could not be kept, or not what it must."""

    title = "This ODRL policy cannot be kept here"


_CONSTRAINT = shapes.closed(
    {
        "leftOperand": shapes.text(LONGEST_OPERAND),
        "operator": shapes.text(LONGEST_OPERAND),
        "rightOperand": shapes.anything,
    },
    {"@type": shapes.anything, "@id": shapes.anything},
)
_CONSTRAINTS = shapes.listed(_CONSTRAINT, MOST_RULES)
_RULE: shapes.Fields = {"constraint": _CONSTRAINTS, "@type": shapes.anything, "@id": shapes.anything}
_ACTION: shapes.Fields = {"action": shapes.text(LONGEST_OPERAND)}
_DUTIES = shapes.listed(shapes.closed(_ACTION, _RULE), MOST_RULES)
_POLICY = shapes.closed(
    {
        "@type": shapes.choice(["Offer", "Agreement"]),
        "permission": shapes.listed(shapes.closed(_ACTION, {**_RULE, "duty": _DUTIES}), 1, least=1),
    },
    {
        "prohibition": shapes.listed(shapes.closed(_ACTION, _RULE), MOST_RULES),
        **dict.fromkeys(("@context", "@id", "profile", "assigner", "assignee", "target", "timestamp"), shapes.anything),
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
    reader = _Reader()
    reader.read(cast("Found", policy))
    requesters = reader.found.pop("requesters", [])
    faults = reader.faults or list(terms.check(reader.found, ""))
    if faults:
        raise InvalidOdrl(without_repeats(faults))
    return tuple(requesters), terms.make_terms(reader.found)


class _Reader:
    """Collects what the rules say; each thing is said once."""

    def __init__(self) -> None:
        self.found: Found = {}
        self.period: Found = {}
        self.faults: list[Fault] = []

    def read(self, policy: Found) -> None:
        permission = policy["permission"][0]
        if _local(permission["action"]) != "use":
            self._unknown("permission[0].action", permission["action"])
        for place, one in enumerate(permission.get("constraint") or ()):
            self._limit(one, f"permission[0].constraint[{place}]")
        for place, one in enumerate(permission.get("duty") or ()):
            self._duty(one, f"permission[0].duty[{place}]")
        for place, one in enumerate(policy.get("prohibition") or ()):
            self._prohibition(one, f"prohibition[{place}]")
        self._duration()

    def _limit(self, one: Found, path: str) -> None:
        left, operator, right = _local(one["leftOperand"]), _local(one["operator"]), one["rightOperand"]
        known: dict[tuple[str, str], Callable[[], object]] = {
            ("purpose", "isAnyOf"): lambda: self._keep("purposes", self._named(odrl.PURPOSES, right, path), path),
            ("recipient", "isAnyOf"): lambda: self._keep("requesters", self._named(odrl.REQUESTERS, right, path), path),
            ("elapsedTime", "lteq"): lambda: self._keep("months", WRITTEN.get(_text(right)), path),
            ("dateTime", "gteq"): lambda: self._date("starts", right, path),
            ("dateTime", "lteq"): lambda: self._date("ends", right, path),
            (odrl.COLUMN, "isAnyOf"): lambda: self._keep("columns", [*map(_text, _several(right))], path),
            (odrl.BYTES, "lteq"): lambda: self._keep("bytes_a_month", _whole(right), path),
            (odrl.READINGS, "lteq"): lambda: self._keep("requests_a_minute", _whole(right), path),
        }
        if left.startswith(odrl.CELL) and operator in set(Operator):
            column, values = unquote(left.removeprefix(odrl.CELL)), [*map(_text, _several(right))]
            rows = self.found.setdefault("rows", [])
            rows.append({"column": column, "operator": operator, "values": values})
        elif (left, operator) in known:
            known[left, operator]()
        else:
            self._unknown(f"{path}.leftOperand", f"{left} {operator}")

    def _duty(self, duty: Found, path: str) -> None:
        action, said = _local(duty["action"]), _said(duty)
        measures = self.found.setdefault("measures", [])
        if action == "attribute" and set(said) == {(odrl.ATTRIBUTION, "eq")}:
            self._keep("attribution", _text(said[odrl.ATTRIBUTION, "eq"]), path)
        elif action == odrl.SERVE and not said:
            self._keep("general_interest", True, path)
        elif action == "delete" and {key: _text(value) for key, value in said.items()} == {
            ("event", "gt"): odrl.POLICY_USAGE
        }:
            measures.append(Measure.DELETED_AT_END.value)
        elif action == odrl.PROTECT and set(said) == {(odrl.MEASURE, "eq")}:
            measures += [each.value for each in self._named(odrl.MEASURES, said[odrl.MEASURE, "eq"], path)]
        else:
            self._unknown(f"{path}.action", action)

    def _prohibition(self, rule: Found, path: str) -> None:
        action, said = _local(rule["action"]), _said(rule)
        marketing = {("purpose", "eq"): odrl.DIRECT_MARKETING}
        forbidden = self.found.setdefault("prohibitions", [])
        if action == "use" and {key: _text(value) for key, value in said.items()} == marketing:
            forbidden.append(Prohibition.PROSPECT.value)
        elif action in odrl.FORBIDDEN_ACTIONS.values() and not said:
            forbidden += [each.value for each in self._named(odrl.FORBIDDEN_ACTIONS, action, path)]
        else:
            self._unknown(f"{path}.action", action)

    def _named(self, names: dict[Named, str], right: object, path: str) -> list[Named]:
        known = {address: one for one, address in names.items()}
        said = [_text(each) for each in _several(right)]
        for address in said:
            if address not in known:
                self._unknown(f"{path}.rightOperand", address)
        return [known[address] for address in said if address in known]

    def _keep(self, name: str, value: object, path: str) -> None:
        if value is None or value == []:
            self._unknown(f"{path}.rightOperand", name)
        elif name in self.found:
            self.faults.append(kinds.REPEATED.at(path, value=name))
        else:
            self.found[name] = value

    def _date(self, name: str, right: object, path: str) -> None:
        moment = shapes.read_moment(_text(right))
        if moment is None:
            self.faults.append(kinds.BAD_MOMENT.at(f"{path}.rightOperand", value=_text(right)))
        elif name in self.period:
            self.faults.append(kinds.REPEATED.at(path, value=name))
        else:
            self.period[name] = moment

    def _duration(self) -> None:
        if "months" not in self.found and {"starts", "ends"} <= set(self.period):
            starts, ends = self.period["starts"], self.period["ends"]
            months = (ends.year - starts.year) * 12 + ends.month - starts.month
            begun = (ends.day, ends.time()) > (starts.day, starts.time())
            self.found["months"] = months + begun
        elif "months" not in self.found:
            self.faults.append(kinds.MISSING.at("permission[0].constraint"))

    def _unknown(self, path: str, value: object) -> None:
        self.faults.append(kinds.NOT_KEPT.at(path, value=value))


def _said(rule: Found) -> dict[tuple[str, str], object]:
    """What its constraints compare with what; where one is there twice, nothing that is known."""
    constraints = rule.get("constraint") or ()
    said = {(_local(one["leftOperand"]), _local(one["operator"])): one["rightOperand"] for one in constraints}
    return said if len(said) == len(constraints) else {("", ""): None}


def _local(name: str) -> str:
    """A name of ODRL without prefix or namespace; any other as it is."""
    return name.removeprefix(odrl.ODRL).removeprefix("odrl:")


def _several(right: object) -> Iterable[object]:
    return right if isinstance(right, list) else [right]


def _text(right: object) -> str:
    if isinstance(right, dict):
        right = right.get("@value", right.get("@id"))
    return right if isinstance(right, str) else str(right) if type(right) is int else received(right)


def _whole(right: object) -> int | None:
    text = _text(right)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None  # noqa: PLR2004 - 64 bits
