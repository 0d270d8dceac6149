"""Pages, news and pictures of a territory are checked whole; what they become on a page runs nothing."""

import contextlib
import re
import shutil
import struct
import zlib
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udi.portal.tenants.actions import register_values
from udi.portal.tenants.content.images import (
    PictureError,
    PictureFacts,
    read_picture_facts,
)
from udi.portal.tenants.content.markdown import ArticlePicture, render_markdown
from udi.portal.tenants.files import TenantFaultsError, read_folder
from udi.settings import Settings

DEMO = Path(__file__).parents[3] / "tenants/demo"
ARTICLE = '+++\ntitle = "Titre"\n+++\n'
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3">{}</svg>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEMO, tmp_path / "demo"))


def png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
    )


def test_the_demonstration_has_pages_news_and_pictures() -> None:
    content = read_folder(DEMO).content

    assert set(content.pages["about"]) == {"fr", "en"}
    assert content.dates["trees-counted"] == date(2026, 11, 16)
    assert content.news["trees-counted"]["en"].picture == "roadstead.svg"
    assert content.pictures["roadstead.svg"].facts == PictureFacts(
        "image/svg+xml", 720, 360
    )


def test_the_portal_alone_knows_the_layout() -> None:
    folder = read_folder(DEMO)

    site = register_values(folder, Settings(), "portal")["site"]

    assert site["home"][0] == {"kind": "search"}
    assert site["footer"][0]["links"][1]["to"] == "/news"
    assert site["version"] == folder.fingerprint
    assert "site" not in register_values(folder, Settings(), "node")


