"""Pages come out of our environment as out of Jinja's own, whatever their templates call, include and import."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jinja2 import DictLoader, Environment, StrictUndefined, pass_context
from jinja2.exceptions import UndefinedError
from jinja2.runtime import Context
from markupsafe import Markup

from udi.ui.page_environment import PageEnvironment

TEMPLATES = {
    "page": (
        '{% import "marks" as marks with context %}{% from "marks" import plain %}'
        "{% for item in items %}{% set last = item %}{{ marks.mark(item, tone='x') }}{{ plain(item) }}{{ shown(loop.index) }}{% endfor %}"
        '{% call(word) marks.box() %}{{ word }}{{ double("<a>") }}{% endcall %}{% include "part" %}'
        "{{ words.upper() }}{{ maker('y') }}{{ maker.make('z') }}{% for item in items %}{% set last = item %}{{ maker.show(item) }}{% endfor %}{{ named(context='c', callee='d') }}"
    ),
    "marks": (
        "{% macro mark(text, tone='') %}<b class=\"{{ tone }}\">{{ text }}{{ words }}{{ site }}</b>{% endmacro %}"
        "{% macro plain(text) %}{{ text }}{{ site }}{% endmacro %}"
        "{% macro box() %}[{{ caller('&') }}]{% endmacro %}"
    ),
    "part": "{% set own = 3 %}{{ own }}{{ words }}{{ site }}",
    "ended": "{{ ended() }}",
    "values": (
        "{% for value in values %}{{ value }}|{{ value|string }};{% endfor %}"
        "{% set words %}{{ values[0] }}{% endset %}{{ words }}{% set safe = words|upper %}{{ safe }}"
        "{% autoescape false %}{{ values[0] }}{{ _('<i>') }}{% endautoescape %}"
    ),
    "messages": (
        "{{ _('A & <b>') }}{{ gettext('A & <b>') }}{{ _('%(a)s & <b>', a='<a>') }}{{ _(*['A']) }}{{ _(**{'message': 'A'}) }}"
        "{% for _ignored in [1] %}{{ _('in <i>') }}{% endfor %}"
        "{% macro say() %}{{ _('in <u>') }}{% endmacro %}{{ say() }}{{ [_('B'), 'c']|join(_(' & ')) }}"
    ),
    "lost": "{{ unknown('A') }}",
    "lost message": "{{ _('A') }}",
    "escaped": "{{ words }}",
}


class Maker:
    """Something that is called, and is no function."""

    def __call__(self, text: str) -> str:
        return f"<{text}>"

    def make(self, text: str) -> str:
        """The same by a method."""
        return self(text)

    @pass_context
    def show(self, context: Context, text: str) -> str:
        """A method that is given the context, with the variable of a loop."""
        return f"{text}{context['last']}{context['words']}"


@pass_context
def show(context: Context, number: int) -> str:
    """What a template says of itself: a variable of its loop too."""
    return f"{number}{context['last']}{context['words']}"


def name(context: str, callee: str) -> str:
    return context + callee


def end() -> str:
    nothing: Iterator[str] = iter(())
    return next(nothing)


class Drawing:
    """Something that says itself how it is shown."""

    def __html__(self) -> str:
        return "<svg>"

    def __str__(self) -> str:
        return "<drawing>"


class Words(str):
    """A text of a class of its own."""

    __slots__ = ()


def say(message: str, **values: str) -> Markup:
    """A message of ours, whose values are escaped."""
    return Markup(message) % values if values else Markup(message)  # noqa: S704 - the messages above


def render(kind: Callable[..., Environment], template: str = "page") -> str:
    environment = kind(
        loader=DictLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    environment.globals["site"] = "<site>"
    if template == "messages":
        environment.globals |= {"_": say, "gettext": say}
    elif template == "values":
        environment.globals["_"] = str
    values: dict[str, Any] = {
        "items": ["<1>", "2"],
        "words": "été&",
        "double": lambda text: text * 2,
        "shown": show,
        "maker": Maker(),
        "named": name,
        "ended": end,
        "values": [
            *("<", ">", "&", '"', "'", "a", "", "été"),
            *(Markup("<b>"), Words("<w>"), Drawing(), 3, 1.5, None, True, ["<"]),
        ],
    }
    return environment.get_template(template).render(values)


def test_pages_are_those_of_jinja() -> None:
    page = render(PageEnvironment)

    assert page == render(Environment)
    assert "&lt;a&gt;&lt;a&gt;" in page


@pytest.mark.parametrize("kind", [PageEnvironment, Environment])
def test_what_ends_before_it_began_is_shown_by_neither(
    kind: Callable[..., Environment],
) -> None:
    with pytest.raises(UndefinedError):
        render(kind, "ended")


@pytest.mark.parametrize("template", ["values", "messages"])
def test_values_and_messages_are_shown_as_jinja_shows_them(template: str) -> None:
    page = render(PageEnvironment, template)

    assert page == render(Environment, template)
    assert "<b>" in page


@pytest.mark.parametrize("kind", [PageEnvironment, Environment])
@pytest.mark.parametrize("template", ["lost", "lost message"])
def test_a_function_that_is_missing_is_refused(
    kind: Callable[..., Environment], template: str
) -> None:
    with pytest.raises(UndefinedError):
        render(kind, template)


def test_get_template_of_an_environment_with_other_options_has_those() -> None:
    environment = PageEnvironment(loader=DictLoader(TEMPLATES), autoescape=True)
    template = environment.get_template("escaped")
    plain = environment.overlay(autoescape=False)

    texts = [
        one.get_template("escaped").render(words="&") for one in (plain, environment)
    ]

    assert texts == ["&", "&amp;"]
    assert environment.get_template("escaped") is template


def test_get_template_loads_what_changed_where_it_is_asked_to() -> None:
    templates = {"a": "1"}
    environment = PageEnvironment(loader=DictLoader(templates), auto_reload=True)
    first = environment.get_template("a").render()
    templates["a"] = "2"

    assert (first, environment.get_template("a").render()) == ("1", "2")


def test_globals_given_to_one_template_are_no_other_s() -> None:
    environment = PageEnvironment(loader=DictLoader({"a": "{{ x }}", "b": "{{ x }}"}))

    first = environment.get_template("a", globals={"x": "1"}).render()

    assert (first, environment.get_template("b").render()) == ("1", "")


def test_text_and_values_that_follow_one_another_leave_as_one_piece() -> None:
    templates = {"a": "<p>{{ x }}</p>{{ x }}!{% if x %}{{ x }}{% endif %}"}
    environment = PageEnvironment(loader=DictLoader(templates), autoescape=True)

    pieces = list(environment.get_template("a").generate(x="<"))

    assert pieces == ["<p>&lt;</p>&lt;!", "&lt;"]
