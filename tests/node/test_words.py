"""Everything the node says exists in French."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment

from udi import node
from udi.node.app import LOCALES
from udi.ui import locale

NODE = Path(node.__file__).parent
SAYING = {
    "Refusal", "say", "InvalidError", "ConflictError", "GoneError", "ForbiddenError", "TooLargeError", "UnauthenticatedError",
    "UnavailableError", "NotFoundError", "PortalAwayError",
}  # fmt: skip


def in_templates() -> Iterator[str]:
    environment: Any = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for path in NODE.rglob("templates/*.html"):
        for _, _, message in environment.extract_translations(path.read_text()):
            yield message if isinstance(message, str) else message[0]


def in_code() -> Iterator[str]:
    for path in NODE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SAYING:
                said = [*call.args, *[word.value for word in call.keywords if word.arg == "remedy"]]
                texts = said[1:] if call.func.id == "Refusal" else said[:1] + said[len(call.args) :]
                yield from (str(text.value) for text in texts if isinstance(text, ast.Constant) and text.value)


def test_every_message_is_translated() -> None:
    french = locale.load_translations([*LOCALES, Path(locale.__file__).parent / "locale"])["fr"]
    same_in_both = {"Action", "Date", "Format", "Licence", "Version", "Versions", "tabulation"}

    said = set(in_templates()) | set(in_code())

    untranslated = {text for text in said if french.gettext(text) == text and french.ngettext(text, text, 2) == text}
    assert untranslated <= same_in_both
    assert len(said) > 150
