"""Markdown of a territory: checked for what pages may not hold, and made into HTML that can be trusted."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

TAGS = {
    "h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "a", "strong", "em", "code", "pre", "blockquote", "hr", "br",
    "table", "thead", "tbody", "tr", "th", "td", "img",
}  # fmt: skip
ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "loading"},
    "ol": {"start"},
}
SCHEMES = {"http", "https", "mailto"}
PICTURES = ("/pictures/", "/territory/site/pictures/")
"""Where pictures of pages are, online and in the draft."""
DEEPEST_HEADING = 6
MOST_QUOTED = 40
RENDERER = MarkdownIt("commonmark", {"html": False}).enable("table")
READER = MarkdownIt("commonmark", {"html": True}).enable("table")
READER.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005 - so that a bad link is seen, and named
FindPicture = Callable[[str], "ArticlePicture | None"]


@dataclass(frozen=True)
class ArticlePicture:
    """A picture as a page shows it: address, words for it, size in points."""

    address: str
    alternative: str
    width: int
    height: int


@dataclass(frozen=True)
class MarkdownProblem:
    """What a text may not hold: the line, from 1; what, with its values; and what to do, a sentence each."""

    line: int
    problem: str
    remedy: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.problem % self.values


def find_problems(
    text: str, pictures: Collection[str], targets: set[str]
) -> Iterator[MarkdownProblem]:
    """What in a text would not be shown, or would lead nowhere; `targets` are the paths of own pages and news."""
    for token in READER.parse(text):
        line = (token.map or [0])[0] + 1
        for part in [token, *(token.children or ())]:
            yield from _check_token(part, line, pictures, targets)


def _check_token(
    token: Token, line: int, pictures: Collection[str], targets: set[str]
) -> Iterator[MarkdownProblem]:
    if token.type in {"html_block", "html_inline"}:
        yield MarkdownProblem(
            line,
            "“%(html)s” is HTML.",
            "Write it in Markdown; scripts are never shown.",
            {"html": token.content.strip()[:MOST_QUOTED]},
        )
    elif token.type == "link_open":
        target = str(token.attrGet("href") or "")
        if problem := _find_link_problem(target, targets):
            yield MarkdownProblem(line, problem, "Correct the link.", {"to": target})
    elif token.type == "image":
        name = str(token.attrGet("src") or "")
        if name not in pictures:
            yield MarkdownProblem(
                line,
                "“%(name)s” is not among the pictures.",
                "Add it to the pictures, and write the name of its file alone.",
                {"name": name},
            )


def _find_link_problem(target: str, targets: set[str]) -> str:
    """What is wrong with the target of a link; empty where nothing is."""
    try:
        address = urlsplit(target)
    except ValueError:
        return "“%(to)s” is no address that a link may have."
    if address.scheme not in SCHEMES | {""} or target.startswith("//"):
        return "“%(to)s” is no address that a link may have."
    is_own = address.path.startswith(("/pages/", "/news/")) and not address.scheme
    if is_own and address.path not in targets:
        return "No page or news is at “%(to)s”."
    return ""


def render_markdown(text: str, find_picture: FindPicture, *, top: int = 2) -> Markup:
    """A text as HTML that holds no script, whatever the text: its headings follow each other from level `top`."""
    tokens = RENDERER.parse(text)
    _order_headings(tokens, top)
    for token in tokens:
        for part in token.children or ():
            if part.type == "image":
                _place_picture(part, find_picture)
    clean = nh3.clean(
        RENDERER.renderer.render(tokens, RENDERER.options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_filter_attribute,
        url_schemes=SCHEMES,
        link_rel=None,
    )
    return Markup(clean)  # noqa: S704 - sanitised


def _order_headings(tokens: list[Token], top: int) -> None:
    """Give headings the level of their depth, so that none is skipped, whichever marks were written."""
    marks: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1])
            while marks and marks[-1] >= level:
                marks.pop()
            marks.append(level)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(DEEPEST_HEADING, top - 1 + len(marks))}"


def _place_picture(token: Token, find_picture: FindPicture) -> None:
    """Give a picture its address, its words and its size; one that is not here is left as its words."""
    picture = find_picture(str(token.attrGet("src") or ""))
    written = "".join(part.content for part in token.children or ())
    if picture is None:
        token.type = "text"
        token.content = written
        return
    token.attrSet("src", picture.address)
    token.attrSet("width", str(picture.width))
    token.attrSet("height", str(picture.height))
    token.attrSet("loading", "lazy")
    token.children = [Token("text", "", 0, content=written or picture.alternative)]


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src" and not value.startswith(PICTURES):
        return None
    return value


def scroll_tables(html: Markup, label: str) -> Markup:
    """The same, each table with a label, its header cells heading columns, in a frame that alone scrolls on a narrow screen."""
    frame = Markup('<div class="scroll" tabindex="0" role="group" aria-label="%s">') % (
        escape(label)
    )
    table = Markup('<table aria-label="%s">') % label
    opened = re.sub("<table>", lambda _: f"{frame}{table}", html)
    opened = re.sub(r"<th(?=[ >])", '<th scope="col"', opened)
    return Markup(opened.replace("</table>", "</table></div>"))  # noqa: S704 - of sanitised parts
