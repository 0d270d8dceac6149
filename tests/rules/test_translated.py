"""What a person meets in English exists in French: messages of templates, and words of refusals."""

import ast
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from udi.node.site import LOCALES as NODE_LOCALES
from udi.portal.site import LOCALES as PORTAL_LOCALES
from udi.ui.domains import list_domains, list_locales
from udi.ui.locale import load_translations

SOURCE = Path(__file__).parents[2] / "platform/src/udi"
UI = SOURCE / "ui/locale"
FOLDERS = {"portal": ("portal", "ui", "protocol"), "node": ("node", "ui", "protocol")}
LOCALES = {
    "portal": [UI, *PORTAL_LOCALES, *list_locales(list_domains("portal"))],
    "node": [UI, *NODE_LOCALES, *list_locales(list_domains("node"))],
}
SPOKEN = (
    "Refusal",
    "Failure",
    "Kind",
    "Explanation",
    "Said",
    "Remark",
    "Denial",
    "Transitions",
)
"""Besides exceptions, what carries words to a person."""

OPERATIONS = ("api_operation", "describe_operation")
"""What describes a handler in the document of the API."""
CODE = re.compile("[a-z]+(?:_[a-z]+)*")
"""What names a sentence instead of being one."""


def of_templates(folder: Path) -> Iterator[tuple[str, str]]:
    """(message, where) of each message that a template says."""
    jinja = {"newstyle_gettext": "true", "trimmed": "true"}
    patterns = [f"**/templates/**.{ending}" for ending in ("html", "txt", "jinja")]
    for name, line, message, _, _ in extract_from_dir(
        folder,
        [(pattern, "jinja2") for pattern in patterns],
        dict.fromkeys(patterns, jinja),
    ):
        yield (message if isinstance(message, str) else message[0]), f"{name}:{line}"


def of_operations(folder: Path) -> Iterator[tuple[str, str]]:
    """(sentence, where) of what each handler of the API says of itself."""
    for path in sorted(folder.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call):
                continue
            if getattr(call.func, "id", "") not in OPERATIONS:
                continue
            for keyword in call.keywords:
                is_text = isinstance(keyword.value, ast.Constant)
                if keyword.arg in {"summary", "description"} and is_text:
                    where = f"{path.relative_to(SOURCE)}:{call.lineno}"
                    yield str(ast.literal_eval(keyword.value)), where


def of_refusals(folder: Path) -> Iterator[tuple[str, str]]:
    """(sentence, where) of each sentence given to an exception for people, a refusal or a fault."""
    for path in sorted(folder.rglob("*.py")):
        if "migrations" in path.parts or "provision" in path.parts:
            continue
        for call in (
            node
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call)
        ):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if call.args and isinstance(call.args[0], ast.Constant):
                first = call.args[0].value
            else:
                first = None
            if name == "say" and isinstance(first, str) and not CODE.fullmatch(first):
                yield first, f"{path.relative_to(SOURCE)}:{call.lineno}"
            if name in SPOKEN or (
                name.endswith("Error") and name[:-5] in SPOKEN_ERRORS
            ):
                for value in (
                    *call.args,
                    *(keyword.value for keyword in call.keywords),
                ):
                    if (
                        isinstance(value, ast.Constant)
                        and isinstance(value.value, str)
                        and _is_sentence(value.value)
                    ):
                        yield value.value, f"{path.relative_to(SOURCE)}:{value.lineno}"


SAME_IN_BOTH = {
    "API",
    "Date",
    "Format",
    "Licence",
    "Urban Data Interface",
    "Version",
    "Versions",
    "Action",
    "tabulation",
    "Description",
    "Page",
    "Code",
    "Latitude",
    "Longitude",
    "Position",
    "SIREN",
    "SIRET",
    "Images",
    "Suggestions",
    "Scripts",
    "Structure",
    "Architecture",
    "EcoIndex",
    "Logo",
    "Note",
}
SPOKEN_ERRORS = {
    "Udi",
    "Invalid",
    "Unauthenticated",
    "Forbidden",
    "NotFound",
    "Gone",
    "Conflict",
    "TooLarge",
    "TooMany",
    "TooHeavy",
    "Unavailable",
    "NodeAway",
    "Precondition",
    "MediaType",
    "Locked",
    "HeldBack",
    "Erased",
    "Digest",
    "StaleOffset",
    "TooSlow",
    "Fetch",
    "Unreadable",
}


def _is_sentence(text: str) -> bool:
    return " " in text and text[:1].isupper() and text.rstrip()[-1:] in ".?!"


@pytest.mark.parametrize("program", FOLDERS)
def test_every_message_has_its_french(program: str) -> None:
    french = load_translations(LOCALES[program])["fr"]
    messages = {}
    for folder in FOLDERS[program]:
        messages |= dict(of_templates(SOURCE / folder))
        messages |= dict(of_refusals(SOURCE / folder))
        messages |= dict(of_operations(SOURCE / folder))

    assert len(messages) > 100
    missing = {
        message: where
        for message, where in messages.items()
        if french.gettext(message) == message
        and french.ngettext(message, message, 2) == message
    }
    assert {
        message: where
        for message, where in missing.items()
        if message not in SAME_IN_BOTH
    } == {}


@pytest.mark.parametrize("program", FOLDERS)
def test_a_message_has_one_french(program: str) -> None:
    """Two domains that say the same English would have the French of the one that is read last."""
    translations: dict[str, set[str]] = {}
    for folder in LOCALES[program]:
        catalogue = folder / "fr.po"
        if catalogue.exists():
            for message in read_po(BytesIO(catalogue.read_bytes())):
                translations.setdefault(str(message.id), set()).add(str(message.string))

    assert {
        message: french
        for message, french in translations.items()
        if message and len(french) > 1
    } == {}
