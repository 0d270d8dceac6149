"""Pages, news and pictures of a territory, read from its files and checked with its home, menu and footer."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import ValidationError

from udi.portal.tenants.content.images import (
    PictureError,
    PictureFacts,
    read_picture_facts,
)
from udi.portal.tenants.content.markdown import find_problems
from udi.portal.tenants.faults import TenantFault
from udi.portal.tenants.toml.schema import TenantFile
from udi.portal.tenants.toml.site_schema import ArticlePart, PicturePart

PAGES = "pages/"
NEWS = "news/"
PICTURES = "pictures/"
ALTERNATIVES = "pictures/pictures.toml"
FENCE = "+++"
LONGEST_TEXT = 40_000
MOST_PICTURE_BYTES = 4_000_000
MOST_BUTTON_BYTES = 64 * 1024
SLUG = "[a-z0-9]+(?:-[a-z0-9]+)*"
PAGE_NAME = re.compile(rf"pages/(?P<slug>{SLUG})\.(?P<language>[a-z]{{2}})\.md")
NEWS_NAME = re.compile(
    rf"news/(?P<date>\d{{4}}-\d\d-\d\d)-(?P<slug>{SLUG})\.(?P<language>[a-z]{{2}})\.md"
)
PICTURE_NAME = re.compile(r"pictures/([a-z0-9][a-z0-9-]*\.(?:png|jpe?g|webp|svg))")
LONGEST_SLUG = 60
FIRST_YEAR = 1900
"""Of news: earlier days are slips, and the first of all is no moment in each time zone."""


@dataclass(frozen=True)
class ArticleText:
    """A page or news in one language; `body` is Markdown."""

    title: str
    summary: str
    picture: str
    body: str


@dataclass(frozen=True)
class SitePicture:
    """A picture, with what it shows by language."""

    facts: PictureFacts
    alternative: Mapping[str, str]
    weight: int
    """In bytes."""


@dataclass(frozen=True)
class SiteContent:
    """Pages and news by slug and language, and pictures by name of the file."""

    pages: Mapping[str, Mapping[str, ArticleText]] = field(default_factory=dict)
    news: Mapping[str, Mapping[str, ArticleText]] = field(default_factory=dict)
    dates: Mapping[str, date] = field(default_factory=dict)
    """Day of each news, from which on it is shown."""
    pictures: Mapping[str, SitePicture] = field(default_factory=dict)


class ArticleError(ValueError):
    """A text cannot be read: the line (0: the whole file), and what and what to do, a sentence each."""

    def __init__(self, line: int, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem
        self.remedy = remedy


def read_article(content: bytes) -> ArticleText:
    """A text with its front matter: TOML between two lines `+++`.

    Raises:
        ArticleError: it is too long, no UTF-8, or its front matter is wrong.
    """
    try:
        source = content.decode()
    except UnicodeDecodeError:
        raise ArticleError(0, "it is not UTF-8.", "Save it as UTF-8.") from None
    if len(source) > LONGEST_TEXT:
        remedy = f"Keep it under {LONGEST_TEXT} characters."
        raise ArticleError(0, "it is too long.", remedy)
    lines = source.splitlines()
    ends = [number for number, line in enumerate(lines) if line.strip() == FENCE]
    if len(ends) < 2 or ends[0] != 0:  # noqa: PLR2004 - it opens and closes
        remedy = f'Begin with a line {FENCE}, then title = "…", then a line {FENCE}.'
        raise ArticleError(1, "it has no front matter.", remedy)
    try:
        values = tomllib.loads("\n".join(lines[1 : ends[1]]))
        part = ArticlePart.model_validate(values)
    except tomllib.TOMLDecodeError as error:
        remedy = "Correct the TOML of the front matter."
        raise ArticleError(1, f"{error}.", remedy) from None
    except ValidationError as error:
        details = error.errors()[0]
        key = ".".join(map(str, details["loc"]))
        message = str(details["msg"])
        problem = f"{key}: {message[:1].lower()}{message[1:]}."
        remedy = "docs/reference/tenant.md says what the front matter takes."
        raise ArticleError(1, problem, remedy) from None
    body = "\n".join(lines[ends[1] + 1 :]).strip("\n")
    return ArticleText(part.title, part.summary, part.picture, body)


def body_line(content: bytes) -> int:
    """How many lines stand before the body of a text."""
    lines = content.decode().splitlines()
    fences = [number for number, line in enumerate(lines) if line.strip() == FENCE]
    end = fences[1] + 1
    while end < len(lines) and not lines[end]:
        end += 1
    return end


def read_content(
    files: Mapping[str, bytes], tenant: TenantFile, faults: list[TenantFault]
) -> SiteContent:
    """What the files have of it; what is wrong is added to the faults."""
    content_faults: list[TenantFault] = []
    pictures = _read_pictures(files, content_faults)
    pages, news, dates = _read_articles(
        files, tenant.territory.languages, content_faults
    )
    names = {path.removeprefix(PICTURES) for path in files if path.startswith(PICTURES)}
    targets = {f"/{PAGES}{slug}" for slug in pages} | {f"/{NEWS}{s}" for s in news}
    for path in sorted(files):
        if path.startswith((PAGES, NEWS)) and not any(
            path == fault.file for fault in content_faults
        ):
            content_faults += _check_article(path, files[path], names, targets)
    content_faults += _check_layout(tenant, set(pages), targets)
    content_faults += _check_buttons(tenant, names, pictures)
    faults += content_faults
    return SiteContent(pages, news, dates, pictures)


def _check_buttons(
    tenant: TenantFile, names: set[str], pictures: Mapping[str, SitePicture]
) -> Iterator[TenantFault]:
    """Pictures of the buttons of identity services of others: they stand whole in a page."""
    for number, part in enumerate(tenant.login.provider, 1):
        where = f"login.provider[{number}].picture"
        picture = pictures.get(part.picture)
        if part.picture and part.picture not in names:
            problem = f"«{part.picture}» is not among the pictures."
            remedy = "Put the file in pictures/, or leave the key out: the button then has words. On a page, leave the picture, and write to the operator of the installation, who changes this key."
            yield TenantFault("tenant.toml", where, problem, remedy)
        elif picture is not None and picture.weight > MOST_BUTTON_BYTES:
            problem = f"«{part.picture}» weighs {picture.weight} bytes."
            remedy = f"Keep the picture of a button under {MOST_BUTTON_BYTES} bytes."
            yield TenantFault("tenant.toml", where, problem, remedy)


def collect_content(files: Mapping[str, bytes]) -> SiteContent:
    """The same of files that were checked before: what is wrong by newer rules is left out."""
    faults: list[TenantFault] = []
    pictures = _read_pictures(files, faults)
    pages, news, dates = _read_articles(files, None, faults)
    return SiteContent(pages, news, dates, pictures)


def _read_pictures(
    files: Mapping[str, bytes], faults: list[TenantFault]
) -> dict[str, SitePicture]:
    alternatives = _read_alternatives(files, faults)
    names = []
    for path in sorted(files):
        if not path.startswith(PICTURES) or path == ALTERNATIVES:
            continue
        if match := PICTURE_NAME.fullmatch(path):
            names.append(match[1])
        else:
            faults.append(
                TenantFault(
                    path,
                    "its name",
                    "it is no picture that pages show.",
                    "Call it after a-z, 0-9 and «-», with png, jpg, webp or svg at the end.",
                )
            )
    pictures = {}
    for name in names:
        path = f"{PICTURES}{name}"
        try:
            facts = read_picture_facts(name, files[path])
        except PictureError as error:
            faults.append(TenantFault(path, "whole file", error.problem, error.remedy))
            continue
        if name not in alternatives:
            remedy = (
                f'Write [«{name}»] and alternative = {{ fr = "…" }} in {ALTERNATIVES}.'
            )
            problem = "nothing says what it shows to those who do not see it."
            faults.append(TenantFault(path, "its alternative", problem, remedy))
            continue
        pictures[name] = SitePicture(facts, alternatives[name], len(files[path]))
    faults += _check_picture_names(alternatives, names)
    total = sum(picture.weight for picture in pictures.values())
    if total > MOST_PICTURE_BYTES:
        remedy = f"Keep them under {MOST_PICTURE_BYTES} bytes."
        problem = f"together they weigh {total} bytes."
        faults.append(TenantFault(PICTURES, "all files", problem, remedy))
    return pictures


def _check_picture_names(
    alternatives: Mapping[str, Any], names: Sequence[str]
) -> Iterator[TenantFault]:
    for name in alternatives:
        if name not in names:
            yield TenantFault(
                ALTERNATIVES,
                name,
                "there is no such picture.",
                "Remove the table, or put the file beside it.",
            )


def _read_alternatives(
    files: Mapping[str, bytes], faults: list[TenantFault]
) -> dict[str, Mapping[str, str]]:
    try:
        tables = tomllib.loads(files.get(ALTERNATIVES, b"").decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        remedy = "Correct the TOML at this place."
        faults.append(TenantFault(ALTERNATIVES, "whole file", f"{error}.", remedy))
        return {}
    alternatives: dict[str, Mapping[str, str]] = {}
    for name, table in tables.items():
        try:
            alternatives[name] = PicturePart.model_validate(table).alternative
        except ValidationError as error:
            alternatives[name] = {}
            message = str(error.errors()[0]["msg"])
            remedy = 'Write alternative = { fr = "…", en = "…" }.'
            problem = f"{message[:1].lower()}{message[1:]}."
            faults.append(TenantFault(ALTERNATIVES, name, problem, remedy))
    return alternatives


Articles = dict[str, dict[str, ArticleText]]


def _read_articles(
    files: Mapping[str, bytes],
    languages: Sequence[str] | None,
    faults: list[TenantFault],
) -> tuple[Articles, Articles, dict[str, date]]:
    pages: Articles = {}
    news: Articles = {}
    dates: dict[str, date] = {}
    for path in sorted(files):
        if not path.startswith((PAGES, NEWS)):
            continue
        match = PAGE_NAME.fullmatch(path) or NEWS_NAME.fullmatch(path)
        try:
            parts = _read_name(match, languages)
            text = read_article(files[path])
            _note_day(parts, dates)
        except ArticleError as error:
            where = f"line {error.line}" if error.line else "whole file"
            faults.append(TenantFault(path, where, error.problem, error.remedy))
            continue
        articles = news if "date" in parts else pages
        articles.setdefault(parts["slug"], {})[parts["language"]] = text
    return pages, news, dates


def _note_day(parts: Mapping[str, str], dates: dict[str, date]) -> None:
    """Note the day of news.

    Raises:
        ArticleError: news of another day have the same name.
    """
    if "date" in parts:
        day = date.fromisoformat(parts["date"])
        if dates.setdefault(parts["slug"], day) != day:
            remedy = "Give both the same day, or another name to one."
            raise ArticleError(0, "another day has the same name.", remedy)


def _read_name(
    match: re.Match[str] | None, languages: Sequence[str] | None
) -> dict[str, str]:
    """The parts of the name of a text.

    Raises:
        ArticleError: it is no such name.
    """
    remedy = "Call it pages/<name>.<language>.md, or news/<year-month-day>-<name>.<language>.md."
    if match is None or len(match["slug"]) > LONGEST_SLUG:
        raise ArticleError(0, "its name is not one of a page or of news.", remedy)
    parts = match.groupdict()
    if languages is not None and parts["language"] not in languages:
        problem = f"«{parts['language']}» is not a language of the territory."
        raise ArticleError(0, problem, f"Choose among {', '.join(languages)}.")
    if "date" in parts and read_day(parts["date"]) is None:
        raise ArticleError(0, f"{parts['date']} is no day.", remedy)
    return parts


def read_day(text: str) -> date | None:
    """A day that news may have; None where it is no such day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    if day.year < FIRST_YEAR:
        return None
    return day


