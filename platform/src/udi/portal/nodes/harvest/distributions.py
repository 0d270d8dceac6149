"""What a record has several of: distributions and contacts, from what the source wrote."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from udi.portal.nodes.harvest import addresses, kinds
from udi.portal.nodes.harvest.draft import LINK, Draft
from udi.portal.nodes.harvest.record import (
    DataService,
    DistributionKind,
    HarvestedChecksum,
    HarvestedContact,
    HarvestedDistribution,
    HarvestedLicence,
    HarvestedPeriod,
)
from udi.portal.nodes.harvest.vocabulary import (
    MEDIA_TYPE,
    FormatMatch,
    find_data_language,
    find_format,
)
from udi.protocol.formats import FORMATS
from udi.protocol.languages import NO_WORDS
from udi.protocol.texts import Texts

ALGORITHMS = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}
UNITS = {"": 1, "b": 1, "o": 1, "octets": 1, "octet": 1, "bytes": 1, "byte": 1}
MULTIPLES = {
    "k": 1000,
    "ki": 1024,
    "m": 1000**2,
    "mi": 1024**2,
    "g": 1000**3,
    "gi": 1024**3,
    "t": 1000**4,
}
SIZE = re.compile(
    r"([\d\s\u00a0\u202f,.]+?)\s*([kmgt]i?)?(b|o|octets?|bytes?)?", re.IGNORECASE
)
SUFFIX = re.compile(r"\.([a-z0-9]{2,8})(?:\.(?:gz|zip))?(?:[?#].*)?$", re.IGNORECASE)
RDF = "RDF"
"""The EU's file type of RDF in any syntax."""
RDF_SYNTAXES = {"RDF_XML", "RDF_TURTLE", "JSON_LD"}
ARCHIVES = {"ZIP", "Gzip", "7Z"}
SUFFIXES = {
    extension: file_format
    for file_format in FORMATS.values()
    for extension in file_format.extensions
}


@dataclass(kw_only=True)
class RawDistribution:
    """A distribution as the source wrote it; `formats` are all the wordings of its format, `texts` are (words, language).

    `dataset_format` is the one format that the dataset has as a whole, for a distribution that does not say its own.
    """

    identifier: str = ""
    titles: list[tuple[str, str]] = field(default_factory=list)
    descriptions: list[tuple[str, str]] = field(default_factory=list)
    rights: list[tuple[str, str]] = field(default_factory=list)
    rights_statements: list[str] = field(default_factory=list)
    documentation: list[str] = field(default_factory=list)
    periods: list[tuple[str, str]] = field(default_factory=list)
    access: str = ""
    download: str = ""
    formats: list[str] = field(default_factory=list)
    dataset_format: str = ""
    media_types: list[str] = field(default_factory=list)
    compress: str = ""
    package: str = ""
    size: Any = None
    checksum: tuple[str, str] = ("", "")
    licences: list[str] = field(default_factory=list)
    licence_labels: list[tuple[str, str]] = field(default_factory=list)
    issued: Any = ""
    modified: Any = ""
    languages: list[str] = field(default_factory=list)
    conforms_to: list[str] = field(default_factory=list)
    availability: str = ""
    status: str = ""
    service: DataService | None = None
    means: DistributionKind | None = None
    relative: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


