"""A territory as files: `tenants/<slug>/tenant.toml` and what is beside it, read and checked whole.

The files are a mapping of paths («tenant.toml», «pages/about.md») to their bytes, from a folder or from the database.
"""

import hashlib
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import ValidationError

from udi.portal.tenants.content.files import SiteContent, read_content
from udi.portal.tenants.faults import TenantFault as TenantFault
from udi.portal.tenants.faults import TenantFaultsError as TenantFaultsError
from udi.portal.tenants.logos import Logo, LogoError, read_logo
from udi.portal.tenants.toml.schema import (
    DirectoryPart,
    OrganisationPart,
    ProviderPart,
    TenantFile,
)
from udi.portal.tenants.vocabularies import Vocabularies, read_vocabulary_files
from udi.protocol.synonyms import Concept, NotSkosError, read_synonyms

TEXTS = ("charter", "legal")
MAX_SYNONYMS = 256 * 1024
MAX_TOTAL = 8_000_000
"""Bytes of all files of a territory."""
MAX_FILE = 2_000_000
"""Bytes of one file."""
MAX_FILES = 1000
LONGEST_PATH = 90
"""Of a file's path: with its folder it fits in one header of an archive (100 bytes)."""
PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*){0,3}")
DEMONSTRATION = "demonstration"
"""Folder of what `udi up` publishes for demonstration: it is beside the territory's files, and none of them."""
LOADED = re.compile(r"@import|(?:url|src|image-set|expression)\s*\(", re.IGNORECASE)
"""What loads something, in CSS."""
ESCAPE = re.compile(r"\\(?:(?P<code>[0-9a-fA-F]{1,6})(?:\r\n|\s)?|(?P<sign>[^\n]))")
TenantFiles = Mapping[str, bytes]
"""Bytes by path, from the folder of the territory on, with slashes."""


@dataclass(frozen=True)
class TenantFolder:
    """A territory's folder, read and found right."""

    file: TenantFile
    charter: dict[str, str]
    legal: dict[str, str]
    theme_css: str
    logo: Logo | None
    icon: Logo | None
    synonyms: list[Concept]
    vocabularies: Vocabularies
    content: SiteContent
    fingerprint: str
    """sha256 of all files, so that a second apply can see that nothing changed."""
    files: TenantFiles

    @property
    def slug(self) -> str:
        return self.file.territory.slug

    @property
    def tenant_id(self) -> UUID:
        """The same everywhere the same territory is applied."""
        return uuid5(NAMESPACE_URL, f"udi:{self.slug}")

    def organisation_id(self, organisation: OrganisationPart) -> UUID:
        """Declared, or derived from the slugs."""
        return organisation.id or uuid5(
            NAMESPACE_URL, f"udi:{self.slug}:{organisation.slug}"
        )


def read_folder(folder: Path) -> TenantFolder:
    """Read a territory's folder.

    Raises:
        TenantFaultsError: anything is wrong; every fault is named, with its line or key.
    """
    return read_files(load_files(folder), folder.resolve().name)


def load_files(folder: Path) -> dict[str, bytes]:
    """The bytes of every file of a folder by path.

    Hidden files, copies of editors («charter.md~») and the folder of the demonstration are left out.

    Raises:
        TenantFaultsError: a file is too heavy, or they are too many.
    """
    files: dict[str, bytes] = {}
    faults: list[TenantFault] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        parts = name.split("/")
        is_left_out = parts[0] == DEMONSTRATION or name.endswith("~")
        is_hidden = any(part.startswith(".") for part in parts)
        if is_hidden or is_left_out or not path.is_file():
            continue
        if len(files) == MAX_FILES:
            faults.append(_too_many_files())
            break
        size = path.stat().st_size
        if size > MAX_FILE:
            faults.append(_too_heavy_file(name, size))
        else:
            files[name] = path.read_bytes()
    if faults:
        raise TenantFaultsError(faults)
    return files


def read_files(files: TenantFiles, slug: str) -> TenantFolder:
    """Read the files of the territory that is called `slug`.

    Raises:
        TenantFaultsError: anything is wrong; every fault is named, with its line or key.
    """
    faults = list(_check_sizes(files))
    if faults:
        raise TenantFaultsError(faults)
    parsed = _read_toml(files, slug, faults)
    texts = {name: _read_texts(files, name, slug, faults) for name in TEXTS}
    css = _read_css(files, faults)
    logo = _read_drawing(files, "logo", faults)
    icon = _read_drawing(files, "icon", faults)
    synonyms = _read_synonyms(files, faults)
    (words, problems) = read_vocabulary_files(files)
    faults += [TenantFault(name, *problem) for name, problem in problems]
    content = SiteContent()
    if parsed is not None:
        faults += _cross_check(slug, parsed)
        content = read_content(files, parsed, faults)
    if faults or parsed is None:
        raise TenantFaultsError(faults)
    return TenantFolder(
        parsed,
        texts["charter"],
        texts["legal"],
        css,
        logo,
        icon,
        synonyms,
        words,
        content,
        fingerprint(files),
        files,
    )


