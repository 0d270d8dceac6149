"""The page checker finds each fault it is meant to find, and says nothing of a sound page."""

import pytest

from tests.rules.pages import check_page

URL = "http://demo.localhost:8000/datasets"
POLICY = "default-src 'none'; style-src 'self'; script-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": POLICY,
}
SOUND = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Données – Armorine</title><link rel="canonical" href="https://armorine.example/datasets">
<link rel="stylesheet" href="/static/0/udi.css"></head><body>
<a href="#content">Aller au contenu</a>
<nav aria-label="Langue"><a href="/language/en" lang="en" hreflang="en">English</a></nav>
<main id="content"><h1>Données</h1><h2 id="search">Chercher</h2>
<form action="/datasets" aria-labelledby="search"><label for="q">Mots</label><input id="q" name="q" aria-describedby="q-h">
<p id="q-h">Un mot suffit.</p><label><input type="checkbox" name="open"> Ouvertes</label><button>Chercher</button></form>
<ul><li><a href="/datasets/1">Arbres</a></li></ul><svg aria-hidden="true"></svg><img src="/icon.svg" alt="">
<table><tr><th scope="col">Nom</th></tr><tr><td>Arbres</td></tr></table></main></body></html>"""

PLANTED = [
    ("<h1>Données</h1>", "<h1>Données", "invalid HTML"),
    ("<!doctype html>", "", "invalid HTML"),
    ("<ul><li>", "<ul><p>Arbres</p><li>", "may not stand in"),
    (
        '<a href="/datasets/1">Arbres</a>',
        '<a href="/datasets/1"><button>Arbres</button></a>',
        "stands in another control",
    ),
    ('<th scope="col">Nom</th>', "<td>Nom</td>", "no header cell"),
    ("<title>Données – Armorine</title>", "", "one title"),
    ("<title>Données – Armorine</title>", "<title></title>", "one title"),
    ("Données – Armorine", "Armorine", "does not say"),
    ("Données – Armorine", "Données – Ailleurs", "does not end with the territory"),
    ('<html lang="fr">', "<html>", "no lang"),
    ('lang="en" hreflang="en"', 'hreflang="en"', "another language"),
    (' lang="en" hreflang="en"', "", "another language"),
    (
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "",
        "viewport is missing",
    ),
    ("initial-scale=1", "initial-scale=1, maximum-scale=1", "forbids zoom"),
    ("<h1>Données</h1>", "", "one h1"),
    ("<h1>Données</h1>", "<h1>Données</h1><h1>Encore</h1>", "one h1"),
    ('<h2 id="search">Chercher</h2>', '<h3 id="search">Chercher</h3>', "skips a level"),
    (
        '<h2 id="search">Chercher</h2>',
        '<h2 id="search">Chercher</h2><h2></h2>',
        "is empty",
    ),
    ('<main id="content">', '<main></main><main id="content">', "one main"),
    ('<p id="q-h">', '<p id="q-h"></p><p id="q-h">', "used twice"),
    ('<p id="q-h">', "<p>", "aria-describedby names «q-h»"),
    ('<label for="q">', '<label for="r">', "for names «r»"),
    ('href="#content"', 'href="#top"', "leads to «#top»"),
    ('href="#content"', 'href="#"', "leads to «#»"),
    ('<label for="q">Mots</label>', "", "has no label"),
    ('<label for="q">Mots</label>', '<label for="q"></label>', "has no label"),
    (
        "<button>Chercher</button>",
        "<button><svg aria-hidden='true'></svg></button>",
        "has no name",
    ),
    ("Arbres</a>", "</a>", "has no name"),
    (
        "<button>Chercher</button>",
        '<button>Chercher</button><input type="submit" value="">',
        "has no value",
    ),
    ("<button>Chercher</button>", '<input type="image" src="/map.svg">', "has no alt"),
    (' alt=""', "", "has no alt"),
    ('<svg aria-hidden="true">', "<svg>", "neither hidden nor named"),
    ('<svg aria-hidden="true">', '<svg role="img">', "image without a name"),
    ("Arbres</a>", "En savoir plus</a>", "says only"),
    ("Arbres</a>", "Click here</a>", "says only"),
    ("</head>", "<style>p{}</style></head>", "is inline"),
    ("</main>", "<script>1</script></main>", "is inline"),
    ("<h1>", '<h1 style="color:red">', "carries style"),
    ("<button>", '<button onclick="go()">', "carries onclick"),
    ('href="/datasets/1"', 'href="javascript:go()"', "runs a script"),
    ("<button>", '<button tabindex="2">', "positive tabindex"),
    ('<form action="/datasets" ', "<form ", "has no action"),
    ("<button>Chercher</button>", "", "has no button"),
    (
        "<button>Chercher</button>",
        '<button type="button">Chercher</button>',
        "has no button",
    ),
    ('src="/icon.svg"', 'src="https://cdn.example/icon.svg"', "loads from elsewhere"),
    (
        'href="/static/0/udi.css"',
        'href="//cdn.example/udi.css"',
        "loads from elsewhere",
    ),
    (
        "</main>",
        '<iframe title="x" src="https://n.example/" loading="lazy" sandbox=""></iframe></main>',
        "from elsewhere",
    ),
    (
        "</main>",
        '<details><summary>x</summary><iframe title="x" src="https://n.example/" loading="lazy"></iframe></details></main>',
        "from elsewhere",
    ),
    (
        "</main>",
        '<script src="http://localhost:8000/x.js"></script></main>',
        "loads from elsewhere",
    ),
]


def test_a_sound_page_has_no_fault() -> None:
    assert check_page(SOUND, url=URL, headers=HEADERS, territory="Armorine") == []


def test_a_frame_that_the_reader_opens_may_come_from_elsewhere() -> None:
    frame = '<details><summary>Voir</summary><iframe title="Table" src="https://n.example/" loading="lazy" sandbox=""></iframe></details>'

    assert (
        check_page(
            SOUND.replace("</main>", f"{frame}</main>"), url=URL, headers=HEADERS
        )
        == []
    )


@pytest.mark.parametrize(("sound", "planted", "message"), PLANTED)
def test_a_planted_fault_is_named(sound: str, planted: str, message: str) -> None:
    assert SOUND.count(sound) >= 1

    faults = check_page(
        SOUND.replace(sound, planted, 1), url=URL, headers=HEADERS, territory="Armorine"
    )

    assert any(message in fault for fault in faults), faults
    assert all(fault.startswith(URL) for fault in faults)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Content-Security-Policy", "", "Content-Security-Policy is missing"),
        (
            "Content-Security-Policy",
            POLICY.replace("default-src 'none'; ", ""),
            "default-src",
        ),
        (
            "Content-Security-Policy",
            POLICY.replace("default-src 'none'", "default-src 'self'"),
            "refuse by default",
        ),
        (
            "Content-Security-Policy",
            POLICY.replace("style-src 'self'", "style-src 'unsafe-inline'"),
            "'unsafe-inline'",
        ),
        (
            "Content-Security-Policy",
            POLICY.replace("script-src 'none'", "script-src cdn.example"),
            "lets scripts",
        ),
        (
            "Content-Security-Policy",
            POLICY.replace("; frame-ancestors 'none'", ""),
            "frame-ancestors",
        ),
        (
            "Content-Security-Policy",
            POLICY.replace("frame-ancestors 'none'", "frame-ancestors *"),
            "frame-ancestors",
        ),
        (
            "Content-Security-Policy",
            POLICY.replace("form-action 'self'", "form-action *"),
            "allows *",
        ),
        ("X-Content-Type-Options", "", "nosniff"),
        ("Content-Type", "text/plain", "content type"),
    ],
)
def test_a_weak_header_is_named(name: str, value: str, message: str) -> None:
    faults = check_page(
        SOUND, url=URL, headers=HEADERS | {name: value}, territory="Armorine"
    )

    assert any(message in fault for fault in faults), faults


def test_a_page_made_to_be_framed_may_be_and_sets_no_cookie() -> None:
    url = "http://demo.localhost:8000/embed/search"
    framed = POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")
    headers = HEADERS | {"Content-Security-Policy": framed}

    assert check_page(SOUND, url=url, headers=headers) == []
    assert any(
        "frame-ancestors" in fault
        for fault in check_page(SOUND, url=url, headers=HEADERS)
    )
    assert any(
        "cookie" in fault
        for fault in check_page(SOUND, url=url, headers=headers | {"Set-Cookie": "a=b"})
    )