def _check_article(
    path: str, content: bytes, pictures: set[str], targets: set[str]
) -> Iterator[TenantFault]:
    text = read_article(content)
    if text.picture and text.picture not in pictures:
        reason = f"«{text.picture}» is not among the pictures."
        remedy = "Put the file in pictures/, or leave the picture out."
        yield TenantFault(path, "picture", reason, remedy)
    before = body_line(content)
    for problem in find_problems(text.body, pictures, targets):
        where = f"line {before + problem.line}"
        yield TenantFault(path, where, str(problem), problem.remedy)


def _check_layout(
    tenant: TenantFile, pages: set[str], targets: set[str]
) -> Iterator[TenantFault]:
    """Blocks, menu and footer that lead to a page or news that is not there."""
    for number, block in enumerate(tenant.home, 1):
        if block.page and block.page not in pages:
            where = f"home[{number}].page"
            remedy = f"Write pages/{block.page}.<language>.md, or choose another."
            yield TenantFault("tenant.toml", where, "no page has this name.", remedy)
    links = [(f"menu[{n}]", link) for n, link in enumerate(tenant.menu, 1)]
    links += [
        (f"footer[{n}]", link)
        for n, column in enumerate(tenant.footer, 1)
        for link in column.links
    ]
    for where, link in links:
        path = re.split(r"[?#]", link.to, maxsplit=1)[0]
        if path.startswith((f"/{PAGES}", f"/{NEWS}")) and path not in targets:
            problem = f"no page or news is at {path}."
            remedy = "Write it, or choose another."
            yield TenantFault("tenant.toml", f"{where}.to", problem, remedy)
