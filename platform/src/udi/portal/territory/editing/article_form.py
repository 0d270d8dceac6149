"""Pages and news written in a form: read, checked, and made into files of the draft."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from udi.kit import slugs
from udi.kit.errors import Refusal, Refusals
from udi.portal.tenants.content.files import (
    FENCE,
    LONGEST_SLUG,
    LONGEST_TEXT,
    NEWS_NAME,
    PAGE_NAME,
    ArticleText,
    read_day,
)
from udi.portal.tenants.content.markdown import find_problems
from udi.portal.territory.editing.block_form import Form
from udi.portal.territory.editing.draft import DraftSite

Folder = Literal["pages", "news"]
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
FORM_NAME = "new"
"""Where the form of a new one is: no page and no news has this name."""
LONGEST_TITLE = 150
LONGEST_SUMMARY = 300


@dataclass(frozen=True)
class ArticleInput:
    """What a form gives: a text for each language that has one."""

    slug: str
    day: date | None
    texts: Mapping[str, ArticleText]

    def files(self, folder: Folder) -> dict[str, bytes]:
        """The files of it."""
        name = f"{self.day}-{self.slug}" if self.day else self.slug
        return {
            f"{folder}/{name}.{language}.md": write_article(text)
            for language, text in self.texts.items()
        }


def write_article(text: ArticleText) -> bytes:
    """A text with its front matter."""
    values = {"title": text.title, "summary": text.summary, "picture": text.picture}
    lines = [
        f"{key} = {json.dumps(value, ensure_ascii=False)}"
        for key, value in values.items()
        if value
    ]
    return "\n".join([FENCE, *lines, FENCE, "", text.body.strip(), ""]).encode()


def make_slug(title: str) -> str:
    """A name for addresses: a title without accents, signs and capitals."""
    return slugs.make_slug(title, LONGEST_SLUG)


def _choose_slug(title: str) -> str:
    """The name that a title gives, which is never that of the form."""
    slug = make_slug(title)
    if slug == FORM_NAME:
        return f"{slug}-1"
    return slug


def list_files(files: Mapping[str, bytes], folder: Folder, slug: str) -> list[str]:
    """The paths of a page or of news, in every language."""
    pattern = PAGE_NAME if folder == "pages" else NEWS_NAME
    matches = {path: pattern.fullmatch(path) for path in files}
    return [path for path, match in matches.items() if match and match["slug"] == slug]


def read_article_form(
    form: Form,
    folder: Folder,
    draft: DraftSite,
    languages: Sequence[str],
    *,
    slug: str = "",
) -> ArticleInput:
    """What a form gives; `slug` is that of what is changed, empty for a new one.

    Raises:
        InvalidError: it cannot be shown; every fault is named.
    """
    refusals = Refusals()
    picture = str(form.get("picture") or "")
    if picture and picture not in draft.content.pictures:
        refusals.refuse("picture", "This picture is not here.", "Choose another.")
    texts = {}
    for language in languages:
        text = _read_text(form, language, picture)
        if text.title or text.body or text.summary:
            texts[language] = text
            refusals += _check_text(text, language, draft)
    if not texts:
        field = f"title_{languages[0]}"
        refusals.refuse(field, "The title is missing.", "Write one.")
    day = None
    if folder == "news":
        day = read_day(str(form.get("day") or ""))
        if day is None:
            refusals.refuse("day", "This is no day.", "Write year, month and day.")
    if not slug:
        title = next((text.title for text in texts.values() if text.title), "")
        slug = _choose_slug(title)
        if title:
            refusals += _check_slug(slug, folder, draft, languages)
    refusals.check("Nothing was changed.")
    return ArticleInput(slug, day, texts)


def _read_text(form: Form, language: str, picture: str) -> ArticleText:
    def read(name: str) -> str:
        text = str(form.get(f"{name}_{language}") or "").replace("\r\n", "\n")
        return CONTROLS.sub("", text).strip()

    title = " ".join(read("title").split())
    summary = " ".join(read("summary").split())
    return ArticleText(title, summary, picture, read("body"))


def _check_slug(
    slug: str, folder: Folder, draft: DraftSite, languages: Sequence[str]
) -> Iterator[Refusal]:
    field = f"title_{languages[0]}"
    if not slug:
        yield Refusal(
            field, "No address can be made of this title.", "Write letters or digits."
        )
    elif list_files(draft.files, folder, slug):
        yield Refusal(
            field, "Another has the same title.", "Write another, or change that one."
        )


def _check_text(
    text: ArticleText, language: str, draft: DraftSite
) -> Iterator[Refusal]:
    if not text.title:
        yield Refusal(f"title_{language}", "The title is missing.", "Write one.")
    sizes = {"title": LONGEST_TITLE, "summary": LONGEST_SUMMARY, "body": LONGEST_TEXT}
    for name, most in sizes.items():
        if len(getattr(text, name)) > most:
            yield Refusal(
                f"{name}_{language}",
                "This is too long.",
                "Keep it under %(most)s characters.",
                values={"most": str(most)},
            )
    if len(text.body) > LONGEST_TEXT:
        return
    problems = find_problems(text.body, draft.content.pictures, draft.targets)
    for problem in list(problems)[:1]:
        yield Refusal(
            f"body_{language}", problem.problem, problem.remedy, values=problem.values
        )


def find_uses(
    files: Mapping[str, bytes], removed: Sequence[str], words: Sequence[str]
) -> list[str]:
    """The other files that name one of these words whole: `oak.svg` is not `old-oak.svg`."""
    names = "|".join(re.escape(word) for word in words)
    pattern = re.compile(rf"(?<![a-z0-9-])(?:{names})(?![a-z0-9-])".encode())
    return [
        path
        for path, content in files.items()
        if path not in removed
        and path.endswith((".md", ".toml"))
        and pattern.search(content)
    ]


def form_values(texts: Mapping[str, ArticleText], day: date | None) -> dict[str, Any]:
    """The values of a form that shows what is there."""
    values: dict[str, Any] = {"day": day.isoformat() if day else ""}
    for language, text in texts.items():
        values[f"title_{language}"] = text.title
        values[f"summary_{language}"] = text.summary
        values[f"body_{language}"] = text.body
        values["picture"] = text.picture
    return values
