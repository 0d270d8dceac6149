"""What a person meets in English exists in French and in Spanish: messages of templates, and words of refusals."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from udi.node.site import LOCALES as NODE_LOCALES
from udi.portal.site import LOCALES as PORTAL_LOCALES
from udi.ui.domains import list_domains, list_locales
from udi.ui.locale import forms_of, list_messages, merge_catalogues
from udi.ui.login_theme import own_languages

SOURCE = Path(__file__).parents[2] / "platform/src/udi"
UI = SOURCE / "ui/locale"
FOLDERS = {"portal": ("portal", "ui", "protocol"), "node": ("node", "ui", "protocol")}
LOCALES = {
    "portal": [UI, *PORTAL_LOCALES, *list_locales(list_domains("portal"))],
    "node": [UI, *NODE_LOCALES, *list_locales(list_domains("node"))],
}
LANGUAGES = [code for code in own_languages() if code != "en"]
PLACE = re.compile(r"%\(\w+\)s|%%|\{\w+\}")
PLURAL = re.compile(r"nplurals=(\d)")
MESSAGE = re.compile(r'^(?:msgctxt .*\n)?msgid ((?:".*"\n)+)', re.MULTILINE)
STRAY = re.compile(r'\n\nmsgstr "(.*)"')
"""A translation whose message is gone: it is read as one of the message before."""
LOOSE_SIGN = re.compile("« | [:;?!»]")
"""A sign that French sets apart by a space which a line may break at: it takes one that is not broken."""
HEAD = re.compile(r'"(Language: \w+|Plural-Forms: [^\\]+)')
SPOKEN = (
    "Refusal",
    "field_error",
    "refuse",
    "check",
    "Failure",
    "Kind",
    "Explanation",
    "Said",
    "Remark",
    "Denial",
    "Transitions",
    "Handover",
)
"""Besides exceptions, what carries words to a person."""
TEMPLATES = ("Kind", "Template")
"""How the names end of what carries words to a person with places for values."""
OPERATION = "_operation"
"""How the names of functions end that describe a handler in the document of the API."""
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
            if not getattr(call.func, "id", "").endswith(OPERATION):
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
            if (
                name in SPOKEN
                or name.endswith(TEMPLATES)
                or (name.endswith("Error") and name[:-5] in SPOKEN_ERRORS)
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
    beginning = text.lstrip("“")[:1]
    is_begun = beginning.isupper() or beginning == "%"
    return " " in text and is_begun and text.rstrip()[-1:] in ".?!"


@cache
def list_spoken(program: str) -> Mapping[str, str]:
    """Where each message is said, by message."""
    messages: dict[str, str] = {}
    for folder in FOLDERS[program]:
        messages |= dict(of_templates(SOURCE / folder))
        messages |= dict(of_refusals(SOURCE / folder))
        messages |= dict(of_operations(SOURCE / folder))
    return messages


def read_catalogues(language: str) -> Iterator[tuple[Path, Message]]:
    """Each message of each catalogue of a language."""
    for path in sorted(SOURCE.rglob(f"locale/{language}.po")):
        for message in read_po(BytesIO(path.read_bytes()), locale=language):
            if message.id:
                yield path, message


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("program", FOLDERS)
def test_every_message_is_translated(program: str, language: str) -> None:
    """What is missing is printed by `udi languages missing <code>` as well."""
    messages = list_spoken(program)
    translated = list_messages(merge_catalogues(LOCALES[program])[language])

    assert len(messages) > 100
    assert {
        message: where
        for message, where in messages.items()
        if message not in translated
    } == {}


@cache
def list_nodes() -> tuple[ast.AST, ...]:
    """Each node of the syntax of the product's modules that is a text."""
    return tuple(
        node
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant | ast.JoinedStr)
    )


def normalise(text: str) -> str:
    """A text as it may stand in the middle of a sentence that is made of several."""
    return text.casefold().rstrip(".")


def list_texts() -> Iterator[str]:
    """Each text of the product that may be a message: of its modules, templates and documents of JSON."""
    for node in list_nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
    for path in SOURCE.rglob("*.json"):
        yield from re.findall(r'"([^"]+)"', path.read_text())
    for message, _ in of_templates(SOURCE):
        yield message


def list_patterns() -> Iterator[str]:
    """A regular expression for each text of the product that is made with values, and has some words of its own."""
    for node in list_nodes():
        if isinstance(node, ast.JoinedStr):
            pattern = "".join(
                re.escape(normalise(str(part.value)))
                if isinstance(part, ast.Constant)
                else ".+"
                for part in node.values
            )
            if len(re.findall("[a-z]{3,}", pattern)) > 1:
                yield pattern


