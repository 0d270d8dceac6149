"""Pages of the interface with sample words, as a program would render them."""

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from udi.kit.errors import (
    ForbiddenError,
    GoneError,
    InvalidError,
    NotFoundError,
    Refusal,
    UdiError,
    UnauthenticatedError,
    UnavailableError,
)
from udi.kit.tenancy import Territory
from udi.ui.middleware import HEADERS, content_security_policy
from udi.ui.pages import PageRenderer

ORIGIN = "http://demo.localhost:8000"
SENT = HEADERS | {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": content_security_policy(["http://localhost:8002"]),
}
TERRITORY = Territory(
    id=UUID(int=1), slug="armorine", name={"fr": "Armorine", "en": "Armorine"},
    tagline={"fr": "Ce que le territoire sait, ouvert à tous", "en": "What the territory knows, open to all"},
    languages=("fr", "en"), hosts=("demo.localhost",), origin=ORIGIN, contact="donnees@armorine.example",
    theme={"hue": 186, "spark": 62, "paper_hue": 85},
)  # fmt: skip
PAGES = PageRenderer({"sample": Path(__file__).parent / "templates"}, [])
REFUSED = {
    401: UnauthenticatedError("Log in to see this page."),
    403: ForbiddenError(
        "You are a member of the town hall, without the right to publish."
    ),
    404: NotFoundError(),
    410: GoneError(),
    422: InvalidError(
        refusals=[Refusal("contact", "The address has no end.", "Add it.")]
    ),
    429: UdiError("Sixty requests a minute are served to one address."),
    500: UdiError("Something went wrong on our side."),
    503: UnavailableError(
        "The identity service does not answer.",
        remedy="Try again in a minute; nothing was changed.",
    ),
}


def render(template: str, language: str, **context: Any) -> str:
    """A page in a language, with the frame that `PageRenderer` gives."""
    other = {"fr": ("en", "English"), "en": ("fr", "Français")}[language]
    frame: dict[str, Any] = {
        "territory": TERRITORY,
        "actor": None,
        "program": "portal",
        "path": "/datasets",
        "canonical": f"{ORIGIN}/datasets",
        "language_asked": False,
        "conformity": "none",
        "status": 200,
        "navigation": [
            ("Data", "/datasets", True),
            ("Producers", "/organisations", False),
            ("Publish", "/publish", False),
        ],
        "alternate_languages": [(*other, f"/language/{other[0]}?back=/datasets")],
        "login_url": "/login?back=/datasets",
        "logout_url": "/logout",
        "urls": {
            "data": "/datasets",
            "charter": "/charter",
            "legal": "/legal",
            "my_space": "/my-space",
            "api": "/api/v1",
        },
    }
    page = frame | context
    page["footer"] = PAGES._find_footer(language, page)
    return PAGES._environments[language].get_template(template).render(page)


def samples(language: str) -> dict[str, str]:
    """Every shared template, by name."""
    moment = datetime(2026, 11, 1, 5, 4, tzinfo=UTC)
    somebody = SimpleNamespace(name="Camille")
    drawn = {
        f"error-{status}": render("ui/error.html", language, status=status, error=error)
        for status, error in REFUSED.items()
    }
    drawn["sheet"] = render(
        "sample/sheet.html", language, day=date(2026, 11, 1), instant=moment
    )
    drawn["arrival"] = render("sample/arrival.html", language)
    drawn["node"] = render(
        "sample/arrival.html", language, program="node", actor=somebody
    )
    drawn["installation"] = render(
        "ui/error.html",
        language,
        status=404,
        error=REFUSED[404],
        territory=None,
        navigation=[],
        urls={},
    )
    away = SimpleNamespace(
        slug="away",
        title="Logging in is not possible for the moment",
        why="It does not answer.",
        remedy="",
    )
    drawn["login-away"] = render(
        "ui/login-away.html", language, failure=away, again="/login?back=/"
    )
    return drawn
