"""What a site asks of programs, in the words of RFC 9309."""

from time import process_time

import pytest

from udi.portal.nodes.sources.robots import parse_robots

CKAN = """User-agent: *
Disallow: /dataset/rate/
Disallow: /dataset/*/history
Disallow: /api/
Crawl-Delay: 10
"""


def test_the_catalogue_that_was_registered_is_read_though_search_engines_are_kept_out() -> (
    None
):
    robots = parse_robots(CKAN)

    assert robots.allows("https://x.example/api/3/action/package_search", invited=True)
    assert not robots.allows(
        "https://x.example/api/3/action/package_search", invited=False
    )
    assert robots.allows("https://x.example/dataset/a", invited=False)
    assert robots.delay == 10


def test_rules_that_name_us_hold_wherever_we_ask() -> None:
    robots = parse_robots(
        "User-agent: udi/1.0\nUser-agent: Other\nDisallow: /\nAllow: /open\n\nUser-agent: *\nAllow: /"
    )

    assert not robots.allows("https://x.example/catalogue", invited=True)
    assert robots.allows("https://x.example/open/c.ttl", invited=True)


@pytest.mark.parametrize(
    ("pattern", "path", "allowed"),
    [
        ("/a", "/abc", False),
        ("/a$", "/abc", True),
        ("/a$", "/a", False),
        ("/*.json$", "/x/data.json", False),
        ("/*.json$", "/x/data.json?v=1", True),
        ("/*.json", "/x/data.json?v=1", False),
        ("/a*b*c", "/a1b2c3", False),
        ("/a*b*c", "/a1c2b3", True),
        ("/a*.pdf$", "/a.pdf", False),
        ("*/private", "/private/x", False),
        ("/caf%C3%A9", "/café", False),
        ("", "/anything", True),
        ("/" + "*a" * 2000, "/" + "a" * 1000, True),
    ],
)
def test_a_pattern_means_what_the_standard_says(
    pattern: str, path: str, *, allowed: bool
) -> None:
    robots = parse_robots(f"User-agent: *\nDisallow: {pattern}")

    assert robots.allows(f"https://x.example{path}", invited=False) is allowed


def test_the_longest_rule_wins_and_allowing_wins_between_two_as_long() -> None:
    robots = parse_robots(
        "User-agent: *\nDisallow: /data\nAllow: /data/open\nDisallow: /same\nAllow: /same"
    )

    assert robots.allows("https://x.example/data/open/1", invited=False)
    assert not robots.allows("https://x.example/data/1", invited=False)
    assert robots.allows("https://x.example/same", invited=False)


def test_what_is_no_robots_page_asks_nothing() -> None:
    for text in (
        "",
        "<html><body>404</body></html>",
        "Disallow: /",
        "\ufeff# nothing\n::::\n",
    ):
        assert parse_robots(text).allows("https://x.example/a", invited=False)


def test_a_group_is_of_all_the_programs_that_begin_it_and_ends_with_the_next() -> None:
    robots = parse_robots(
        "User-agent: other\n# a comment\n\nUser-agent: UDI\nSitemap: /map\nCrawl-delay: 2\nDisallow: /a\n"
        "User-agent: other\nDisallow: /b\n\nUser-agent: udi\nDisallow: /c\nUser-agent: *\nCrawl-delay: 7\nDisallow: /"
    )

    paths = {
        path: robots.allows(f"https://x.example/{path}", invited=False)
        for path in "abcd"
    }
    assert paths == {"a": False, "b": True, "c": False, "d": True}
    assert robots.delay == 2


@pytest.mark.parametrize("names", ["User-agent: a{}\n", "User-agent: udi\n# {}\n"])
def test_thousands_of_programs_and_rules_take_no_time(names: str) -> None:
    agents = "".join(names.format(number) for number in range(1200))
    rules = "".join(f"Disallow: /{number}\n" for number in range(2500))
    begin = process_time()

    robots = parse_robots(f"{agents}{rules}User-agent: *\nDisallow: /private")

    assert process_time() - begin < 1
    assert robots.allows("https://x.example/open", invited=False)
