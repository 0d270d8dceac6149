"""What asks: a person's browser, a program, or a robot; recognised by the name that it gives itself."""

import re
from enum import StrEnum

LONGEST = 400
ROBOTS = re.compile(
    r"bot\b|bot[/_-]|crawl|spider|slurp|scrap[ei]|archiver|wayback|facebookexternalhit|preview|feedfetcher|feedly"
    r"|monitor|uptime|pingdom|statuscake|headless|lighthouse|scan(?:ner)?\b|nmap|nikto|sqlmap|masscan|zgrab|censys"
    r"|heritrix|yandex(?:images|media)|^mozilla/.*\+https?://"
)
"""The last: what is no browser and calls itself one says where to read about it."""
PROGRAMS = re.compile(
    r"curl|wget|python|httpx|aiohttp|urllib|requests|go-http|java/|okhttp|apache-http|libwww-perl|perl|ruby|php|guzzle"
    r"|node|axios|undici|deno|got \(|postman|insomnia|powershell|qgis|arcgis|gdal|ogr|duckdb|httr|rcurl|libcurl|julia"
    r"|dart|reqwest|rust|excel|power ?query|libreoffice|tableau|fme|ckan|opendatasoft|udata|geonetwork|rudi|udi/"
)
BROWSERS = re.compile(r"mozilla/|opera/|lynx/|w3m/|links ")


class ClientKind(StrEnum):
    """Who used the data, as far as a name tells."""

    PEOPLE = "people"
    PROGRAMS = "programs"
    ROBOTS = "robots"


def client_of(user_agent: str) -> ClientKind:
    """The class of a client.

    A library is a program that somebody wrote to use the data, not a robot; so is what gives no name, or one that is no
    browser's. Robots wander, copy or watch the whole web.
    """
    name = user_agent[:LONGEST].lower()
    if ROBOTS.search(name):
        return ClientKind.ROBOTS
    if PROGRAMS.search(name) or not BROWSERS.match(name):
        return ClientKind.PROGRAMS
    return ClientKind.PEOPLE