def add_distribution(draft: Draft, where: str, raw: RawDistribution) -> None:
    """Read a distribution and add it to the record, unless the same is already there."""
    access = draft.parse_url(f"{where}.access_url", raw.access, relative=raw.relative)
    download = draft.parse_url(
        f"{where}.download_url", raw.download, relative=raw.relative
    )
    format_match = _format(draft, where, raw, download or access)
    endpoint = raw.service.endpoint if raw.service else ""
    if not (access or download or endpoint):
        draft.add_fault(kinds.URL_MISSING, where)
    rights = [text for text in raw.rights if not LINK.fullmatch(text[0].strip())]
    statements = [
        words.strip() for words, tag in raw.rights if (words, tag) not in rights
    ]
    media_type = _media_type(draft, where, raw, format_match)
    means = raw.means or (
        DistributionKind.SERVICE if raw.service else _means(format_match)
    )
    draft.add_once(
        draft.distributions,
        HarvestedDistribution(
            identifier=raw.identifier.strip(),
            title=_texts(draft, f"{where}.title", raw.titles),
            description=_texts(draft, f"{where}.description", raw.descriptions),
            kind=means,
            access_url=access or ("" if download else endpoint),
            download_url=download,
            format=format_match.target if format_match else "",
            format_label=next((label for label in raw.formats if label.strip()), ""),
            media_type=media_type or (format_match.media_type if format_match else ""),
            is_media_type_stated=bool(media_type),
            compress_format=raw.compress
            or (format_match.compress if format_match else ""),
            package_format=raw.package,
            byte_size=_size(draft, f"{where}.size", raw.size),
            checksum=_checksum(*raw.checksum),
            licence=_licence(draft, where, raw),
            rights=_texts(draft, f"{where}.rights", rights),
            rights_statements=(*raw.rights_statements, *statements),
            documentation=tuple(
                page
                for written in raw.documentation
                if (page := draft.parse_url(f"{where}.page", written))
            ),
            periods=_periods(draft, f"{where}.temporal", raw.periods),
            issued=draft.parse_date(f"{where}.issued", raw.issued),
            modified=draft.parse_date(f"{where}.modified", raw.modified),
            languages=_languages(draft, where, raw.languages),
            conforms_to=tuple(raw.conforms_to),
            availability=raw.availability,
            status=raw.status,
            service=raw.service,
            extra={
                name: value
                for name, value in raw.extra.items()
                if value not in (None, "", [], {})
            },
        ),
    )


def _texts(draft: Draft, where: str, wordings: list[tuple[str, str]]) -> Texts:
    texts: Texts = {}
    for words, language in wordings:
        draft.add_text(texts, where, words, language)
    return texts


def _languages(draft: Draft, where: str, languages: list[str]) -> tuple[str, ...]:
    before = draft.languages
    draft.languages = []
    for language in languages:
        if find_data_language(language) == NO_WORDS:
            draft.add_once(draft.languages, NO_WORDS)
        else:
            draft.add_language(f"{where}.language", language)
    read = tuple(draft.languages)
    draft.languages = before
    return read


def _periods(
    draft: Draft, where: str, periods: list[tuple[str, str]]
) -> tuple[HarvestedPeriod, ...]:
    before = draft.temporal
    draft.temporal = []
    for start, end in periods:
        draft.add_period(where, start, end)
    read = tuple(draft.temporal)
    draft.temporal = before
    return read


def _licence(draft: Draft, where: str, raw: RawDistribution) -> HarvestedLicence | None:
    wordings = raw.licences
    draft.licence_said = draft.licence_said or any(
        wording.strip() for wording in wordings
    )
    if wordings:
        return draft.parse_licence(
            f"{where}.license", *wordings, labels=raw.licence_labels
        )
    return None


def _means(format_match: FormatMatch | None) -> DistributionKind:
    if format_match and format_match.kind in set(DistributionKind):
        return DistributionKind(format_match.kind)
    return DistributionKind.FILE


def _format(
    draft: Draft, where: str, raw: RawDistribution, url: str
) -> FormatMatch | None:
    """By its wordings, else its media type, else the end of its address, else the format of the dataset as a whole.

    The end of an address that is an archive says less than the format of what is in it.
    """
    wordings = [
        wording
        for wording in (*raw.formats, *raw.media_types)
        if wording and wording.strip()
    ]
    for wording in wordings:
        if (format_match := find_format(wording)) and (
            format_match.target or format_match.media_type or format_match.compress
        ):
            return _with_syntax(format_match, url)
    of_dataset = find_format(raw.dataset_format) if raw.dataset_format else None
    if wordings and of_dataset:
        return of_dataset
    if wordings:
        draft.add_fault(kinds.FORMAT_UNKNOWN, f"{where}.format", value=wordings[0])
        return None
    suffix = SUFFIX.search(url)
    file_format = SUFFIXES.get(suffix[1].lower()) if suffix else None
    is_archive = file_format is not None and file_format.label in ARCHIVES
    if of_dataset and (file_format is None or is_archive):
        return of_dataset
    if file_format:
        return FormatMatch(
            file_format.authority,
            file_format.media_types[0] if file_format.media_types else "",
            "",
            "file",
        )
    if url and raw.means is not DistributionKind.PAGE and not raw.service:
        draft.add_fault(kinds.FORMAT_MISSING, f"{where}.format")
    return None


