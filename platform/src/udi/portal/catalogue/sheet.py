"""What the page of a dataset says, read from its row and from the producer's record."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from udi.portal.catalogue.area import Drawing, draw_area
from udi.portal.catalogue.links.saying import Said, find_said
from udi.portal.catalogue.markup import describe
from udi.portal.catalogue.models import AGREEMENT, Dataset, Distribution
from udi.portal.catalogue.search.extent import Box
from udi.protocol import names
from udi.protocol.access import AccessRights
from udi.protocol.addresses import NodeAddresses, find_addresses
from udi.protocol.languages import LANGUAGES
from udi.protocol.licences import LICENCES
from udi.protocol.restricted import TERMS_OF_AGREEMENT
from udi.protocol.texts import read_texts
from udi.protocol.themes import THEMES
from udi.ui.locale import localised

SHORT_HASH = 12
KM_A_DEGREE, TURN = 111.32, 360
MAP = "https://www.openstreetmap.org/?minlon={west}&minlat={south}&maxlon={east}&maxlat={north}&box=yes"


@dataclass(frozen=True)
class Wording:
    """A text in the language that was found for the reader."""

    text: Markup | str
    language: str


@dataclass(frozen=True)
class Terms:
    """The licence: its name, its text's address, and in plain words what it allows."""

    name: str
    url: str
    allows: str


@dataclass(frozen=True)
class Contact:
    """Whom to ask."""

    name: str
    role: str
    email: str


@dataclass(frozen=True)
class Sheet:
    """The page; `dataset` has the rest."""

    dataset: Dataset
    language: str
    record: Mapping[str, Any]

    @property
    def files(self) -> list[Distribution]:
        return [media for media in self.dataset.distributions if media.kind == "FILE"]

    @property
    def services(self) -> list[Distribution]:
        return [media for media in self.dataset.distributions if media.kind != "FILE"]

    def said(self, media: Distribution) -> Said | None:
        """How the address of a file or a service stands."""
        return find_said(media)

    @property
    def source_page(self) -> str:
        """The page of the dataset where it was read, where its record names one."""
        found = str((self.record.get("metadata_info") or {}).get("metadata_source") or "")
        return found if found.startswith(("http://", "https://")) else ""

    @property
    def is_open(self) -> bool:
        return self.dataset.access == AccessRights.PUBLIC

    @property
    def access(self) -> AccessRights:
        return AccessRights(self.dataset.access)

    @property
    def node(self) -> NodeAddresses | None:
        """Where a node of ours shows the table, if the dataset is one and is open."""
        is_table = bool((self.record.get("dataset_size") or {}).get("number_of_fields"))
        found = (find_addresses(media.url, self.dataset.id) for media in self.files)
        return next((each for each in found if each), None) if self.is_open and is_table else None

    @property
    def theme(self) -> str:
        theme = THEMES.get(self.dataset.theme)
        return localised(theme.label, self.language) if theme else self.dataset.theme

    @property
    def synopsis(self) -> Wording:
        return _wording(self.dataset.synopsis, self.language)

    @property
    def description(self) -> Wording | None:
        """The description, unless it only repeats the synopsis."""
        text = _wording(self.dataset.summary, self.language)
        marked = read_texts(self.record.get("summary"), markup=True).get(text.language, "")
        if not marked and str(text.text).strip() == str(self.synopsis.text).strip():
            return None
        return Wording(describe(str(text.text), marked), text.language)

    @property
    def terms(self) -> Terms:
        licence = LICENCES.get(self.dataset.licence)
        if licence is not None:
            allows = localised(licence.allows, self.language)
            return Terms(localised(licence.name, self.language), licence.url, allows)
        if self.dataset.licence == AGREEMENT:
            return Terms(localised(TERMS_OF_AGREEMENT, self.language), f"/data/{self.dataset.id}/access-policy", "")
        custom = self.record.get("access_condition", {}).get("licence", {})
        name = localised(read_texts(custom.get("custom_licence_label")), self.language)
        return Terms(name, custom.get("custom_licence_uri", ""), "")

    @property
    def constraints(self) -> list[tuple[str, Wording]]:
        """What the producer asks besides the licence, by kind."""
        said = self.record.get("access_condition", {})
        texts = ((kind, read_texts(said.get(name))) for kind, name in names.CONSTRAINTS.items())
        return [(kind, _wording(text, self.language)) for kind, text in texts if text]

    @property
    def contacts(self) -> list[Contact]:
        """The contacts that have an address."""
        return [
            Contact(contact.get("contact_name", ""), contact.get("role", ""), contact["email"])
            for contact in self.record.get("contacts", [])
            if contact.get("email")
        ]

    @property
    def spoken(self) -> str:
        """The languages of the data."""
        known = (LANGUAGES[code].label if code in LANGUAGES else {"en": code} for code in self.dataset.languages)
        return ", ".join(localised(label, self.language) for label in known)

    @property
    def box(self) -> Box | None:
        sides = (self.dataset.west, self.dataset.south, self.dataset.east, self.dataset.north)
        west, south, east, north = sides
        if west is None or south is None or east is None or north is None:
            return None
        return (west, south, east, north)

    @property
    def extent(self) -> tuple[int, int] | None:
        """How wide and how high the area is, in kilometres, at its middle; None without an area, or for a point."""
        if self.box is None:
            return None
        west, south, east, north = self.box
        across = (east - west) % TURN * KM_A_DEGREE * math.cos(math.radians((south + north) / 2))
        width, height = round(across), round((north - south) * KM_A_DEGREE)
        return (width, height) if width and height else None

    def draw(self, territory: tuple[float, ...] | None) -> Drawing | None:
        """The area on the territory's, None where the producer says none."""
        west, south, east, north = territory or (0.0, 0.0, 0.0, 0.0)
        return draw_area(self.box, (west, south, east, north) if territory else None) if self.box else None

    @property
    def map_url(self) -> str:
        sides = dict(zip(("west", "south", "east", "north"), self.box or (), strict=False))
        return MAP.format(**sides) if sides else ""

    @property
    def year(self) -> int:
        modified: datetime = self.dataset.modified_at
        return modified.year

    @property
    def path(self) -> str:
        return f"/data/{self.dataset.id}/{self.dataset.slug}" if self.dataset.slug else f"/data/{self.dataset.id}"


def find_desk(dataset: Dataset, node: str) -> NodeAddresses | None:
    """Where its producer changes a dataset whose file is at the node of this address; None for those of other machines."""
    found = (find_addresses(media.url, dataset.id) for media in dataset.distributions)
    return next((each for each in found if each and each.origin == node), None)


def read_sheet(dataset: Dataset, language: str) -> Sheet:
    """The sheet of a dataset read with its producer and its distributions."""
    return Sheet(dataset, language, dataset.record)


def short_hash(value: str) -> str:
    """The ends of a fingerprint, for the eye."""
    return value if len(value) <= SHORT_HASH else f"{value[:6]}…{value[-4:]}"


def _wording(texts: Mapping[str, str], language: str) -> Wording:
    text = localised(texts, language)
    return Wording(text, next((code for code in (language, *texts) if texts.get(code) == text), language))
