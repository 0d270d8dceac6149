"""`udi languages`: what the pages are translated into, and what of it is missing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from babel.messages.catalog import Catalog

from udi.cli.local.errors import LocalError
from udi.cli.output import show
from udi.node.site import LOCALES as NODE_LOCALES
from udi.portal.site import LOCALES as PORTAL_LOCALES
from udi.ui.domains import list_domains, list_locales
from udi.ui.languages import (
    SOURCE,
    Language,
    fallback_chain,
    list_languages,
    text_direction,
)
from udi.ui.locale import forms_of, list_messages, merge_catalogues
from udi.ui.pages import UI_FOLDER

app = typer.Typer(
    help="Languages of the pages, and messages that are not translated.",
    no_args_is_help=True,
)
COLUMNS = {
    "code": "Code",
    "name": "Name",
    "translated": "Translated",
    "missing": "Missing",
    "fallbacks": "Falls back on",
    "direction": "Direction",
}


def list_folders() -> list[Path]:
    """The folders of messages of portal and node, and those of languages that have one of their own."""
    domains = [*list_domains("portal"), *list_domains("node")]
    shipped_folders = [
        UI_FOLDER / "locale",
        *PORTAL_LOCALES,
        *NODE_LOCALES,
        *list_locales(domains),
    ]
    languages = list_languages().values()
    folders = [language.folder for language in languages if language.folder]
    return list(dict.fromkeys([*shipped_folders, *folders]))


def find_missing(catalogues: dict[str, Catalog], code: str) -> Iterator[list[str]]:
    """The English forms of each message that some language translates and this one does not."""
    translated = list_messages(catalogues.get(code, Catalog()))
    listed: set[str] = set()
    for catalogue in catalogues.values():
        for message in catalogue:
            english, _ = forms_of(message)
            if english[0] and english[0] not in translated | listed:
                listed.add(english[0])
                yield english


def describe_language(
    catalogues: dict[str, Catalog], code: str, language: Language
) -> dict[str, Any]:
    """A line of the list."""
    missing = 0 if code == SOURCE else len(list(find_missing(catalogues, code)))
    total = len(frozenset[str]().union(*map(list_messages, catalogues.values())))
    return {
        "code": code,
        "name": language.name,
        "translated": total - missing,
        "missing": missing,
        "fallbacks": ", ".join(fallback_chain(code)[1:]),
        "direction": text_direction(code),
    }


@app.command("list")
def list_command(
    *, as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False
) -> None:
    """List the languages, with how much of each is translated and what says the rest."""
    catalogues = merge_catalogues(list_folders())
    rows = [
        describe_language(catalogues, code, language)
        for code, language in list_languages().items()
    ]
    show(rows, COLUMNS, as_json=as_json, empty="There is no language.")


@app.command()
def missing(
    code: Annotated[str, typer.Argument(help="Code of the language, such as `es`.")],
) -> None:
    """Print the messages that a language lacks, as the entries to fill and to add to its catalogue. Status 1 when there are any."""
    languages = list_languages()
    if code not in languages:
        raise LocalError(
            f"There is no language “{code}”.",
            f"Choose among {', '.join(languages)}.",
        )
    entries = [
        write_entry(forms)
        for forms in find_missing(merge_catalogues(list_folders()), code)
        if code != SOURCE
    ]
    print("\n\n".join(entries) or "Every message is translated.")
    raise typer.Exit(bool(entries))


def write_entry(forms: list[str]) -> str:
    """An entry of a `.po` file, still to be translated."""
    if len(forms) == 1:
        return f'msgid "{escape_text(forms[0])}"\nmsgstr ""'
    one, many = map(escape_text, forms[:2])
    return f'msgid "{one}"\nmsgid_plural "{many}"\nmsgstr[0] ""\nmsgstr[1] ""'


def escape_text(text: str) -> str:
    """A text between the quotes of a `.po` file."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
