"""What makes a dataset record acceptable before any database is asked."""

from udi.protocol import fault_kinds
from udi.protocol.faults import Fault, FaultCode, without_repeats
from udi.protocol.rules import RULES
from udi.protocol.scan import json_type, scan
from udi.protocol.schema import RECORD


def validate(data: object) -> list[Fault]:
    """Every fault of structure, format and vocabulary; none for a record that `read_record` accepts.

    Takes whatever a JSON reader gives and raises nothing. The version comes first, then the order of the format.
    Whether theme, producer and identifiers suit the territory is for the portal to say: see `kinds`.
    """
    if not isinstance(data, dict):
        return [fault_kinds.NOT_A_RECORD.at("", received=json_type(data))]
    general = scan(data)
    if any(fault.code is FaultCode.BAD_DOCUMENT for fault in general):
        return general
    relations = [fault for rule in RULES for fault in rule(data)]
    version = [
        fault for fault in relations if fault.code is FaultCode.UNSUPPORTED_VERSION
    ]
    return without_repeats([*version, *RECORD(data, ""), *relations, *general])
