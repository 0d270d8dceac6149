"""What fields of a record must be to one another; each rule reads what has the right shape and ignores the rest."""

from collections.abc import Callable, Iterator
from typing import Any

from udi.protocol import fault_kinds
from udi.protocol.faults import Fault
from udi.protocol.texts import strip_html
from udi.protocol.validators import UUID, read_moment
from udi.protocol.vocabulary import (
    BAR_CHART,
    CONTRACT_PARAMETERS,
    CONTRACTS,
    GENERIC_DATA,
    SELF_DATA_BY_API,
    VERSION_OF_RICH_TEXT,
    VERSIONS,
    MediaKind,
)

Document = dict[str, Any]
Rule = Callable[[Document], Iterator[Fault]]


def dig(value: object, *names: str) -> Any:
    """What stands under these names one after the other, or None as soon as something is not there."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def entries(value: object, *names: str) -> list[tuple[int, Document]]:
    """The objects of the list under these names, with their places."""
    elements = dig(value, *names)
    if _is_list(elements):
        return [
            (place, entry)
            for place, entry in enumerate(elements)
            if isinstance(entry, dict)
        ]
    return []


def version_is_supported(record: Document) -> Iterator[Fault]:
    """ERR-106."""
    version = dig(record, "metadata_info", "api_version")
    if isinstance(version, str) and version.strip() and version not in VERSIONS:
        yield fault_kinds.UNSUPPORTED_VERSION.at(
            "metadata_info.api_version", value=version, allowed=VERSIONS
        )


def provider_is_left_out(record: Document) -> Iterator[Fault]:
    """ERR-307: from 1.4.1 on the portal fills it from the authenticated node."""
    info = dig(record, "metadata_info")
    version = dig(info, "api_version")
    if (
        version in VERSIONS
        and version >= VERSION_OF_RICH_TEXT
        and dig(info, "metadata_provider") is not None
    ):
        yield fault_kinds.PROVIDER_FORBIDDEN.at("metadata_info.metadata_provider")


def texts_say_something(record: Document) -> Iterator[Fault]:
    """ERR-202: a synopsis or summary that is empty once its HTML is removed."""
    for name in ("synopsis", "summary"):
        for place, entry in entries(record, name):
            words = entry.get("text")
            if (
                isinstance(words, str)
                and not strip_html(words[:1000]).strip()
                and not strip_html(words).strip()
            ):
                yield fault_kinds.NO_WORDS.at(f"{name}[{place}].text")


def sensitive_is_restricted(record: Document) -> Iterator[Fault]:
    """ERR-306."""
    confidentiality = dig(record, "access_condition", "confidentiality")
    if (
        dig(confidentiality, "gdpr_sensitive") is True
        and dig(confidentiality, "restricted_access") is False
    ):
        yield fault_kinds.SENSITIVE_AND_OPEN.at(
            "access_condition.confidentiality.gdpr_sensitive"
        )


def self_data_are_reachable(record: Document) -> Iterator[Fault]:
    """ERR-107 and ERR-305; a record without any extension declares no self-data service, and is not concerned."""
    extension = dig(record, "ext_metadata")
    if (
        dig(record, "access_condition", "confidentiality", "gdpr_sensitive") is not True
        or extension is None
    ):
        return
    content = dig(extension, "ext_selfdata", "ext_selfdata_content")
    if content is None:
        yield fault_kinds.NOT_SELF_DATA.at(
            "ext_metadata.ext_selfdata.ext_selfdata_content"
        )
    elif dig(content, "selfdata_access") == SELF_DATA_BY_API:
        contracts = [
            dig(media, "connector", "interface_contract")
            for _, media in entries(record, "available_formats")
        ]
        if contracts.count(BAR_CHART) != 1 or contracts.count(GENERIC_DATA) != 1:
            yield fault_kinds.SELF_DATA_SERVICES.at("available_formats")


def box_is_upright(record: Document) -> Iterator[Fault]:
    """ERR-303; west may be east of east: such an area crosses the antimeridian, as in GeoJSON (RFC 7946, 5.2)."""
    box = dig(record, "geography", "bounding_box")
    south = dig(box, "south_latitude")
    north = dig(box, "north_latitude")
    if _is_number(south) and _is_number(north) and south > north:
        yield fault_kinds.BOX_UPSIDE_DOWN.at(
            "geography.bounding_box", south=south, north=north
        )


def period_goes_forward(record: Document) -> Iterator[Fault]:
    """ERR-303."""
    start, end = (
        _parse_moment(dig(record, "temporal_spread", name))
        for name in ("start_date", "end_date")
    )
    if start and end and end < start:
        yield fault_kinds.PERIOD_BACKWARDS.at("temporal_spread")


def media_are_distinct(record: Document) -> Iterator[Fault]:
    """ERR-304 inside one record; the same entry twice is harmless and read once."""
    media_by_id: dict[str, Document] = {}
    for place, media in entries(record, "available_formats"):
        identifier = media.get("media_id")
        if not isinstance(identifier, str) or not UUID.fullmatch(identifier):
            continue
        if media_by_id.setdefault(identifier.lower(), media) != media:
            yield fault_kinds.REPEATED_MEDIA.at(
                f"available_formats[{place}].media_id", value=identifier
            )


def services_can_be_called(record: Document) -> Iterator[Fault]:
    """ERR-307 and ERR-405; as in RUDI, files and series may name any contract."""
    for place, media in entries(record, "available_formats"):
        contract = dig(media, "connector", "interface_contract")
        if media.get("media_type") != MediaKind.SERVICE or not isinstance(
            contract, str
        ):
            continue
        where = f"available_formats[{place}].connector"
        if contract.lower() not in CONTRACTS:
            yield fault_kinds.UNKNOWN_CONTRACT.at(
                f"{where}.interface_contract", value=contract, allowed=CONTRACTS
            )
        parameters = entries(media, "connector", "connector_parameters")
        parameter_keys = [
            parameter.get("key")
            for _, parameter in parameters
            if parameter.get("value")
        ]
        missing = [
            name
            for name in CONTRACT_PARAMETERS.get(contract.lower(), ())
            if name not in parameter_keys
        ]
        if missing:
            names = ", ".join(missing)
            yield fault_kinds.CONNECTOR_PARAMETERS.at(
                f"{where}.connector_parameters", contract=contract, missing=names
            )


RULES: tuple[Rule, ...] = (
    version_is_supported,
    provider_is_left_out,
    texts_say_something,
    sensitive_is_restricted,
    self_data_are_reachable,
    box_is_upright,
    period_goes_forward,
    media_are_distinct,
    services_can_be_called,
)


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _parse_moment(value: object) -> Any:
    if isinstance(value, str):
        return read_moment(value)
    return None
