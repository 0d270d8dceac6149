"""The title of a dataset, a project or a call says its language where a page shows it (RGAA 8.7): people write it in theirs.

A template shows a title in an element that has, or stands in, `title_tongue`, `tongue` or `lang`; a crumb of a path has
`title_tongue` third. What a sentence, a button or an attribute repeats of a title has no element of its own.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "platform/src/udi"
TEMPLATES = sorted(
    path
    for program in ("portal", "node")
    for path in (SOURCE / program).rglob("templates/**/*.html")
    if "emails" not in path.parts
)
EXPRESSION = re.compile(r"\{\{-?(.*?)-?\}\}", re.DOTALL)
STATEMENT = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
TITLE = re.compile(r"\.(?:\w+_)?title\b(?!\s*\()|\|\s*localised_title\b")
LANGUAGE = re.compile(r"\|\s*(?:title_)?tongue\b|\blang=")
CHOSEN = re.compile(r"\|\s*localised_title\b")
OF_CHOSEN = re.compile(r"\|\s*title_tongue\b|\blang=")
"""What a title needs that may be the main one, whose language the synopsis tells."""
SENTENCE = re.compile(
    r"^\s*(?:_|ngettext|ui\.(?:button|checkbox|facts|field|hidden)|drawn\.map|parts\.head)\("
)
"""A message, or a macro, which repeats a title among other words."""
MESSAGES = re.compile(r"\|\s*translated\b|\|\s*localised\b")
"""Words of ours, or of the territory in each of its languages."""
CRUMBS = re.compile(r"ui\.crumbs\(\[(.*)\]")
CRUMB = re.compile(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
MARK = "MARK{}MARK"
MARKED = re.compile(r"MARK(\d+)MARK")
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}  # fmt: skip
SIGNED = "a signed document holds the title as one text, and says no language"
FILES = "the name of a file or a table, which is no sentence of a language"
OTHERS = "as a catalogue or a service of others wrote it, which says no language"
REQUESTED = "a request keeps the title of its project as it was when it was sent"
PAST = "only the main title is kept of what is past"
EXCEPTIONS: dict[str, str] = {
    r".*\b(?:signed_agreement|agreement|listed|row|notice|rows|listed_agreement|held)\b[\w.]*\.(?:dataset|project)_title\b.*": SIGNED,
    r"node/datasets/.*: (?:part|entry|entry\.file|series|model|place)\.title\b.*": FILES,
    r"portal/nodes/.*: (?:report|row|action|refused_record|layer|chosen|entry|pair)\.(?:resource_)?title\b.*": OTHERS,
    r"portal/access/templates/(?:_thread|requests)\.html: .*case\.project\.title": REQUESTED,
    r"portal/dataspace/.*: listed\.title": OTHERS,
    r"portal/catalogue/templates/_places\.html: answer\.title": OTHERS,
    r"portal/catalogue/templates/ogc\.html: .*\.title": "as the OGC API gives it in the language that was asked for",
    r"portal/catalogue/templates/withdrawn\.html: withdrawal\.title": PAST,
    r"portal/notifications/.*: (?:change\.change|delivery)\.title": PAST,
    r"portal/projects/templates/_data_requests\.html: dataset\.title": PAST,
    r"node/datasets/templates/figures\.html: total\.title": PAST,
    r"node/datasets/templates/inbox\.html: item\.title": "a dataset, a space or a person, whose kind has no language",
    r"node/datasets/templates/_readme\.html: .*": "the text of an archive, which is no page",
}
"""By template and expression: why nothing is said of the language."""


class Outline(HTMLParser):
    """The elements of a template, and what expressions say in each."""

    def __init__(self, expressions: list[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.expressions = expressions
        self.open: list[tuple[str, str]] = []
        self.mute: list[str] = []

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        source = self.get_starttag_text() or ""
        texts = [self.expressions[int(number)] for number in MARKED.findall(source)]
        self.open.append((tag, " ".join([source, *texts])))

    def handle_endtag(self, tag: str) -> None:
        names = [name for name, _ in self.open]
        if tag in names:
            del self.open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if any(tag in {"title", "script"} for tag, _ in self.open):
            return
        for number in MARKED.findall(data):
            expression = self.expressions[int(number)]
            tells = OF_CHOSEN if CHOSEN.search(expression) else LANGUAGE
            if not any(tells.search(source) for _, source in self.open):
                self.mute.append(expression)


def find_mute_titles(text: str) -> Iterator[str]:
    """The expressions of a template that show a title without its language."""
    expressions: list[str] = []

    def mark(match: re.Match[str]) -> str:
        expressions.append(match[1].strip())
        return MARK.format(len(expressions) - 1)

    outline = Outline(expressions)
    blocks = re.sub(r"\{% block (?:title|description) %\}.*?\{% endblock %\}", "", text)
    outline.feed(EXPRESSION.sub(mark, STATEMENT.sub(" ", blocks)))
    outline.close()
    for expression in outline.mute:
        if TITLE.search(expression) and not (
            SENTENCE.search(expression)
            or MESSAGES.search(expression)
            or LANGUAGE.search(expression)
            or CRUMBS.search(expression)
        ):
            yield expression
    for expression in expressions:
        if crumbs := CRUMBS.search(expression):
            for crumb in CRUMB.findall(crumbs[1]):
                if TITLE.search(crumb) and not LANGUAGE.search(crumb):
                    yield crumb


def test_every_title_says_its_language() -> None:
    mute = [
        f"{path.relative_to(SOURCE)}: {expression}"
        for path in TEMPLATES
        for expression in find_mute_titles(path.read_text())
    ]
    unexplained = [
        line for line in mute if not any(re.fullmatch(e, line) for e in EXCEPTIONS)
    ]
    unused = [e for e in EXCEPTIONS if not any(re.fullmatch(e, line) for line in mute)]

    assert len(TEMPLATES) > 200
    assert unexplained == []
    assert unused == [], "an exception that is none any more"


def test_a_title_without_its_language_is_found() -> None:
    mute = [
        "<h1>{{ dataset.title }}</h1>",
        "<li><a href='/x'>{{ line|localised_title }}</a></li>",
        "<h3{{ line.titles|tongue }}>{{ line|localised_title }}</h3>",
        "<p>{% if a %}<b lang='fr'>x</b>{% endif %}{{ case.project.title }}</p>",
        '{{ ui.crumbs([(_("Home"), "/"), (call|localised_title|truncate(40), "")]) }}',
    ]
    sound = [
        "<h1{{ dataset|title_tongue }}>{{ dataset|localised_title }}</h1>",
        "<h1{{ call.titles|tongue }}><a>{{ call.title }}</a></h1>",
        "{% block title %}{{ dataset.title }}{% endblock %}",
        '<p>{{ _("The dataset “%(title)s”", title=dataset.title) }}</p>',
        '<p title="{{ dataset.title }}">x</p>',
        '{{ ui.crumbs([(call|localised_title, "", call|title_tongue)]) }}',
    ]

    assert [len(list(find_mute_titles(text))) for text in mute] == [1] * len(mute)
    assert [list(find_mute_titles(text)) for text in sound] == [[]] * len(sound)
