"""Each check of a criterion finds a page that breaks it, and nothing on one that does not."""

import pytest

from tests.pages import rgaa, together
from tests.pages.criteria import (
    CHECKED,
    CRITERIA,
    THEMES,
    broken_by,
    shipped_scripts,
    unheard,
)
from tests.pages.modes import MODES
from tests.rules import pages
from tests.rules.pages import Page

GOOD = """<!doctype html><html lang="en"><head><title>Trees – Armorine</title></head><body><a href="#content">Skip to content</a>
<header><nav class="nav main" aria-label="Main"><a href="/data">Data</a></nav><nav aria-label="Account"><a href="/login">Log in</a></nav></header>
<main id="content"><h1>The trees of the city and of its parks</h1><p lang="fr">Les arbres de la ville, par rue et par quartier.</p>
<figure role="group" aria-label="Heights"><svg aria-hidden="true"></svg><figcaption>Heights</figcaption></figure>
<table><caption>Trees</caption><tr><th scope="col">Name</th></tr><tr><td>Oak</td></tr></table>
<p>First table: <a href="/a">see the rows</a>. <a href="/files/trees.csv">The table (CSV, 12 kB)</a></p><p>Second table: <a href="/b">see the rows</a>.</p>
<iframe title="The first rows" src="/embed"></iframe>
<form action="/x"><fieldset><legend>Order</legend><label><input type="radio" name="o" value="1">Name</label><label><input type="radio" name="o" value="2">Date</label></fieldset>
<label for="m">Mail</label><input id="m" name="m" aria-invalid="true" aria-describedby="e"><p id="e">An address has an @.</p><button aria-label="Send the form">Send</button></form>
</main><footer></footer></body></html>"""
BAD = [
    (rgaa.told_pictures, '<img src="/a.png" alt="a.png">', "is called"),
    (
        rgaa.told_pictures,
        '<svg aria-hidden="true" aria-label="Trees"></svg>',
        "is hidden and has a name",
    ),
    (
        rgaa.told_pictures,
        "<figure><figcaption>Heights</figcaption></figure>",
        "caption that is not its name",
    ),
    (rgaa.titled_frames, '<iframe src="/x"></iframe>', "has no title"),
    (
        rgaa.told_tables,
        '<table><tr><th scope="col">a</th></tr></table>',
        "has no title",
    ),
    (
        rgaa.told_tables,
        "<table><caption>T</caption><tr><th>a</th></tr></table>",
        "has no scope",
    ),
    (
        rgaa.told_tables,
        '<table><caption>T</caption><tr><th scope="col"></th></tr></table>',
        "empty header cell",
    ),
    (
        rgaa.explicit_links,
        '<p>See <a href="/a">rows</a> and <a href="/b">rows</a>.</p>',
        "leads to /a and to /b",
    ),
    (
        rgaa.explicit_links,
        '<p><a href="/a" title="Elsewhere">rows</a></p>',
        "shows «rows» and says",
    ),
    (
        rgaa.told_files,
        '<p><a href="/files/trees.csv">The table</a></p>',
        "does not say its format",
    ),
    (
        rgaa.told_files,
        '<p><a href="/files/1" download>The table</a></p>',
        "does not say its format",
    ),
    (rgaa.known_languages, '<p lang="zzz">x</p>', "which no language has"),
    (rgaa.known_languages, '<p dir="left">x</p>', "no such direction"),
    (
        rgaa.told_languages,
        "<p>Les arbres de la ville et des parcs</p>",
        "is not said to be in fr",
    ),
    (
        rgaa.told_languages,
        '<p lang="fr">The trees of the city and of its parks</p>',
        "is not said to be in en",
    ),
    (rgaa.not_for_looks, "<p></p>", "is empty"),
    (rgaa.not_for_looks, "<p>a<br><br>b</p>", "two line breaks"),
    (rgaa.not_for_looks, "<p>- first</p>", "sign of a list"),
    (rgaa.not_for_looks, "<p>T I T L E S</p>", "spaces the letters"),
    (rgaa.no_drawing_attribute, "<center>x</center>", "only for looks"),
    (rgaa.no_drawing_attribute, '<p align="right">x</p>', "has the attribute align"),
    (rgaa.landmarks, "<footer></footer>", "one footer of the page"),
    (rgaa.landmarks, "<nav></nav><nav></nav>", "not told apart"),
    (rgaa.told_fields, '<input name="x" aria-invalid="true">', "says why"),
    (
        rgaa.told_fields,
        '<input type="radio" name="x"><input type="radio" name="x">',
        "no group says",
    ),
    (rgaa.told_fields, "<fieldset><input></fieldset>", "has no legend"),
    (rgaa.told_fields, "<select><optgroup></optgroup></select>", "has no label"),
    (
        rgaa.shown_names,
        '<button aria-label="Close">Send</button>',
        "shows «Send» and says «Close»",
    ),
    (rgaa.still, '<meta http-equiv="refresh" content="5">', "reloads by itself"),
    (rgaa.still, '<a href="/" accesskey="s">x</a>', "answers to a key"),
    (rgaa.still, '<a href="/" target="_blank">x</a>', "opens a window"),
]


