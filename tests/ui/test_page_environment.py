"""Pages come out of our environment as out of Jinja's own, whatever their templates call, include and import."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jinja2 import DictLoader, Environment, StrictUndefined, pass_context
from jinja2.exceptions import UndefinedError
from jinja2.runtime import Context

from udi.ui.page_environment import PageEnvironment

TEMPLATES = {
    "page": (
        '{% import "marks" as marks with context %}{% from "marks" import plain %}'
        "{% for item in items %}{% set last = item %}{{ marks.mark(item, tone='x') }}{{ plain(item) }}{{ shown(loop.index) }}{% endfor %}"
        '{% call(word) marks.box() %}{{ word }}{{ double("<a>") }}{% endcall %}{% include "part" %}'
        "{{ words.upper() }}{{ maker('y') }}{{ named(context='c', callee='d') }}"
    ),
    "marks": (
        "{% macro mark(text, tone='') %}<b class=\"{{ tone }}\">{{ text }}{{ words }}{{ site }}</b>{% endmacro %}"
        "{% macro plain(text) %}{{ text }}{{ site }}{% endmacro %}"
        "{% macro box() %}[{{ caller('&') }}]{% endmacro %}"
    ),
    "part": "{% set own = 3 %}{{ own }}{{ words }}{{ site }}",
    "ended": "{{ ended() }}",
}


class Maker:
    """Something that is called, and is no function."""

    def __call__(self, text: str) -> str:
        return f"<{text}>"


@pass_context
def show(context: Context, number: int) -> str:
    """What a template says of itself: a variable of its loop too."""
    return f"{number}{context['last']}{context['words']}"


def name(context: str, callee: str) -> str:
    return context + callee


def end() -> str:
    nothing: Iterator[str] = iter(())
    return next(nothing)


def render(kind: Callable[..., Environment], template: str = "page") -> str:
    environment = kind(
        loader=DictLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    environment.globals["site"] = "<site>"
    values: dict[str, Any] = {
        "items": ["<1>", "2"],
        "words": "été&",
        "double": lambda text: text * 2,
        "shown": show,
        "maker": Maker(),
        "named": name,
        "ended": end,
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


def test_globals_given_to_one_template_are_no_other_s() -> None:
    environment = PageEnvironment(loader=DictLoader({"a": "{{ x }}", "b": "{{ x }}"}))

    first = environment.get_template("a", globals={"x": "1"}).render()

    assert (first, environment.get_template("b").render()) == ("1", "")
