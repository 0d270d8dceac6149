"""The logo of a territory as PNG, for mails and for social networks, which show no SVG.

Each picture is drawn once by a child that reaches no file, then stays in memory until the look changes.
"""

import asyncio
from collections import OrderedDict, defaultdict
from typing import Any
from uuid import UUID

import structlog

from udi.kit.child import ChildError, ChildProcess
from udi.kit.sandbox import ProcessLimits
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.ui.locale import localise
from udi.ui.motif import icon_svg
from udi.ui.theme import colours

log = structlog.get_logger()
MODULE = "udi.ui.logo_drawings"
"""Imported by the child only: typst takes memory that a program does not need."""
LIMITS = ProcessLimits(memory_mb=512, modules=(MODULE,))
PATIENCE = 20
MOST_KEPT = 256
"""Pictures in memory, the last used; a mail's has some kilobytes, a card some tens of them."""
MAIL_BOX = (240.0, 48.0)
"""Width and height, in points, in which the logo of a mail stays."""
CARD_BOX = (320.0, 112.0)
CARD_COLOURS = ("paper", "ink", "muted", "accent")
LONGEST_LINE = 110
"""Characters of the name and of the tagline on a card: two lines."""
PictureKey = tuple[str, ...]


def shorten(text: str, longest: int) -> str:
    """The text, cut at a word where it is longer."""
    if len(text) <= longest:
        return text
    return f"{text[:longest].rsplit(' ', 1)[0]}…"


def fit_box(
    width: float, height: float, box: tuple[float, float]
) -> tuple[float, float]:
    """The size of a drawing that keeps its proportions and stays in a box, in whole points."""
    scale = min(box[0] / width, box[1] / height)
    return max(1.0, round(width * scale)), max(1.0, round(height * scale))


def mail_logo_size(territory: Territory) -> tuple[int, int] | None:
    """How wide and how high the logo is in a mail, in pixels of CSS; None without a logo."""
    logo = territory.theme.get("logo")
    if not logo:
        return None
    width, height = fit_box(logo["width"], logo["height"], MAIL_BOX)
    return int(width), int(height)


class LogoPictures:
    """Draws the pictures of territories."""

    def __init__(self, registry: TerritoryRegistry) -> None:
        self._registry = registry
        self._pictures: OrderedDict[PictureKey, bytes] = OrderedDict()
        self._drawing: defaultdict[UUID, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def find_mail_logo(self, territory: Territory) -> bytes:
        """The logo for mails; empty without one, or where it cannot be drawn."""
        size = mail_logo_size(territory)
        if size is None:
            return b""
        key = (str(territory.id), territory.logo_path)
        return await self._find(key, territory, "draw_logo", MAIL_BOX)

    async def find_card(self, territory: Territory, language: str) -> bytes:
        """The picture of a territory where its address is shared: its logo or its tile, its name, its tagline.

        Empty where it cannot be drawn.
        """
        palette = colours(territory.theme)
        card = {
            "name": shorten(localise(territory.name, language), LONGEST_LINE),
            "tagline": shorten(localise(territory.tagline, language), LONGEST_LINE),
            "language": language,
            **{name: palette[name] for name in CARD_COLOURS},
        }
        key = (str(territory.id), territory.look_version, *card.values())
        return await self._find(key, territory, "draw_card", CARD_BOX, card)

    async def _find(
        self,
        key: PictureKey,
        territory: Territory,
        name: str,
        box: tuple[float, float],
        *more: dict[str, str],
    ) -> bytes:
        async with self._drawing[territory.id]:
            picture = self._pictures.pop(key, None)
            if picture is None:
                picture = await self._draw(territory, name, box, *more)
            self._pictures[key] = picture
            while len(self._pictures) > MOST_KEPT:
                self._pictures.popitem(last=False)
        return picture

    async def _draw(
        self,
        territory: Territory,
        name: str,
        box: tuple[float, float],
        *more: dict[str, str],
    ) -> bytes:
        facts = territory.theme.get("logo") or {"width": 1, "height": 1}
        width, height = fit_box(facts["width"], facts["height"], box)
        content = await self._registry.read_logo(territory.id)
        logo = content or icon_svg(territory.slug, territory.theme).encode()
        arguments: tuple[tuple[Any, ...], dict[str, Any]] = (
            (logo, width, height, *more),
            {},
        )
        async with ChildProcess(LIMITS) as child:
            try:
                return await child.call_by_name(
                    f"{MODULE}:{name}", bytes, arguments, seconds=PATIENCE
                )
            except ChildError as error:
                log.warning(
                    "logo cannot be drawn", territory=territory.slug, fault=str(error)
                )
                return b""