def parsed(html: str) -> Page:
    return Page(html, "https://data.example/x", {}, None)


@pytest.mark.parametrize("rule", rgaa.RULES, ids=lambda rule: rule.__name__)
def test_a_good_page_has_no_fault(rule: pages.Rule) -> None:
    assert list(rule(parsed(GOOD))) == []


@pytest.mark.parametrize(
    ("rule", "added", "message"),
    BAD,
    ids=[f"{rule.__name__}: {message}" for rule, _, message in BAD],
)
def test_a_bad_page_has_one(rule: pages.Rule, added: str, message: str) -> None:
    faults = list(rule(parsed(GOOD.replace("</main>", f"</main>{added}"))))

    assert len(faults) == 1
    assert message in faults[0]


def test_a_page_says_its_type_and_begins_with_its_skip_link() -> None:
    assert list(rgaa.doctype(parsed(GOOD.removeprefix("<!doctype html>")))) == [
        "the document does not begin with its type"
    ]
    assert list(
        rgaa.skip_link(parsed(GOOD.replace('href="#content"', 'href="/"')))
    ) == ["the first link does not lead to the main part"]


def test_pages_are_told_apart_by_title_and_share_one_menu() -> None:
    assert together.title_of(parsed(GOOD)) == "Trees – Armorine"
    assert together.menu_of(parsed(GOOD)) == ("/data",)
    assert together.same_titles({"/a": "A", "/b": "B", "/c": "A"}) == [
        "/c and /a are both «A»"
    ]
    assert together.other_menus({"/a": ("/data",), "/b": ("/data",), "/c": ()}) == [
        "/c has another menu"
    ]


def test_the_table_has_every_criterion_and_names_only_checks_that_exist() -> None:
    check_names = (
        {rule.__name__ for rule in (*rgaa.RULES, *pages.RULES)}
        | set(MODES)
        | {"axe", "language", "titles", "menus", "ways"}
    )

    assert len(CRITERIA) == sum(THEMES.values()) == 106
    assert set(CHECKED) <= set(CRITERIA)
    assert {
        check for criterion in CRITERIA.values() for check in criterion.checks
    } <= check_names
    assert {rule.__name__ for rule in rgaa.RULES} <= {
        check for criterion in CRITERIA.values() for check in criterion.checks
    }


def test_a_fault_breaks_the_criteria_of_its_check() -> None:
    assert broken_by("told_tables") == ["5.4", "5.6", "5.7"]
    assert broken_by("axe", ("cat.text", "RGAAv4", "RGAA-1.1.2")) == ["1.1"]


def test_acts_that_no_script_listens_to_do_not_apply() -> None:
    assert unheard(shipped_scripts()) == {"12.10", "13.12"}, (
        "a rectangle is drawn with a pointer: people judge 13.10 and 13.11"
    )
    assert "12.10" not in unheard('field.addEventListener("keydown", act)')
    letter = 'field.addEventListener("keydown", (e) => { if (e.key === "s") act(); })'
    assert "12.10" not in unheard(letter)
