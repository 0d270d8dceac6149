"""A territory's logo as PNG: inside of mails, and on the card of its shared addresses."""

import struct
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from tests.portal.tenants.test_logos import draw, paint
from udi.kit.emails import LOGO_ADDRESS, Email
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.settings import Settings
from udi.ui.emails import EmailRecipient, EmailRenderer
from udi.ui.logo_pictures import MAIL_BOX, LogoPictures, fit_box
from udi.ui.pages import PageRenderer

TERRITORY = Territory(
    UUID(int=1),
    "demo",
    {"fr": "Armorine"},
    {"fr": "Les données"},
    ("fr",),
    ("demo.localhost",),
    "https://data.armorine.example",
    "team@armorine.example",
    theme={"hue": 186, "spark": 62, "paper_hue": 85},
)
SVG = {"type": "image/svg+xml", "width": 20, "height": 10, "version": "1"}


@dataclass
class StoredLogo:
    """The register of territories with one logo; counts how often it is read."""

    content: bytes | None
    readings: list[UUID] = field(default_factory=list)

    async def read_logo(self, tenant: UUID) -> bytes | None:
        self.readings.append(tenant)
        return self.content


def pictures(stored: StoredLogo) -> LogoPictures:
    return LogoPictures(cast("TerritoryRegistry", stored))


def with_logo(**logo: Any) -> Territory:
    return replace(TERRITORY, theme={**TERRITORY.theme, "logo": SVG | logo})


def png_size(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG, in pixels."""
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack_from(">II", content, 16)
    return width, height


@pytest.mark.parametrize(
    ("size", "fitted"),
    [((20, 10), (96, 48)), ((1000, 100), (240, 24)), ((1, 4000), (1, 48))],
)
def test_a_logo_keeps_its_proportions(
    size: tuple[int, int], fitted: tuple[int, int]
) -> None:
    assert fit_box(*size, MAIL_BOX) == fitted


async def test_an_svg_and_a_png_become_pictures_drawn_once() -> None:
    stored = StoredLogo(draw())
    drawn = pictures(stored)

    first = await drawn.find_mail_logo(with_logo())
    again = await drawn.find_mail_logo(with_logo())
    of_png = await pictures(StoredLogo(paint())).find_mail_logo(
        with_logo(type="image/png", width=4, height=3)
    )

    assert png_size(first) == (192, 96)
    assert again == first
    assert len(stored.readings) == 1
    assert png_size(of_png) == (128, 96)


async def test_without_a_logo_mails_have_none_and_the_card_has_the_tile() -> None:
    drawn = pictures(StoredLogo(None))

    assert await drawn.find_mail_logo(TERRITORY) == b""
    assert png_size(await drawn.find_card(TERRITORY, "fr")) == (1200, 630)


async def test_what_cannot_be_drawn_is_left_out() -> None:
    assert (await pictures(StoredLogo(b"<svg>")).find_mail_logo(with_logo())) == b""


def render(territory: Territory, folder: Path) -> Email:
    (folder / "emails").mkdir()
    template = "{% extends layout %}{% block subject %}Bonjour{% endblock %}"
    (folder / "emails/trial.jinja").write_text(template)
    renderer = EmailRenderer(PageRenderer({"trial": folder}, []), Settings())
    recipient = EmailRecipient("ana@people.example", "fr")
    return renderer.render(territory, "trial/emails/trial.jinja", recipient, key="one")


def test_a_mail_carries_the_logo_inside_and_a_text_part_without(tmp_path: Path) -> None:
    mail = replace(render(with_logo(), tmp_path), logo=paint())

    text, related = mail.compose().iter_parts()
    html, picture = related.iter_parts()

    assert 'alt="Logo de Armorine" width="96" height="48"' in html.get_content()
    assert f'src="{LOGO_ADDRESS}"' in html.get_content()
    assert f"cid:{picture['Content-ID'].strip('<>')}" == LOGO_ADDRESS
    assert picture.get_content() == paint()
    assert "logo" not in text.get_content().lower()
    assert "http" not in html.get_content()


@pytest.mark.parametrize("territory", [TERRITORY, with_logo()])
def test_a_mail_without_a_picture_names_none(
    territory: Territory, tmp_path: Path
) -> None:
    mail = render(territory, tmp_path)

    text, html = mail.compose().iter_parts()

    assert text.get_content_type() == "text/plain"
    assert "<img" not in html.get_content()
    assert mail.shows_logo is (territory is not TERRITORY)
