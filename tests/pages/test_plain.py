"""What counts as a sentence of ours, how long it may be, and the pictures that say no size."""

import pytest
from playwright.async_api import Browser

from tests.pages import plain
from tests.pages.modes import unsized
from tests.rules.pages import Page

LONG = "We " + "really " * plain.LONGEST["en"] + "mean it."


def parsed(body: str, url: str = "https://data.example/data") -> Page:
    return Page(
        f'<!doctype html><html lang="en"><title>x</title><main>{body}</main></html>',
        url,
        {},
        None,
    )


def test_sentences_are_ours_alone_and_end_where_they_do() -> None:
    page = parsed(
        '<p>Three trees stand. <strong>They are</strong> oaks! Of 3.5 metres.</p><p dir="auto">What a producer wrote.</p>'
        '<p lang="fr">Ce qui est en français.</p><ul><li>An item here<ul><li>One inside it</li></ul></li></ul><code>not a word</code>'
    )

    assert list(plain.sentences(page)) == [
        "Three trees stand.", "They are oaks!", "Of 3.5 metres.", "An item here", "One inside it",
    ]  # fmt: skip
    assert plain.words("Of 3.5 metres, don’t count 7") == 4


def test_a_long_sentence_is_a_fault_and_so_is_a_page_of_them() -> None:
    middling = "<p>" + "word " * (plain.MEAN["en"] + 1) + "end.</p>"

    assert list(plain.long_winded(parsed("<p>Short words are read.</p>"), "en")) == []
    assert len(list(plain.long_winded(parsed(f"<p>{LONG}</p>"), "en"))) == 1
    assert len(list(plain.long_winded(parsed(middling * plain.MANY), "en"))) == 1
    assert list(plain.long_winded(parsed(middling * (plain.MANY - 1)), "en")) == []


def test_a_word_of_specialists_is_a_fault_where_everybody_reads() -> None:
    paragraph = "<p>Send the payload to the server.</p>"

    assert len(list(plain.jargon(parsed(paragraph), "en"))) == 2
    assert list(plain.jargon(parsed(paragraph, "https://data.example/api"), "en")) == []
    assert list(plain.jargon(parsed("<p>Choose CSV or JSON here.</p>"), "en")) == []


@pytest.mark.parametrize(
    ("picture", "faults"),
    [
        ('<img src="data:," alt="" width="10" height="10">', 0), ('<img src="data:," alt="">', 1),
        ('<img src="data:," alt="" style="width: 10px; aspect-ratio: 1">', 0), ('<svg viewBox="0 0 9 9" width="9"></svg>', 0),
        ('<svg viewBox="0 0 9 9"></svg>', 1), ('<iframe title="x" style="width: 10px"></iframe>', 1),
    ],
)  # fmt: skip
async def test_a_picture_without_a_size_is_a_fault(
    browser: Browser, picture: str, faults: int
) -> None:
    page = await browser.new_page()
    await page.set_content(picture)

    assert len(await unsized(page)) == faults
