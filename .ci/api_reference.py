"""Writes the API of a program as a page of the site: every operation, as its handlers declare it.

`python .ci/api_reference.py portal` (or `node`), with `platform/src` on the path of Python; needs no database.
"""  # noqa: INP001 - a program of its own

import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from litestar import Litestar

from udi.kit.keys import new_secret
from udi.node import app as node
from udi.node.datasets.routes import API as NODE_API
from udi.node.site import build_site as build_node
from udi.portal import app as portal
from udi.portal.catalogue.routes import API as PORTAL_API
from udi.portal.site import build_site as build_portal
from udi.settings import Settings
from udi.ui.openapi.document import Document, build_template
from udi.ui.openapi.pages import ApiPage
from udi.ui.openapi.view import OperationDescription, list_operations
from udi.ui.site import Site

Program = tuple[Callable[..., Site], Callable[..., Litestar], ApiPage]
PROGRAMS: dict[str, Program] = {
    "portal": (build_portal, portal.create, PORTAL_API),
    "node": (build_node, node.create, NODE_API),
}
SECRETS = (
    "portal_public_password",
    "node_public_password",
    "portal_client_key",
    "node_client_key",
)
"""What an application is made with; nothing is asked of a database or of an identity service."""


def read_document(program: str) -> Document:
    """Return the OpenAPI document of a program in English, as an installation serves it."""
    build_site, create, page = PROGRAMS[program]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(state=Path(folder), secrets=Path(folder, "secrets"))
        settings.secrets.mkdir()
        for name in SECRETS:
            (settings.secrets / name).write_text(secrets.token_urlsafe(24))
        (settings.secrets / "signing_keys").write_text(new_secret())
        return build_template(create(build_site(settings)), page.first)


def write_page(program: str, document: Document) -> str:
    """Return the page in Markdown: a heading for each part, and below it one for each operation."""
    lines = [f"# API of the {program}", "", INTRODUCTION.format(program=program)]
    for tag in document["tags"]:
        lines += ["", f"## {tag['name']}", "", escape_words(tag["description"])]
        for operation in list_operations(document, tag["name"], str):
            lines += write_operation(operation)
    return "\n".join(lines) + "\n"


INTRODUCTION = """Every operation of `/api/openapi.json` of a {program}, as this release declares it. The page `/api` of each {program} has the same in its readers' language, with forms to try it.
[API](api.md) says how to begin: tokens, limits, pages, refusals."""


def write_operation(operation: OperationDescription) -> Iterator[str]:
    """The lines of one operation."""
    yield from ("", f"### {escape_words(operation.summary)}", "")
    yield f"`{operation.method} {operation.path}`"
    yield from ("", escape_words(operation.detail))
    if operation.scopes:
        rights = ", ".join(f"`{scope}`" for scope in dict.fromkeys(operation.scopes))
        yield from ("", f"Right of the token: {rights}.")
    elif not operation.is_open:
        yield from ("", "Needs a token, a key or a credential.")
    parameters = [
        (
            f"`{parameter.name}`",
            parameter.place,
            parameter.words,
            f"`{parameter.example}`" if parameter.example else "",
        )
        for parameter in operation.parameters
    ]
    yield from write_table(("parameter", "in", "what it is", "example"), parameters)
    yield from write_table(("it sends", "what it is"), name_code(operation.sends))
    if operation.same:
        yield from ("", f"It answers as «{operation.same}».")
    else:
        yield from write_table(
            ("it answers", "what it is"), name_code(operation.fields)
        )
    refusals = name_code(operation.refusals)
    yield from write_table(("or it answers", "what it means"), refusals)
    for words, example in (
        ("It sends", operation.sent),
        ("It answers", operation.example),
    ):
        if example:
            yield from ("", f"{words}, for example:", "", "```json", example, "```")


def name_code(rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Rows whose first cell is a name of the API."""
    return [(f"`{name}`", words) for name, words in rows]


def write_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table; none where it has no row."""
    if not rows:
        return
    yield ""
    yield from map(write_row, (heads, ["---"] * len(heads), *rows))


def write_row(cells: Sequence[str]) -> str:
    """Return one line of a table."""
    escaped = (escape_words(cell).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def escape_words(words: str) -> str:
    """Return words on one line, of which none is taken for HTML."""
    return " ".join(words.split()).replace("<", "&lt;")


def main(arguments: Sequence[str]) -> Any:
    """Write the page of the program that is named."""
    [program] = arguments
    sys.stdout.write(write_page(program, read_document(program)))


if __name__ == "__main__":
    main(sys.argv[1:])
