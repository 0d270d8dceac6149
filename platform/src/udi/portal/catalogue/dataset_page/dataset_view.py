"""What the page of a dataset says, read from its row and from the producer's record."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from markupsafe import Markup

from udi.portal.catalogue.links.status import LinkStatus, find_link_status
from udi.portal.catalogue.maps.area import Drawing, draw_area
from udi.portal.catalogue.maps.map_services import MapService, find_map_service
from udi.portal.catalogue.markup import render_description
from udi.portal.catalogue.models import AGREEMENT, Dataset, Distribution
from udi.portal.catalogue.search.extent import Box
from udi.protocol import rudi_names
from udi.protocol.access import AccessRights
from udi.protocol.addresses import NodeAddresses, find_addresses
from udi.protocol.languages import name_language
from udi.protocol.licences import LICENCES
from udi.protocol.metadata_json import read_link, read_metadata
from udi.protocol.restricted_data import TERMS_OF_AGREEMENT
from udi.protocol.texts import read_texts
from udi.protocol.themes import THEMES
from udi.protocol.vocabulary import PUBLIC_MEDIA, MediaRole
from udi.ui.locale import localise, localise_title

SHORT_HASH = 12
KM_A_DEGREE = 111.32
TURN = 360
MOST_SHEET_ROWS = 1_048_575
"""Rows of a sheet below its header: nodes refuse to write more."""
MAP = "https://www.openstreetmap.org/?minlon={west}&minlat={south}&maxlon={east}&maxlat={north}&box=yes"


@dataclass(frozen=True)
class LocalisedText:
    """A text in the language that was found for the reader."""

    text: Markup | str
    language: str


@dataclass(frozen=True)
class LicenceTerms:
    """The licence: its name, its text's address, and in plain words what it allows."""

    name: str
    url: str
    allows: str


@dataclass(frozen=True)
class DatasetContact:
    """Whom to ask."""

    name: str
    role: str
    email: str
    phone: str = ""
    page: str = ""


