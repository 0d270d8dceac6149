"""Each type of problem leads to a page that explains it, on both programs and in both languages."""

import pytest
from litestar import Litestar

from tests.visitors import browse
from udi.kit.errors import UdiError
from udi.kit.tenancy import Territory
from udi.ui.problems import list_types

WORDS = ("title", "meaning", "advice")


def _subclasses(kind: type[UdiError]) -> list[type[UdiError]]:
    return [
        kind,
        *(deeper for below in kind.__subclasses__() for deeper in _subclasses(below)),
    ]


def test_every_class_with_a_word_of_its_own_says_what_it_means(
    portal_app: Litestar, node_app: Litestar
) -> None:
    named = [kind for kind in _subclasses(UdiError) if "slug" in vars(kind)]

    assert {"internal", "node-away", "too-heavy", "offset"} <= {
        kind.slug for kind in named
    }
    assert [
        kind for kind in named if not {"meaning", "advice", "title"} <= set(vars(kind))
    ] == []
    assert len({kind.slug for kind in named}) == len(named), (
        "two classes have the same word"
    )
    assert {kind.slug for kind in _subclasses(UdiError)} == {
        *list_types("portal"),
        *list_types("node"),
    }
    assert set(list_types("node")) - set(list_types("portal")) > {"too-heavy", "offset"}


@pytest.mark.parametrize("program", ["portal", "node"])
async def test_every_type_has_its_page_in_both_languages(
    demo: Territory, portal_app: Litestar, node_app: Litestar, program: str
) -> None:
    app = {"portal": portal_app, "node": node_app}[program]
    types = list_types(program)
    assert len(types) >= 18

    async with browse(app, demo) as visitor:
        listed = await visitor.get("/problems")
        for name, kind in types.items():
            english = await visitor.get(
                f"/problems/{name}", headers={"Accept-Language": "en"}
            )
            french = await visitor.get(
                f"/problems/{name}", headers={"Accept-Language": "fr"}
            )

            assert (english.status_code, french.status_code) == (200, 200)
            assert f'href="/problems/{name}"' in listed.text
            assert all(getattr(kind, word) in english.text for word in WORDS), name
            assert [
                word for word in WORDS if getattr(kind, word) in french.text
            ] == [], name


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/v1/producers/nobody", 404), ("POST", "/api/v1/producers", 405)],
)
async def test_the_type_of_a_refusal_resolves(
    demo: Territory, portal_app: Litestar, method: str, path: str, status: int
) -> None:
    async with browse(portal_app, demo) as program:
        refusal = await program.request(method, path)
        explained = await program.get(refusal.json()["type"])

    assert (refusal.status_code, refusal.json()["status"]) == (status, status)
    assert explained.status_code == 200
    assert refusal.json()["title"] in explained.text


async def test_a_name_that_no_problem_has_is_refused(
    demo: Territory, portal_app: Litestar
) -> None:
    async with browse(portal_app, demo) as visitor:
        answer = await visitor.get("/problems/none")

    assert answer.status_code == 404
    assert "Aucun problème ne porte ce nom." in answer.text
