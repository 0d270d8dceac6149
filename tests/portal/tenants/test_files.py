"""A territory's files are checked whole: every fault says where it is and what to do."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from udi.portal.tenants.files import TenantFaultsError, read_folder

DEMO = Path(__file__).parents[3] / "tenants/demo"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEMO, tmp_path / "demo"))


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(TenantFaultsError) as caught:
        read_folder(folder)
    return [str(fault) for fault in caught.value.faults]


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "tenant.toml"
    source = path.read_text()
    assert old in source
    path.write_text(source.replace(old, new, 1))


def test_the_demonstration_territory_is_right() -> None:
    folder = read_folder(DEMO)

    assert folder.slug == "demo"
    assert set(folder.charter) == {"fr", "en"}
    assert folder.file.organisation[0].slug == "mairie-kerlevan"


def test_the_same_files_give_the_same_identifiers() -> None:
    first = read_folder(DEMO)
    second = read_folder(DEMO)

    assert first.tenant_id == second.tenant_id
    assert first.fingerprint == second.fingerprint
    town = first.file.organisation[0]
    assert first.organisation_id(town) == second.organisation_id(town)


def test_a_territory_lives_where_it_says_else_in_paris(folder: Path) -> None:
    edit(folder, 'time_zone = "Europe/Paris"\n', "")
    silent = read_folder(folder)
    edit(folder, "box = [", 'time_zone = "Pacific/Noumea"\nbox = [')

    assert silent.file.territory.time_zone == "Europe/Paris"
    assert read_folder(folder).file.territory.time_zone == "Pacific/Noumea"


CASES: dict[str, tuple[str, str, str, str]] = {
    "unknown key": (
        'contact = "equipe',
        'contcat = "equipe',
        "territory.contcat",
        "line",
    ),
    "host with a port": (
        'portal = ["demo.localhost"]',
        'portal = ["demo.localhost:80"]',
        "hosts.portal",
        "not a host name",
    ),
    "same host twice": (
        'node = ["node.demo.localhost"]',
        'node = ["demo.localhost"]',
        "hosts",
        "origin of their own",
    ),
    "unknown language": (
        'languages = ["fr", "en"]',
        'languages = ["fr", "xx"]',
        "territory.languages",
        "xx",
    ),
    "hue out of range": ("hue = 186", "hue = 999", "theme.hue", "360"),
    "not a mail address": (
        'sender = "ne-pas-repondre@armorine.example"',
        'sender = "nobody"',
        "mail.sender",
        "line",
    ),
    "slug like a node's client": (
        'slug = "demo"',
        'slug = "demo-node-sea"',
        "territory.slug",
        "node of another",
    ),
    "area upside down": (
        "48.22, -4.21, 48.49",
        "48.49, -4.21, 48.22",
        "territory.box",
        "south",
    ),
    "slug of another folder": (
        'slug = "demo"',
        'slug = "autre"',
        "territory.slug",
        "same name",
    ),
    "slug twice": (
        'slug = "seve"',
        'slug = "mairie-kerlevan"',
        "organisation.slug",
        "used twice",
    ),
    "account of an unknown organisation": (
        '{ mairie-kerlevan = ["publishers"] }',
        '{ nulle-part = ["publishers"] }',
        "account[1]",
        "no organisation",
    ),
    "unknown group": (
        '{ mairie-kerlevan = ["publishers"] }',
        '{ mairie-kerlevan = ["kings"] }',
        "account[1]",
        "kings",
    ),
    "zone that is not one": (
        'time_zone = "Europe/Paris"',
        'time_zone = "Bretagne"',
        "territory.time_zone, line",
        "such as Europe/Paris or Indian/Reunion",
    ),
    "zone misspelt": (
        'time_zone = "Europe/Paris"',
        'time_zone = "indian/réunion"',
        "territory.time_zone, line",
        "did you mean «Indian/Reunion»?",
    ),
    "broken TOML": ("[hosts]", "[hosts", "line", "TOML"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_names_its_key_or_line_and_the_remedy(folder: Path, case: str) -> None:
    old, new, where, word = CASES[case]
    edit(folder, old, new)

    faults = faults_of(folder)

    assert any(where in fault and word in fault for fault in faults), faults
    assert all(fault.startswith("tenant.toml, ") for fault in faults)


def test_the_line_of_a_fault_is_the_line_it_is_written_on(folder: Path) -> None:
    edit(folder, "hue = 186", "hue = 999")
    line = next(
        n
        for n, text in enumerate((folder / "tenant.toml").read_text().splitlines(), 1)
        if text == "hue = 999"
    )

    assert any(f"theme.hue, line {line}:" in fault for fault in faults_of(folder))


def test_all_faults_are_said_at_once(folder: Path) -> None:
    edit(folder, "hue = 186", "hue = 999")
    edit(folder, 'contact = "equipe@armorine.example"', 'contact = "nobody"')
    (folder / "charter.md").unlink()
    (folder / "charter.en.md").unlink()
    (folder / "theme.css").write_text(
        "body { background: url(https://elsewhere.example/x.png) }"
    )

    text = " ".join(faults_of(folder))

    assert all(
        word in text
        for word in (
            "theme.hue",
            "territory.contact",
            "charter.md",
            "theme.css, line 1",
        )
    )


def _binary(folder: Path) -> None:
    (folder / "tenant.toml").write_bytes(b"\xff\xfe\x00")


def _missing(folder: Path) -> None:
    (folder / "tenant.toml").unlink()


def _script(folder: Path) -> None:
    (folder / "logo.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
    )


@pytest.mark.parametrize(
    ("spoil", "word"), [(_binary, "UTF-8"), (_missing, "missing"), (_script, "script")]
)
def test_a_file_that_cannot_serve_is_refused(
    folder: Path, spoil: Callable[[Path], None], word: str
) -> None:
    spoil(folder)

    assert any(word in fault for fault in faults_of(folder))


@pytest.mark.parametrize(
    "rule",
    [
        "@\\69mport 'x.css';",
        "a { background: u\\72 l(https://x.example/y) }",
        "a { background: \\75\nrl(https://x.example/y) }",
        "a { background: u\\rl(https://x.example/y) }",
        "a { background: image-set('https://x.example/y' 1x) }",
    ],
)
def test_a_rule_that_loads_is_refused_in_any_writing(folder: Path, rule: str) -> None:
    (folder / "theme.css").write_text(f":root {{ --radius: 0 }}\n{rule}\n")

    faults = faults_of(folder)

    assert len(faults) == 1
    assert faults[0].startswith("theme.css, line 2: it loads something")


def test_escapes_that_load_nothing_stay_as_they_are(folder: Path) -> None:
    rule = 'a::before { content: "\\201C\\"" }\n'
    (folder / "theme.css").write_text(rule)

    assert read_folder(folder).theme_css == rule


def test_nul_is_replaced_in_texts_and_refused_in_values(folder: Path) -> None:
    (folder / "legal.md").write_bytes(b"# Mentions\0\n")
    (folder / "theme.css").write_bytes(b"a { color: red\0 }\n")
    (folder / "vocabulary.themes.tsv").write_bytes(b"Mer\0\tENVI\n")
    territory = read_folder(folder)

    assert territory.legal["fr"] == "# Mentions\ufffd\n"
    assert territory.theme_css == "a { color: red\ufffd }\n"
    assert territory.vocabularies["themes"] == {"Mer\ufffd": "ENVI"}

    edit(folder, 'sender_name = "', 'sender_name = "\\u0000')

    assert "mail.sender_name" in faults_of(folder)[0]
    assert "(NUL)" in faults_of(folder)[0]


def test_the_words_of_a_territory_are_read(folder: Path) -> None:
    (folder / "synonyms.ttl").write_text(
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . <x:tram> a skos:Concept ; "
        'skos:prefLabel "tramway"@fr ; skos:altLabel "tram"@en .'
    )

    assert [set(concept.labels) for concept in read_folder(folder).synonyms] == [
        {"tramway", "tram"}
    ]


@pytest.mark.parametrize(
    ("content", "where", "problem"),
    [
        (b"<x:a> a\n\n", "synonyms.ttl, line", "Write SKOS in Turtle"),
        (
            b'<x:a> <http://www.w3.org/2004/02/skos/core#prefLabel> "seul" .',
            "synonyms.ttl, whole file",
            "no two labels",
        ),
        (
            b'<x:a> <http://www.w3.org/2004/02/skos/core#prefLabel> "a", "b\\u0000" .',
            "synonyms.ttl, whole file",
            "control character",
        ),
        (b"# long\n" * 40_000, "synonyms.ttl, 280000 bytes", "too heavy"),
    ],
    ids=["no Turtle", "one label", "control character", "too heavy"],
)
def test_words_that_cannot_be_read_are_a_fault(
    folder: Path, content: bytes, where: str, problem: str
) -> None:
    (folder / "synonyms.ttl").write_bytes(content)

    faults = faults_of(folder)

    assert len(faults) == 1
    assert where in faults[0]
    assert problem in faults[0]


def test_whom_the_search_asks_is_an_address(folder: Path) -> None:
    edit(folder, "shared = true", 'shared = true\npartners = ["lyon"]')

    assert "search.partners" in faults_of(folder)[0]


def test_whose_data_are_shown_too_is_named_as_in_addresses(folder: Path) -> None:
    edit(folder, "shared = true", 'shared = true\nterritories = ["Pays de Retz"]')

    assert "search.territories" in faults_of(folder)[0]


def test_the_regional_demonstration_shows_the_territory_that_shares() -> None:
    region = read_folder(DEMO.parent / "demo-region")

    assert region.file.search.territories == [read_folder(DEMO).slug]
    assert read_folder(DEMO).file.search.shared
    assert not (DEMO.parent / "demo-region/demonstration").exists()