@dataclass(frozen=True)
class DatasetView:
    """The page; `dataset` has the rest. What templates ask more than once is worked out once."""

    dataset: Dataset
    language: str
    record: Mapping[str, Any]

    @cached_property
    def files(self) -> list[Distribution]:
        return [media for media in self.dataset.distributions if media.kind == "FILE"]

    @cached_property
    def services(self) -> list[Distribution]:
        return [media for media in self.dataset.distributions if media.kind != "FILE"]

    @cached_property
    def _file_names(self) -> dict[str, dict[str, str]]:
        return self.dataset.file_names

    def name_of(self, media: Distribution) -> str:
        """The name of a file or a service for this reader."""
        names = self._file_names.get(str(media.id))
        return localise_title(media.name, names, self.language)

    def is_readable(self, media: Distribution) -> bool:
        """Whether everybody reads it: all of an open dataset, the public documentation of a restricted one."""
        access = self._find_media(media).get(rudi_names.MEDIA["access"])
        return self.is_open or access == PUBLIC_MEDIA

    def role_of(self, media: Distribution) -> str:
        """What it is to its dataset, by the words of `vocabulary.MediaRole`; empty where its producer does not say it."""
        role = str(self._find_media(media).get(rudi_names.MEDIA["role"]) or "")
        return role if role in set(MediaRole) else ""

    def tables_of(self, media: Distribution) -> Sequence[Mapping[str, Any]]:
        """The tables of a file that has several, where everybody reads it: `name`, `url` of the page, numbers."""
        if not self.is_readable(media):
            return ()
        tables: Sequence[Mapping[str, Any]] = (
            self._find_media(media).get("file_tables") or ()
        )
        return tables

    def find_map_service(self, media: Distribution) -> MapService | None:
        """What it is as a service of maps, where everybody reads it; None: it is none."""
        if self.is_readable(media):
            return find_map_service(media, self._find_media(media))
        return None

    def _find_media(self, media: Distribution) -> Mapping[str, Any]:
        """What the record says of it."""
        for entry in self.record.get("available_formats") or ():
            if str(entry.get("media_id", "")).lower() == str(media.id):
                return cast("Mapping[str, Any]", entry)
        return {}

    def link_status(self, media: Distribution) -> LinkStatus | None:
        """How the address of a file or a service stands."""
        return find_link_status(media)

    @cached_property
    def source_page(self) -> str:
        """The page of the dataset where it was read, where its record names one."""
        source_url = str(
            (self.record.get("metadata_info") or {}).get("metadata_source") or ""
        )
        if source_url.startswith(("http://", "https://")):
            return source_url
        return ""

    @cached_property
    def is_open(self) -> bool:
        return self.dataset.access == AccessRights.PUBLIC

    @cached_property
    def access(self) -> AccessRights:
        return AccessRights(self.dataset.access)

    @cached_property
    def node(self) -> NodeAddresses | None:
        """Where a node of ours shows the table, if the dataset is one and is open."""
        is_table = bool(self._size.get("number_of_fields"))
        candidates = (
            find_addresses(media.url, self.dataset.id) for media in self.files
        )
        if self.is_open and is_table:
            return next((addresses for addresses in candidates if addresses), None)
        return None

    @cached_property
    def _size(self) -> Mapping[str, Any]:
        """How many rows and columns the table of the main file has, as its record says."""
        return cast("Mapping[str, Any]", self.record.get("dataset_size") or {})

    @cached_property
    def rows(self) -> int:
        """How many rows that table has; 0 where nobody says it."""
        count = self._size.get("numbers_of_records")
        return count if isinstance(count, int) else 0

    def list_exports(self, media: Distribution) -> list[tuple[str, str]]:
        """The forms in which its node gives the table of the main file, with their addresses; none of another file."""
        addresses = find_addresses(media.url, self.dataset.id)
        if self.node is None or addresses != self.node:
            return []
        kinds = {"csv": "CSV", "xlsx": "Excel", "parquet": "Parquet"}
        if self.rows > MOST_SHEET_ROWS:
            del kinds["xlsx"]
        return [(name, self.node.export(kind)) for kind, name in kinds.items()]

    @cached_property
    def theme(self) -> str:
        theme = THEMES.get(self.dataset.theme)
        if theme:
            return localise(theme.label, self.language)
        return self.dataset.theme

    @cached_property
    def synopsis(self) -> LocalisedText:
        return _localise_text(self.dataset.synopsis, self.language)

    @cached_property
    def description(self) -> LocalisedText | None:
        """The description, unless it only repeats the synopsis."""
        text = _localise_text(self.dataset.summary, self.language)
        marked = read_texts(self.record.get("summary"), markup=True).get(
            text.language, ""
        )
        if not marked and str(text.text).strip() == str(self.synopsis.text).strip():
            return None
        return LocalisedText(render_description(str(text.text), marked), text.language)

    @cached_property
    def terms(self) -> LicenceTerms:
        licence = LICENCES.get(self.dataset.licence)
        if licence is not None:
            allows = localise(licence.allows, self.language)
            return LicenceTerms(
                localise(licence.name, self.language), licence.url, allows
            )
        if self.dataset.licence == AGREEMENT:
            return LicenceTerms(
                localise(TERMS_OF_AGREEMENT, self.language),
                f"/data/{self.dataset.id}/access-policy",
                "",
            )
        custom = self.record.get("access_condition", {}).get("licence", {})
        name = localise(read_texts(custom.get("custom_licence_label")), self.language)
        return LicenceTerms(name, custom.get("custom_licence_uri", ""), "")

    @cached_property
    def constraints(self) -> list[tuple[str, LocalisedText]]:
        """What the producer asks besides the licence, by kind."""
        access_condition = self.record.get("access_condition", {})
        texts = (
            (kind, read_texts(access_condition.get(name)))
            for kind, name in rudi_names.CONSTRAINTS.items()
        )
        return [
            (kind, _localise_text(text, self.language)) for kind, text in texts if text
        ]

    @cached_property
    def contacts(self) -> list[DatasetContact]:
        """Those who have a mail address, then those who only have a telephone number or a page."""
        contacts = [
            DatasetContact(
                contact.get("contact_name", ""),
                contact.get("role", ""),
                contact["email"],
                contact.get("contact_phone", ""),
                read_link(contact.get("contact_page") or ""),
            )
            for contact in self.record.get("contacts", [])
            if contact.get("email")
        ]
        points = (
            DatasetContact(
                point.name or point.organisation, point.role, "", point.phone, point.url
            )
            for point in read_metadata(dict(self.record)).contact_points
            if point.phone or point.url
        )
        return [*contacts, *points]

    @cached_property
    def language_names(self) -> str:
        """The languages of the data."""
        return ", ".join(
            name_language(code, self.language) for code in self.dataset.languages
        )

    @cached_property
    def box(self) -> Box | None:
        sides = (
            self.dataset.west,
            self.dataset.south,
            self.dataset.east,
            self.dataset.north,
        )
        west, south, east, north = sides
        if west is None or south is None or east is None or north is None:
            return None
        return (west, south, east, north)

    @cached_property
    def extent(self) -> tuple[int, int] | None:
        """How wide and how high the area is, in kilometres, at its middle; None without an area, or for a point."""
        if self.box is None:
            return None
        west, south, east, north = self.box
        across = (
            (east - west)
            % TURN
            * KM_A_DEGREE
            * math.cos(math.radians((south + north) / 2))
        )
        width = round(across)
        height = round((north - south) * KM_A_DEGREE)
        if width and height:
            return (width, height)
        return None

    def draw(self, territory: tuple[float, ...] | None) -> Drawing | None:
        """The area on the territory's, None where the producer says none."""
        west, south, east, north = territory or (0.0, 0.0, 0.0, 0.0)
        if self.box:
            return draw_area(
                self.box, (west, south, east, north) if territory else None
            )
        return None

    @cached_property
    def map_url(self) -> str:
        sides = dict(
            zip(("west", "south", "east", "north"), self.box or (), strict=False)
        )
        if sides:
            return MAP.format(**sides)
        return ""

    @cached_property
    def created(self) -> datetime | None:
        """When the data were made, where somebody said so."""
        return self.dataset.stated_creation

    @cached_property
    def modified(self) -> datetime | None:
        """When the data last changed, where somebody said so."""
        return self.dataset.stated_update

    @cached_property
    def year(self) -> int | None:
        """The year of citations; None where nobody said when the data changed."""
        return self.modified.year if self.modified else None

    @cached_property
    def path(self) -> str:
        if self.dataset.slug:
            return f"/data/{self.dataset.id}/{self.dataset.slug}"
        return f"/data/{self.dataset.id}"


def find_editing_addresses(dataset: Dataset, node: str) -> NodeAddresses | None:
    """Where its producer changes a dataset whose file is at the node of this address; None for those of other machines."""
    candidates = (
        find_addresses(media.url, dataset.id) for media in dataset.distributions
    )
    return next(
        (
            addresses
            for addresses in candidates
            if addresses and addresses.origin == node
        ),
        None,
    )


def build_dataset_view(dataset: Dataset, language: str) -> DatasetView:
    """The sheet of a dataset read with its producer and its distributions."""
    return DatasetView(dataset, language, dataset.record)


def short_hash(value: str) -> str:
    """The ends of a fingerprint, for the eye."""
    if len(value) <= SHORT_HASH:
        return value
    return f"{value[:6]}…{value[-4:]}"


def _localise_text(texts: Mapping[str, str], language: str) -> LocalisedText:
    text = localise(texts, language)
    return LocalisedText(
        text,
        next(
            (code for code in (language, *texts) if texts.get(code) == text), language
        ),
    )
