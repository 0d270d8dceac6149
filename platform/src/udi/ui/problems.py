"""A page for each type of problem (RFC 9457, section 3.1.1): what it means and what to do, in the reader's language."""

from collections.abc import Iterator

from litestar import Response, get
from litestar.params import FromPath

from udi.kit.errors import NotFoundError, UdiError
from udi.ui.dependencies import AnyRequest, Routes

PATH = "/problems"
PACKAGES = {"portal": ("udi.portal.",), "node": ("udi.node.", "udi.tabular.")}
"""Whose types of problems the other program does not show."""


def list_types(program: str) -> dict[str, type[UdiError]]:
    """Each type that a program can answer, by its word, in the order of their statuses."""
    others = tuple(
        package
        for name, packages in PACKAGES.items()
        if name != program
        for package in packages
    )
    kinds = [
        kind
        for kind in _iterate_types(UdiError)
        if not kind.__module__.startswith(others)
    ]
    return {
        kind.slug: kind
        for kind in sorted(kinds, key=lambda kind: (kind.status, kind.slug))
    }


def _iterate_types(kind: type[UdiError]) -> Iterator[type[UdiError]]:
    """The class and those below it that have a word of their own."""
    if "slug" in vars(kind):
        yield kind
    for below in kind.__subclasses__():
        yield from _iterate_types(below)


@get(PATH, sync_to_thread=False)
def show_problems(request: AnyRequest) -> Response[str]:
    """Every type of problem."""
    site = request.app.state.site
    problem_types = list_types(site.program)
    page: Response[str] = site.pages.render(
        request, "ui/problems.html", problems=problem_types.values()
    )
    return page


@get(f"{PATH}/{{name:str}}", sync_to_thread=False)
def show_problem(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """What one type means, and what to do."""
    site = request.app.state.site
    problem = list_types(site.program).get(name)
    if problem is None:
        raise NotFoundError(
            "No problem has this name.", remedy="Look for it in the list of problems."
        )
    page: Response[str] = site.pages.render(request, "ui/problem.html", problem=problem)
    return page


routes: Routes = [show_problems, show_problem]