def _with_syntax(format_match: FormatMatch, url: str) -> FormatMatch:
    """RDF in a syntax that nobody says has that of the end of its address."""
    suffix = SUFFIX.search(url)
    syntax = SUFFIXES.get(suffix[1].lower()) if suffix else None
    if format_match.target == RDF and syntax and syntax.authority in RDF_SYNTAXES:
        return replace(format_match, media_type=syntax.media_types[0])
    return format_match


def _media_type(
    draft: Draft, where: str, raw: RawDistribution, format_match: FormatMatch | None
) -> str:
    """The registered name that the source says, when it has the form of one; empty where it says none.

    A format that says more than its registered name (GeoTIFF, of TIFF) has that with its parameter.
    """
    for wording in raw.media_types:
        media_type = re.sub(
            r"^https?://(www\.)?iana\.org/assignments/media-types/", "", wording.strip()
        )
        mapped = find_format(media_type)
        name = mapped.media_type if mapped else ""
        if MEDIA_TYPE.fullmatch(media_type):
            exact = media_type.lower()
            typo = exact.startswith("apploication/")
            read = name if typo and name else exact
            if read != media_type:
                draft.add_fault(
                    kinds.MEDIA_TYPE_WRONG,
                    f"{where}.media_type",
                    value=media_type,
                    read=read,
                )
            if format_match and format_match.media_type.partition(";")[0] == read:
                return format_match.media_type
            return read
        if name:
            draft.add_fault(
                kinds.MEDIA_TYPE_WRONG,
                f"{where}.media_type",
                value=media_type,
                read=name,
            )
            return name
    return ""


def _size(draft: Draft, where: str, value: Any) -> int | None:
    if value is None or value == "" or isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        if 0 < value < 2**62:
            return int(value)
        return None
    match = SIZE.fullmatch(str(value).strip())
    if match:
        digits = re.sub(r"[\s\u00a0\u202f]", "", match[1]).replace(",", ".")
    else:
        digits = ""
    if not match or not re.fullmatch(r"\d{1,18}(\.\d+)?", digits):
        draft.add_fault(kinds.SIZE_UNREADABLE, where, value=str(value))
        draft.keep_extra(where, str(value))
        return None
    if match[2]:
        return int(float(digits) * MULTIPLES.get((match[2] or "").lower(), 1))
    return int(float(digits))


def _checksum(algorithm: str, value: str) -> HarvestedChecksum | None:
    digest = value.strip().lower().rpartition(":")[2]
    if not re.fullmatch(r"[0-9a-f]{8,128}", digest):
        return None
    named = re.sub(
        r"[^a-z0-9]",
        "",
        algorithm.rpartition("_")[2].rpartition("#")[2].rpartition("/")[2].lower(),
    )
    names = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha512": "SHA-512"}
    algorithm_name = names.get(named) or ALGORITHMS.get(len(digest), "")
    if algorithm_name:
        return HarvestedChecksum(algorithm_name, digest)
    return None


def add_contact(
    draft: Draft,
    where: str,
    *,
    name: str = "",
    organisation: str = "",
    email: str = "",
    phone: str = "",
    url: str = "",
    role: str = "",
) -> None:
    """Read a contact and add it, unless nothing of it can be used."""
    read = addresses.read_email(email)
    if email.strip() and not read:
        draft.add_fault(kinds.EMAIL_INVALID, where, value=email)
        draft.keep_extra(f"{where}.email", email)
    link = addresses.repair_link(url.strip())
    contact = HarvestedContact(
        name=draft.clean_text(where, name),
        organisation=draft.clean_text(where, organisation),
        email=read,
        phone=re.sub(r"^tel:", "", phone.strip()),
        url=link if addresses.is_web(link) else "",
        role=role.strip(),
    )
    if contact.name or contact.email or contact.url or contact.phone:
        draft.add_once(draft.contacts, contact)