def _check_sizes(files: TenantFiles) -> Iterator[TenantFault]:
    for path, content in files.items():
        if len(path) > LONGEST_PATH or not PATH.fullmatch(path):
            yield TenantFault(
                path,
                "its name",
                "it is no name that a territory's file may have.",
                "Use letters without accents, digits, «-», «_» and «.».",
            )
        if len(content) > MAX_FILE:
            yield _too_heavy_file(path, len(content))
    if len(files) > MAX_FILES:
        yield _too_many_files()
    total = sum(map(len, files.values()))
    if total > MAX_TOTAL:
        yield TenantFault(
            "all files",
            f"{total} bytes",
            "they are too heavy together.",
            f"Keep them under {MAX_TOTAL} bytes.",
        )


def _too_heavy_file(path: str, size: int) -> TenantFault:
    return TenantFault(
        path, f"{size} bytes", "it is too heavy.", f"Keep it under {MAX_FILE} bytes."
    )


def _too_many_files() -> TenantFault:
    return TenantFault(
        "all files", "their number", "they are too many.", f"Keep {MAX_FILES} at most."
    )


def _read_toml(
    files: TenantFiles, slug: str, faults: list[TenantFault]
) -> TenantFile | None:
    content = files.get("tenant.toml")
    if content is None:
        faults.append(
            TenantFault(
                "tenant.toml",
                slug,
                "the file is missing.",
                "Copy tenants/demo and change it.",
            )
        )
        return None
    try:
        source = content.decode()
        data = tomllib.loads(source)
    except UnicodeDecodeError:
        faults.append(
            TenantFault(
                "tenant.toml", "whole file", "it is not UTF-8.", "Save it as UTF-8."
            )
        )
        return None
    except tomllib.TOMLDecodeError as error:
        faults.append(
            TenantFault(
                "tenant.toml",
                _find_position(str(error)),
                f"{error}.",
                "Correct the TOML at this place.",
            )
        )
        return None
    try:
        return TenantFile.model_validate(data)
    except ValidationError as error:
        faults += [_make_fault(source, details) for details in error.errors()]
        return None


def _find_position(message: str) -> str:
    match = re.search(r"line \d+", message)
    if match:
        return match.group()
    return "end of file"


def _make_fault(source: str, details: Mapping[str, Any]) -> TenantFault:
    steps = [step for step in details["loc"] if step != "[key]"]
    key = (
        "".join(
            f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in steps
        ).lstrip(".")
        or "whole file"
    )
    line = _line_of(source, steps)
    message = str(details["msg"]).removeprefix("Value error, ").rstrip(".")
    remedies = {
        "missing": "Add this key.",
        "extra_forbidden": "Remove it, or correct its spelling; docs/reference/tenant.md lists every key.",
    }
    remedy = remedies.get(
        details["type"], "docs/reference/tenant.md says what this key takes."
    )
    return TenantFault(
        "tenant.toml",
        f"{key}, line {line}" if line else key,
        f"{message[:1].lower()}{message[1:]}.",
        remedy,
    )


def _line_of(source: str, steps: list[Any]) -> int | None:
    """Line where the deepest written key of the path stands, None when it is not written."""
    lines = source.splitlines()
    start = 0
    table = str(steps[0]) if steps else ""
    index = steps[1] if len(steps) > 1 and isinstance(steps[1], int) else 0
    header = re.compile(rf"^\s*\[\[?\s*{re.escape(table)}\s*\]?\]")
    headers = [number for number, line in enumerate(lines) if header.match(line)]
    if len(headers) > index:
        start = headers[index]
    for step in reversed([step for step in steps[1:] if isinstance(step, str)]):
        for number in range(start, len(lines)):
            if re.match(
                rf"^\s*[\"']?(?:[\w-]+\s*\.\s*)?{re.escape(step)}\b", lines[number]
            ):
                return number + 1
    if headers:
        return start + 1
    return None


def _read_texts(
    files: TenantFiles, name: str, slug: str, faults: list[TenantFault]
) -> dict[str, str]:
    texts = {}
    for path in sorted(files):
        match = re.fullmatch(rf"{name}[^/]*\.md", path)
        if match is None:
            continue
        language = path.removesuffix(".md").removeprefix(name).lstrip(".") or "fr"
        try:
            texts[language] = files[path].decode().replace("\0", "\ufffd")
        except UnicodeDecodeError:
            faults.append(
                TenantFault(path, "whole file", "it is not UTF-8.", "Save it as UTF-8.")
            )
    if not texts:
        faults.append(
            TenantFault(
                f"{name}.md",
                slug,
                "the file is missing.",
                "Copy the one of tenants/demo and rewrite it.",
            )
        )
    return texts


