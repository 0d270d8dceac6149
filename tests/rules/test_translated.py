"""What a person meets in English exists in French and in Spanish: messages of templates, and words of refusals."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.rules.syntax import walk
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


@cache
def list_template_messages(folder: Path) -> tuple[tuple[str, str], ...]:
    """(message, where) of each message that a template says; read once."""
    jinja = {"newstyle_gettext": "true", "trimmed": "true"}
    patterns = [f"**/templates/**.{ending}" for ending in ("html", "txt", "jinja")]
    messages = extract_from_dir(
        folder,
        [(pattern, "jinja2") for pattern in patterns],
        dict.fromkeys(patterns, jinja),
    )
    return tuple(
        (message if isinstance(message, str) else message[0], f"{name}:{line}")
        for name, line, message, _, _ in messages
    )


@dataclass(frozen=True)
class ModuleTexts:
    """What a module says: (sentence, where) of its operations and refusals, and all its texts."""

    operations: tuple[tuple[str, str], ...]
    refusals: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]
    patterns: tuple[str, ...]
    """A regular expression for each text that is made with values."""


@cache
def read_module(path: Path) -> ModuleTexts:
    """Read a module of the product once."""
    name = path.relative_to(SOURCE)
    nodes = list(walk(ast.parse(path.read_text())))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    return ModuleTexts(
        operations=tuple(of_operations(calls, name)),
        refusals=tuple(of_refusals(calls, name)),
        texts=tuple(
            node.value
            for node in nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ),
        patterns=tuple(
            write_pattern(node) for node in nodes if isinstance(node, ast.JoinedStr)
        ),
    )


def of_operations(calls: Sequence[ast.Call], name: Path) -> Iterator[tuple[str, str]]:
    """(sentence, where) of what each handler of the API says of itself."""
    for call in calls:
        if not getattr(call.func, "id", "").endswith(OPERATION):
            continue
        for keyword in call.keywords:
            is_text = isinstance(keyword.value, ast.Constant)
            if keyword.arg in {"summary", "description"} and is_text:
                yield str(ast.literal_eval(keyword.value)), f"{name}:{call.lineno}"


def of_refusals(calls: Sequence[ast.Call], name: Path) -> Iterator[tuple[str, str]]:
    """(sentence, where) of each sentence given to an exception for people, a refusal or a fault."""
    for call in calls:
        function = getattr(call.func, "id", getattr(call.func, "attr", ""))
        first = None
        if call.args and isinstance(call.args[0], ast.Constant):
            first = call.args[0].value
        if function == "say" and isinstance(first, str) and not CODE.fullmatch(first):
            yield first, f"{name}:{call.lineno}"
        if (
            function in SPOKEN
            or function.endswith(TEMPLATES)
            or (function.endswith("Error") and function[:-5] in SPOKEN_ERRORS)
        ):
            for value in (*call.args, *(keyword.value for keyword in call.keywords)):
                if (
                    isinstance(value, ast.Constant)
                    and isinstance(value.value, str)
                    and _is_sentence(value.value)
                ):
                    yield value.value, f"{name}:{value.lineno}"


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
        modules = sorted((SOURCE / folder).rglob("*.py"))
        messages |= dict(list_template_messages(SOURCE / folder))
        for path in modules:
            if not {"migrations", "provision"} & set(path.parts):
                messages |= dict(read_module(path).refusals)
        for path in modules:
            messages |= dict(read_module(path).operations)
    return messages


@cache
def read_catalogues(language: str) -> tuple[tuple[Path, Message], ...]:
    """Each message of each catalogue of a language; read once."""
    return tuple(
        (path, message)
        for path in sorted(SOURCE.rglob(f"locale/{language}.po"))
        for message in read_po(BytesIO(path.read_bytes()), locale=language)
        if message.id
    )


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


def normalise(text: str) -> str:
    """A text as it may stand in the middle of a sentence that is made of several."""
    return text.casefold().rstrip(".")


def write_pattern(node: ast.JoinedStr) -> str:
    """A regular expression for a text that is made with values."""
    return "".join(
        re.escape(normalise(str(part.value)))
        if isinstance(part, ast.Constant)
        else ".+"
        for part in node.values
    )


def list_texts() -> Iterator[str]:
    """Each text of the product that may be a message: of its modules, templates and documents of JSON."""
    for path in SOURCE.rglob("*.py"):
        yield from read_module(path).texts
    for path in SOURCE.rglob("*.json"):
        yield from re.findall(r'"([^"]+)"', path.read_text())
    for folder in SOURCE.iterdir():
        if folder.is_dir():
            for message, _ in list_template_messages(folder):
                yield message


def list_patterns() -> Iterator[str]:
    """A regular expression for each text of the product that is made with values, and has some words of its own."""
    for path in SOURCE.rglob("*.py"):
        for pattern in read_module(path).patterns:
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
    text = path.read_text()
    if '"fr"' not in text:
        return
    for node in walk(ast.parse(text)):
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
