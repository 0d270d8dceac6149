"""One compilation of a template serves every language: nothing of a language may be worked out before it is shown."""

import pytest
from jinja2 import Environment

from tests.depth import examples
from udi.ui.pages import PageRenderer, TemplateCache
from udi.ui.site import Site

pytestmark = pytest.mark.programs


@pytest.fixture(params=["portal", "node"])
def pages(request: pytest.FixtureRequest) -> PageRenderer:
    site: Site = request.getfixturevalue(f"{request.param}_site")
    return site.pages


def _compile(environment: Environment, name: str) -> str:
    """The Python that a template becomes; what that is compiled to depends on nothing else."""
    source, path, _ = environment.loader.get_source(environment, name)  # type: ignore[union-attr]  # each has one
    return environment.compile(source, name, path, raw=True)


@pytest.mark.programs
def test_a_template_compiles_to_the_same_in_each_language(pages: PageRenderer) -> None:
    first, *others = pages._environments.values()
    names = first.list_templates()

    others = others[: examples(1, len(others))]

    assert len(names) > 20
    for name in names[:: examples(2, 1)]:
        assert {_compile(other, name) for other in others} == {_compile(first, name)}, (
            name
        )


def test_what_was_compiled_is_kept_until_the_template_changes(
    pages: PageRenderer,
) -> None:
    cache = TemplateCache()
    environment = next(iter(pages._environments.values()))
    code = environment.compile("{{ one }}")
    bucket = cache.get_bucket(environment, "page.html", None, "{{ one }}")
    bucket.code = code
    cache.dump_bytecode(bucket)

    assert cache.get_bucket(environment, "page.html", None, "{{ one }}").code is code
    assert cache.get_bucket(environment, "page.html", None, "{{ two }}").code is None