def test_every_translated_message_is_in_the_product() -> None:
    texts = {normalise(text) for text in list_texts()}
    patterns = re.compile("|".join(sorted(set(list_patterns()))))
    unused = {
        (str(path.relative_to(SOURCE)), english)
        for language in LANGUAGES
        for path, message in read_catalogues(language)
        for english in forms_of(message)[0][:1]
        if normalise(english) not in texts
        and not patterns.fullmatch(normalise(english))
    }

    assert len(texts) > 1000
    assert unused == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_its_places(language: str) -> None:
    """`%(name)s` in English is `%(name)s` in each language; of a plural, some form may say the number in words."""
    misplaced = []
    for path, message in read_catalogues(language):
        english, translation = forms_of(message)
        expected = sorted(set(PLACE.findall(english[-1])))
        if sorted(set(PLACE.findall(translation[-1]))) != expected:
            misplaced.append((path, english[-1]))
        unknown = set(PLACE.findall("".join(translation))) - set(expected)
        misplaced += [(path, place) for place in unknown]

    assert misplaced == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_the_plurals_of_its_language(language: str) -> None:
    paths = sorted(SOURCE.rglob(f"locale/{language}.po"))
    heads = [path.read_text(encoding="utf-8")[:500] for path in paths]
    [expected] = {count for head in heads for count in PLURAL.findall(head)}

    assert [
        (path, message.id)
        for path, message in read_catalogues(language)
        if len(forms_of(message)[0]) > 1 and len(forms_of(message)[1]) != int(expected)
    ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogues_name_their_language_and_have_one_rule_of_plurals(
    language: str,
) -> None:
    """The head of the catalogue that is read first is that of all: another's would be the plurals of every page."""
    heads = {
        tuple(HEAD.findall(path.read_text(encoding="utf-8")[:500]))
        for path in SOURCE.rglob(f"locale/{language}.po")
    }

    assert len(heads) == 1
    assert [head[0] for head in heads] == [f"Language: {language}"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_stands_once_in_its_catalogue(language: str) -> None:
    """Of two entries one counts: whoever mends the other sees nothing change."""
    counts = {
        (str(path.relative_to(SOURCE)), message): count
        for path in sorted(SOURCE.rglob(f"locale/{language}.po"))
        for message, count in Counter(
            match.group() for match in MESSAGE.finditer(path.read_text("utf-8"))
        ).items()
    }

    assert len(counts) > 1000
    assert [where for where, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_stands_below_its_message(language: str) -> None:
    paths = sorted(SOURCE.rglob(f"locale/{language}.po"))

    assert len(paths) > 10
    assert [
        (str(path.relative_to(SOURCE)), translation)
        for path in paths
        for translation in STRAY.findall(path.read_text("utf-8"))
    ] == []


def test_french_keeps_its_double_signs_with_their_word() -> None:
    texts = [
        (str(path.relative_to(SOURCE)), text)
        for path, message in read_catalogues("fr")
        for text in forms_of(message)[1]
    ]

    assert len(texts) > 1000
    assert [(path, text) for path, text in texts if LOOSE_SIGN.search(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_domain_has_a_catalogue_in_each_language(language: str) -> None:
    folders = {path.parent for path in SOURCE.rglob("locale/*.po")}

    assert {path.parent for path in SOURCE.rglob(f"locale/{language}.po")} == folders


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("program", FOLDERS)
def test_a_message_has_one_translation(program: str, language: str) -> None:
    """Two domains that say the same English would have the words of the one that is read last."""
    translations: dict[str, set[str]] = {}
    folders = set(LOCALES[program])
    for path, message in read_catalogues(language):
        if path.parent in folders:
            translations.setdefault(str(message.id), set()).add(str(message.string))

    assert {
        message: words for message, words in translations.items() if len(words) > 1
    } == {}


def find_labels(path: Path) -> Iterator[set[str]]:
    """The languages of each table of a text by language (`{"fr": …, "en": …}`) in a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Dict):
            constants = [key for key in node.keys if isinstance(key, ast.Constant)]
            keys = {str(key.value) for key in constants}
            if {"fr", "en"} <= keys:
                yield keys


def test_a_text_by_language_is_in_every_language() -> None:
    tables = [
        (path, languages)
        for path in sorted(SOURCE.rglob("*.py"))
        for languages in find_labels(path)
    ]

    assert len(tables) > 20
    assert [
        (path, languages)
        for path, languages in tables
        if not {*LANGUAGES, "en"} <= languages
    ] == []
