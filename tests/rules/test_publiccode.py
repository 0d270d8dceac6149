"""`publiccode.yml` has what the standard asks for, so that catalogues of public software can list this one."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
REQUIRED = (
    "publiccodeYmlVersion",
    "name",
    "url",
    "platforms",
    "categories",
    "developmentStatus",
    "softwareType",
    "description",
    "legal.license",
    "maintenance.type",
    "localisation.localisationReady",
    "localisation.availableLanguages",
)
"""Keys that version 0.4 makes mandatory; 0.5 and later ask for no other."""
KNOWN = {
    "": {
        *("publiccodeYmlVersion", "name", "applicationSuite", "url", "landingURL"),
        *("isBasedOn", "softwareVersion", "releaseDate", "logo", "platforms"),
        *("categories", "usedBy", "roadmap", "developmentStatus", "softwareType"),
        *("intendedAudience", "description", "legal", "maintenance", "localisation"),
        "dependsOn",
    },
    "intendedAudience": {"scope", "countries", "unsupportedCountries"},
    "legal": {"license", "mainCopyrightOwner", "repoOwner", "authorsFile"},
    "maintenance": {"type", "contractors", "contacts"},
    "localisation": {"localisationReady", "availableLanguages"},
}
"""Keys of version 0.4, by section; the standard's validator refuses others, but for sections of countries."""
KNOWN_OF_LANGUAGE = {
    *("localisedName", "genericName", "shortDescription", "longDescription"),
    *("documentation", "apiDocumentation", "features", "screenshots", "videos"),
    "awards",
}
PICTURES = {".png", ".jpg", ".jpeg"}
DEPRECATED = {"monochromeLogo", "inputTypes", "outputTypes"}
STATUSES = {"concept", "development", "beta", "stable", "obsolete"}
TYPES = {
    *("standalone/mobile", "standalone/iot", "standalone/desktop", "standalone/web"),
    *("standalone/backend", "standalone/other", "addon", "library"),
    "configurationFiles",
}
CATEGORIES = {
    *("data-analytics", "data-collection", "data-visualization", "collaboration"),
    *("digital-citizenship", "geographic-information-systems", "compliance-management"),
    *("document-management", "knowledge-management", "project-collaboration"),
}
"""Those of the standard's list that may describe this software."""
SCOPES = {
    *("agriculture", "culture", "defence", "education", "emergency-services"),
    *("employment", "energy", "environment", "finance-and-economic-development"),
    *("foreign-affairs", "healthcare", "infrastructures", "justice"),
    *("local-authorities", "manufacturing", "research", "science-and-technology"),
    *("security", "society", "sport", "tourism", "transportation", "welfare"),
}
SHORT, LONG = 150, range(150, 10_001)
NEEDED_BY_MAINTENANCE: dict[str, set[str]] = {
    "internal": {"contacts"},
    "community": {"contacts"},
    "contract": {"contractors"},
    "none": set(),
}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    """What the file says; days stay texts, as in YAML 1.2."""
    text = (ROOT / "publiccode.yml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - texts only
    return content


def look_up(content: Any, path: str) -> Any:
    """Return what stands at `section.key`, or an empty text."""
    for name in path.split("."):
        content = content.get(name, "")
        if not content:
            return ""
    return content


def test_every_required_key_has_a_value(declared: dict[str, Any]) -> None:
    assert [path for path in REQUIRED if not look_up(declared, path)] == []
    assert look_up({"legal": {"license": ""}}, "legal.license") == ""
    assert look_up({}, "legal.license") == ""


def test_no_key_is_unknown_to_the_standard(declared: dict[str, Any]) -> None:
    sections = {name: declared.get(name, {}) if name else declared for name in KNOWN}

    assert {name: set(keys) - KNOWN[name] for name, keys in sections.items()} == {
        name: set() for name in KNOWN
    }
    for text in declared["description"].values():
        assert set(text) - KNOWN_OF_LANGUAGE == set()
        assert {Path(path).suffix for path in text["screenshots"]} <= PICTURES


def test_values_are_those_of_the_standard(declared: dict[str, Any]) -> None:
    major, minor = map(int, declared["publiccodeYmlVersion"].split(".")[:2])

    assert (major, minor) >= (0, 4)
    assert declared["url"].startswith("https://")
    assert declared["developmentStatus"] in STATUSES
    assert declared["softwareType"] in TYPES
    assert set(declared["categories"]) <= CATEGORIES
    assert set(declared["intendedAudience"]["scope"]) <= SCOPES
    assert declared["localisation"]["localisationReady"] in {"true", "false"}
    assert DEPRECATED & set(declared) == set()
    assert DAY.fullmatch(declared.get("releaseDate", "2000-01-01"))


def test_maintenance_names_whom_its_type_needs(declared: dict[str, Any]) -> None:
    maintenance = declared["maintenance"]

    assert NEEDED_BY_MAINTENANCE[maintenance["type"]] <= set(maintenance)


def test_each_language_is_described(declared: dict[str, Any]) -> None:
    described = declared["description"]

    assert set(declared["localisation"]["availableLanguages"]) == set(described)
    for text in described.values():
        assert len(text["shortDescription"]) <= SHORT
        assert "\n" not in text["shortDescription"]
        assert len(text["longDescription"]) in LONG
        assert text["features"]
        pictures = text.get("screenshots", [])
        assert [path for path in pictures if not (ROOT / path).is_file()] == []


def test_the_licence_is_the_same_everywhere(declared: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    annotations = tomllib.loads((ROOT / "REUSE.toml").read_text())["annotations"]
    licence = declared["legal"]["license"]
    everything = {
        annotation["SPDX-License-Identifier"]
        for annotation in annotations
        if annotation["path"] == "**"
    }

    assert project["license"] == licence
    assert everything == {licence}
    text = (ROOT / f"LICENSES/{licence}.txt").read_text()
    assert text == (ROOT / "LICENSE").read_text()
