"""The style sheet is one file, whose address changes with its content."""

import pytest
import tinycss2

from udi.ui import assets
from udi.ui.content_encodings import ENCODINGS, decompress


def served() -> assets.Asset:
    _, _, digest, name = assets.asset_url("udi.css").split("/")
    asset = assets.find_asset(digest, name)
    assert asset is not None
    return asset


def test_the_sheet_is_at_the_address_of_its_content() -> None:
    sheet = served()

    assert sheet.media_type == "text/css; charset=utf-8"
    assert {decompress(sheet.packed[encoding], encoding) for encoding in ENCODINGS} == {
        sheet.content
    }
    assert len(sheet.packed["br"]) < len(sheet.packed["gzip"])
    assert (
        assets.Asset("udi.css", sheet.content + b" ", "text/css").digest != sheet.digest
    )


def test_another_address_holds_nothing() -> None:
    assert assets.find_asset("0" * 12, "udi.css") is None
    assert assets.find_asset(served().digest, "../settings.py") is None
    with pytest.raises(KeyError):
        assets.asset_url("absent.css")


def test_the_sheet_says_the_same_without_its_spaces() -> None:
    source = "".join((assets.STATIC / name).read_text() for name in assets.SHEETS)

    assert rules(served().content.decode()) == rules(source)
    assert len(served().content) < 20_000
    assert b"url(" not in served().content
    assert b"@import" not in served().content


@pytest.mark.parametrize(
    ("css", "minified"),
    [
        ("a > b , c { color: red ; }", "a > b,c{color:red}"),
        ("/* x */ a { inset: calc(1px + 2px) }", "a{inset:calc(1px + 2px)}"),
        ("a :is(b, c) { margin: 0 0 }", "a :is(b,c){margin:0 0}"),
    ],
)
def test_only_needless_spaces_go(css: str, minified: str) -> None:
    assert assets.minify(css) == minified


def rules(css: str) -> list[str]:
    parsed = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    assert [rule for rule in parsed if rule.type == "error"] == []
    return [
        "".join(tinycss2.serialize([rule]).split()).replace(";}", "}")
        for rule in strip(parsed)
    ]


def strip(nodes: list[tinycss2.ast.Node]) -> list[tinycss2.ast.Node]:
    for node in nodes:
        for part in ("prelude", "content", "arguments"):
            inner = getattr(node, part, None)
            if inner:
                setattr(
                    node,
                    part,
                    strip([child for child in inner if child.type != "comment"]),
                )
    return nodes
