"""A territory as files: `tenants/<slug>/tenant.toml` and the texts beside it, read and checked whole."""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import ValidationError

from udi.portal.tenants.schema import OrganisationPart, TenantFile
from udi.portal.tenants.vocabularies import Vocabularies, read_vocabulary_files
from udi.protocol.synonyms import Concept, NotSkosError, read_synonyms

TEXTS = ("charter", "legal")
MAX_LOGO = 200 * 1024
MAX_SYNONYMS = 256 * 1024


@dataclass(frozen=True)
class TenantFault:
    """One thing wrong in a territory's files: which file, where in it (key or line), what, and what to do."""

    file: str
    where: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}, {self.where}: {self.problem} {self.remedy}".strip()


class TenantFaultsError(Exception):
    """A territory's files are wrong; `faults` has every fault found."""

    def __init__(self, faults: list[TenantFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True)
class TenantFolder:
    """A territory's folder, read and found right."""

    file: TenantFile
    charter: dict[str, str]
    legal: dict[str, str]
    theme_css: str
    logo: bytes | None
    synonyms: list[Concept]
    vocabularies: Vocabularies
    fingerprint: str
    """sha256 of everything above, so that a second apply can see that nothing changed."""

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
    faults: list[TenantFault] = []
    parsed = _read_toml(folder, faults)
    texts = {name: _read_texts(folder, name, faults) for name in TEXTS}
    css = _read_css(folder, faults)
    logo = _read_logo(folder, faults)
    synonyms = _read_synonyms(folder, faults)
    (words, problems) = read_vocabulary_files(folder)
    faults += [TenantFault(name, *problem) for name, problem in problems]
    if parsed is not None:
        faults += _cross_check(folder, parsed)
    if faults or parsed is None:
        raise TenantFaultsError(faults)
    return TenantFolder(
        parsed,
        texts["charter"],
        texts["legal"],
        css,
        logo,
        synonyms,
        words,
        _fingerprint(folder),
    )


def _read_toml(folder: Path, faults: list[TenantFault]) -> TenantFile | None:
    path = folder / "tenant.toml"
    try:
        source = path.read_text(encoding="utf-8")
        data = tomllib.loads(source)
    except FileNotFoundError:
        faults.append(
            TenantFault(
                "tenant.toml",
                str(folder),
                "the file is missing.",
                "Copy tenants/demo and change it.",
            )
        )
        return None
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


def _read_texts(folder: Path, name: str, faults: list[TenantFault]) -> dict[str, str]:
    texts = {}
    for path in sorted(folder.glob(f"{name}*.md")):
        language = path.stem.removeprefix(name).lstrip(".") or "fr"
        try:
            texts[language] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            faults.append(
                TenantFault(
                    path.name, "whole file", "it is not UTF-8.", "Save it as UTF-8."
                )
            )
    if not texts:
        faults.append(
            TenantFault(
                f"{name}.md",
                str(folder),
                "the file is missing.",
                "Copy the one of tenants/demo and rewrite it.",
            )
        )
    return texts


def _read_css(folder: Path, faults: list[TenantFault]) -> str:
    path = folder / "theme.css"
    if path.exists():
        css = path.read_text(encoding="utf-8", errors="replace")
    else:
        css = ""
    for number, line in enumerate(css.splitlines(), 1):
        if re.search(r"@import|url\s*\(|expression\s*\(", line, re.IGNORECASE):
            faults.append(
                TenantFault(
                    "theme.css",
                    f"line {number}",
                    "it loads something from elsewhere.",
                    "Pages make no request to others: remove it.",
                )
            )
    return css


def _read_logo(folder: Path, faults: list[TenantFault]) -> bytes | None:
    path = folder / "logo.svg"
    if not path.exists():
        return None
    content = path.read_bytes()
    if len(content) > MAX_LOGO:
        faults.append(
            TenantFault(
                "logo.svg",
                f"{len(content)} bytes",
                "it is too heavy.",
                f"Keep it under {MAX_LOGO} bytes.",
            )
        )
    if re.search(
        rb"<script|\bon\w+\s*=|javascript:|<foreignObject", content, re.IGNORECASE
    ):
        faults.append(
            TenantFault(
                "logo.svg",
                "whole file",
                "it holds a script.",
                "Export a plain drawing.",
            )
        )
    return content


def _read_synonyms(folder: Path, faults: list[TenantFault]) -> list[Concept]:
    path = folder / "synonyms.ttl"
    content = path.read_bytes() if path.exists() else b""
    if len(content) > MAX_SYNONYMS:
        where = f"{len(content)} bytes"
        faults.append(
            TenantFault(
                path.name,
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
        faults.append(TenantFault(path.name, where, f"{error}.", remedy))
        return []


def _cross_check(folder: Path, parsed: TenantFile) -> Iterator[TenantFault]:
    slug = parsed.territory.slug
    if folder.resolve().name != slug:
        yield TenantFault(
            "tenant.toml",
            "territory.slug",
            f"the slug is «{slug}» and the folder «{folder.name}».",
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


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