def write(path: str, content: str | bytes) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        target = folder / path
        target.parent.mkdir(exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        target.write_bytes(data)

    return spoil


def append(path: str, content: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        target = folder / path
        target.write_text(target.read_text() + content)

    return spoil


def drawing(inside: str) -> Callable[[Path], None]:
    return write("pictures/roadstead.svg", SVG.format(inside))


def layout(text: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / "tenant.toml"
        path.write_text(path.read_text().replace("[[organisation]]", text, 1))

    return spoil


BAD_FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "script": (
        write("pages/a.fr.md", f"{ARTICLE}Un\n\n<script>1</script>\n"),
        "pages/a.fr.md, line 6: “<script>1</script>” is HTML.",
    ),
    "fence with a space": (
        write("pages/a.fr.md", '+++\ntitle = "A"\n+++ \n\n<b>'),
        "line 5: “<b>” is HTML.",
    ),
    "HTML in a line": (
        write("pages/a.fr.md", f"{ARTICLE}Un <b onclick=a()>"),
        "line 4: “<b onclick=a()>” is HTML.",
    ),
    "link that runs": (
        write("pages/a.fr.md", f"{ARTICLE}[x](javascript:alert)"),
        "line 4: “javascript:alert” is no address",
    ),
    "link to nothing": (
        write("news/2026-01-02-a.fr.md", f"{ARTICLE}[x](/pages/b)"),
        "line 4: No page or news is at “/pages/b”.",
    ),
    "picture from elsewhere": (
        write("pages/a.fr.md", f"{ARTICLE}![x](https://b.example/x.png)"),
        "is not among the pictures.",
    ),
    "no front matter": (write("pages/a.fr.md", "# Titre"), "it has no front matter."),
    "front matter that is no TOML": (
        write("pages/a.fr.md", "+++\ntitle = Titre\n+++\n"),
        "Correct the TOML of the front matter.",
    ),
    "no title": (write("pages/a.fr.md", "+++\n+++\n"), "title: field required"),
    "picture that is not there": (
        write("pages/a.fr.md", '+++\ntitle = "A"\npicture = "b.png"\n+++\n'),
        "«b.png» is not among the pictures.",
    ),
    "language of others": (
        write("pages/a.xx.md", ARTICLE),
        "«xx» is not a language of the territory.",
    ),
    "name of no page": (write("pages/À propos.md", ARTICLE), "its name"),
    "day that is none": (
        write("news/2026-02-30-a.fr.md", ARTICLE),
        "2026-02-30 is no day.",
    ),
    "first of all days": (
        write("news/0001-01-01-a.fr.md", ARTICLE),
        "0001-01-01 is no day.",
    ),
    "one name, two days": (
        write("news/2026-11-17-trees-counted.fr.md", ARTICLE),
        "another day has the same name.",
    ),
    "too long": (write("pages/a.fr.md", ARTICLE + "é" * 40_001), "it is too long."),
    "no UTF-8": (write("pages/a.fr.md", b"\xff\xfe"), "it is not UTF-8."),
    "no alternative": (
        write("pictures/b.png", png(4, 3)),
        "nothing says what it shows to those who do not see it.",
    ),
    "alternative of nothing": (
        append("pictures/pictures.toml", '["b.png"]\nalternative = { fr = "B" }\n'),
        "there is no such picture.",
    ),
    "empty alternative": (
        write("pictures/pictures.toml", '["roadstead.svg"]\nalternative = {}\n'),
        'Write alternative = { fr = "…", en = "…" }.',
    ),
    "bomb": (
        write("pictures/b.png", png(60_000, 60_000)),
        "it is 60000 by 60000 points.",
    ),
    "heavy": (write("pictures/b.png", png(4, 3) + bytes(153_600)), "it weighs 15"),
    "another format": (write("pictures/b.jpg", png(4, 3)), "it is no JPEG."),
    "no picture": (write("pictures/b.gif", b"GIF89a"), "its name"),
    "drawing with a script": (
        drawing("<script/>"),
        "it holds a script, a link or a page.",
    ),
    "drawing that listens": (drawing('<path onload="a()"/>'), "it holds a script."),
    "drawing with HTML": (
        drawing("<foreignObject/>"),
        "it holds a script, a link or a page.",
    ),
    "drawing that loads": (
        drawing('<rect fill="url(https://a.example/x)"/>'),
        "it loads something.",
    ),
    "drawing with a link": (
        drawing('<use href="https://a.example"/>'),
        "it loads something.",
    ),
    "drawing that grows": (
        write(
            "pictures/roadstead.svg",
            f'<!DOCTYPE x [<!ENTITY a "b">]>{SVG.format("&a;")}',
        ),
        "it declares entities.",
    ),
    "drawing without size": (
        write("pictures/roadstead.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>'),
        "its size is not known.",
    ),
    "block of no kind": (
        layout('[[home]]\nkind = "carousel"\n\n[[organisation]]'),
        "home[11].kind",
    ),
    "block twice": (
        layout('[[home]]\nkind = "news"\n\n[[organisation]]'),
        "«news» is there twice",
    ),
    "option of another block": (
        layout('[[home]]\nkind = "page"\ncount = 3\n\n[[organisation]]'),
        "a block «page» has no option count",
    ),
    "block without its page": (
        layout('[[home]]\nkind = "page"\npage = "nowhere"\n\n[[organisation]]'),
        "no page has this name.",
    ),
    "menu to nowhere": (
        layout('[[menu]]\nlabel = { fr = "X" }\nto = "/nowhere"\n\n[[organisation]]'),
        "the portal has no page /nowhere",
    ),
    "menu that runs": (
        layout(
            '[[menu]]\nlabel = { fr = "X" }\nto = "javascript:a"\n\n[[organisation]]'
        ),
        "«javascript:a» leads nowhere",
    ),
    "menu to a page that is gone": (
        layout('[[menu]]\nlabel = { fr = "X" }\nto = "/pages/b"\n\n[[organisation]]'),
        "no page or news is at /pages/b.",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_what_cannot_be_shown_is_a_fault_with_its_place(
    folder: Path, case: str
) -> None:
    spoil, sentence = BAD_FILES[case]
    spoil(folder)

    with pytest.raises(TenantFaultsError) as caught:
        read_folder(folder)

    faults = [str(fault) for fault in caught.value.faults]
    assert len(faults) == 1, faults
    assert sentence in faults[0]


@pytest.mark.parametrize(
    ("name", "content", "size"),
    [
        ("a.png", png(7, 5), (7, 5)),
        (
            "a.jpg",
            b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x11\x08\x00\x05\x00\x07\x03",
            (7, 5),
        ),
        (
            "a.webp",
            b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x06\0\0\x04\0\0",
            (7, 5),
        ),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0/\x06\x00\x01\x00", (7, 5)),
        ("a.svg", SVG.format('<g fill="url(#a)"/>').encode(), (4, 3)),
    ],
)
def test_the_size_of_a_picture_is_read_from_its_first_bytes(
    name: str, content: bytes, size: tuple[int, int]
) -> None:
    facts = read_picture_facts(name, content)

    assert (facts.width, facts.height) == size


@given(st.sampled_from(["a.png", "a.jpg", "a.webp", "a.svg"]), st.binary(max_size=80))
def test_bytes_of_any_kind_are_a_picture_or_a_sentence(
    name: str, content: bytes
) -> None:
    starts = {"png": png(1, 1), "jpg": b"\xff\xd8", "webp": b"RIFF\0\0\0\0WEBP"}
    start = starts.get(name.rpartition(".")[2], b"")

    with contextlib.suppress(PictureError):
        facts = read_picture_facts(name, start + content)
        assert facts.width * facts.height > 0


class Scan(HTMLParser):
    """What a browser would see of some HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def find_picture(name: str) -> ArticlePicture | None:
    if name == "a.png":
        return ArticlePicture("/pictures/a.png?v=1", 'Un "dessin" <b>', 4, 3)
    return None


FRAGMENTS = st.sampled_from(
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "![a](a.png)",
        "![](a.png)", '![" onload=x](a.png)', "[a](<java\nscript:x>)", "[a]: data:text/html,x", "<javascript:alert(1)>",
        "# T", "\n\n", "> ", "```\n", "| a | b |\n|---|---|\n", "<svg onload=x>", "&#x6A;avascript:", "[x][a]", "`", "*",
        "<!--", "-->", '[a](https://b.example "onclick=x")', "![a](//b.example/x.png)", "\\", "<a href='vbscript:x'>",
    ]
)  # fmt: skip


@given(st.lists(FRAGMENTS | st.text(max_size=12), max_size=12).map("".join))
def test_no_markdown_makes_a_page_run_or_load_something(text: str) -> None:
    scan = Scan()
    scan.feed(render_markdown(text, find_picture))

    for tag, attributes in scan.elements:
        assert tag not in {"script", "svg", "iframe", "object", "style", "form", "h1"}
        assert not any(name.startswith("on") for name in attributes)
        assert set(attributes) <= {
            "href",
            "src",
            "alt",
            "width",
            "height",
            "loading",
            "start",
        }
        address = attributes.get("href") or ""
        schemes = re.findall(r"^\s*([a-z][a-z0-9+.-]*)\s*:", address.lower())
        assert set(schemes) <= {"http", "https", "mailto"}
        sources = [value for name, value in attributes.items() if name == "src"]
        assert [
            source for source in sources if not str(source).startswith("/pictures/")
        ] == []


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("# A\n## B\n# C", "232"),
        ("#### A\n###### B\n# C", "232"),
        ("## A\n##### B\n### C", "233"),
    ],
)
def test_headings_follow_each_other(text: str, levels: str) -> None:
    html = render_markdown(text, find_picture)

    assert "".join(re.findall(r"<h(\d)>", html)) == levels


def test_a_picture_has_its_words_and_its_size() -> None:
    html = render_markdown("![](a.png) ![Autre](a.png) ![Perdu](b.png)", find_picture)

    assert 'alt="Un &quot;dessin&quot; &lt;b&gt;"' in html
    assert 'alt="Autre"' in html
    assert html.count("<img") == 2
    assert html.count('width="4" height="3"') == 2
    assert "Perdu" in html