def _read_css(files: TenantFiles, faults: list[TenantFault]) -> str:
    """The own rules; NUL is replaced (CSS Syntax 3, part 3.3), and escapes hide no name (part 4.3.7)."""
    css = files.get("theme.css", b"").decode(errors="replace").replace("\0", "\ufffd")
    plain = ESCAPE.sub(_unescape, css)
    numbers = {
        plain.count("\n", 0, match.start()) + 1 for match in LOADED.finditer(plain)
    }
    faults += [
        TenantFault(
            "theme.css",
            f"line {number}",
            "it loads something from elsewhere.",
            "Pages make no request to others: remove it.",
        )
        for number in sorted(numbers)
    ]
    return css


def _unescape(match: re.Match[str]) -> str:
    """The character that an escape of CSS stands for."""
    if match["code"] is None:
        return match["sign"]
    code = int(match["code"], 16)
    if code > sys.maxunicode:
        return "\ufffd"
    return chr(code)


def _read_drawing(
    files: TenantFiles, name: str, faults: list[TenantFault]
) -> Logo | None:
    """The logo or the icon, made safe to show."""
    paths = [path for path in (f"{name}.svg", f"{name}.png") if path in files]
    if not paths:
        return None
    if len(paths) > 1:
        faults.append(
            TenantFault(
                paths[1],
                "whole file",
                f"{paths[0]} is there too.",
                "Keep one of the two.",
            )
        )
    try:
        return read_logo(files[paths[0]])
    except LogoError as error:
        faults.append(TenantFault(paths[0], "whole file", error.problem, error.remedy))
        return None


def _read_synonyms(files: TenantFiles, faults: list[TenantFault]) -> list[Concept]:
    path = "synonyms.ttl"
    content = files.get(path, b"")
    if len(content) > MAX_SYNONYMS:
        where = f"{len(content)} bytes"
        faults.append(
            TenantFault(
                path,
                where,
                "it is too heavy.",
                f"Keep it under {MAX_SYNONYMS} bytes.",
            )
        )
        return []
    try:
        return read_synonyms(content)
    except NotSkosError as error:
        where = f"line {error.line}" if error.line else "whole file"
        remedy = "Write SKOS in Turtle, as docs/reference/tenant.md shows."
        faults.append(TenantFault(path, where, f"{error}.", remedy))
        return []


def _cross_check(folder: str, parsed: TenantFile) -> Iterator[TenantFault]:
    slug = parsed.territory.slug
    if folder != slug:
        yield TenantFault(
            "tenant.toml",
            "territory.slug",
            f"the slug is «{slug}» and the folder «{folder}».",
            "Give both the same name.",
        )
    slugs = [organisation.slug for organisation in parsed.organisation]
    for repeated in sorted({slug for slug in slugs if slugs.count(slug) > 1}):
        yield TenantFault(
            "tenant.toml",
            "organisation.slug",
            f"«{repeated}» is used twice.",
            "Give each organisation its own slug.",
        )
    services: list[ProviderPart | DirectoryPart] = []
    services += parsed.login.provider
    services += parsed.login.directory
    names = [service.name for service in services]
    for repeated in sorted({name for name in names if names.count(name) > 1}):
        yield TenantFault(
            "tenant.toml",
            "login.provider.name",
            f"«{repeated}» is used twice.",
            "Give each provider its own name.",
        )
    domains = [service.domain for service in services if service.domain]
    for repeated in sorted({name for name in domains if domains.count(name) > 1}):
        yield TenantFault(
            "tenant.toml",
            "login.provider.domain",
            f"«{repeated}» is the domain of two providers.",
            "Give it to the one that its addresses lead to.",
        )
    for number, account in enumerate(parsed.account, 1):
        for organisation, groups in account.organisations.items():
            where = f"account[{number}].organisations.{organisation}"
            if organisation not in slugs:
                yield TenantFault(
                    "tenant.toml",
                    where,
                    "no organisation has this slug.",
                    f"Choose among {', '.join(slugs) or 'none'}.",
                )
            if unknown_groups := set(groups) - {"managers", "publishers"}:
                yield TenantFault(
                    "tenant.toml",
                    where,
                    f"{', '.join(sorted(unknown_groups))} is not a group.",
                    "Use managers or publishers.",
                )


def fingerprint(files: TenantFiles) -> str:
    """The sha256 of files with their paths."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.encode() + b"\0" + files[path] + b"\0")
    return digest.hexdigest()
