"""Whatever is answered, the territory made is right, whole and free of what belongs to others."""

import itertools
import re
import subprocess
from pathlib import Path
from zoneinfo import available_timezones

import pytest
import yaml

from tests.ansible.excerpt import write_checks
from tests.ansible.machine import ansible
from tests.copier.conftest import ROOT, Render
from udi.portal.tenants.files import read_folder

pytestmark = pytest.mark.programs
thorough = pytest.mark.thorough

NAMES = ("Pays de la Rade", "Île-d’Œssant & Cœur d'Été (Plœuc)", "Łódź «Ÿ»")
SLUGS = ("a", "9", "q" * 40, "l-" * 19 + "ha")
EXTREMES = {(SLUGS[0], "mutualised"), (SLUGS[2], "own")}
"""The shortest and the longest."""
WAYS = (("own", "one"), ("own", "several"), ("mutualised", "one"))
LANGUAGES = ("fr,en", "en,fr", "es,en", "fr", "en", "es")
GROUPS = {"db", "identity", "portal", "node", "proxy"}
LEFTOVERS = re.compile(
    r"\{\{|\}\}|\{%|%\}|Armorine|Kerl|Rennes|rudi\.|example|(?-i:TODO)|FIXME|XXX|None|password",
    re.IGNORECASE,
)
MATRIX = list(itertools.product(WAYS, LANGUAGES, NAMES))
USUAL = [
    (WAYS[place % len(WAYS)], languages, NAMES[(place + place // 3) % len(NAMES)])
    for place, languages in enumerate(LANGUAGES)
]
"""A ninth of them, in which each answer is given; each way and each name twice, with another of the other."""


def texts(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def check_made(folder: Path, slug: str) -> None:
    """The territory passes `udi tenant check`, and every file is what its kind must be."""
    read_folder(folder / "tenants" / slug)
    text_by_name = texts(folder)
    assert [
        f"{name}: {LEFTOVERS.findall(text)}"
        for name, text in text_by_name.items()
        if LEFTOVERS.search(text)
    ] == []
    assert [name for name in text_by_name if LEFTOVERS.search(name)] == []
    assert [
        name
        for name, text in text_by_name.items()
        if not text.strip() or not text.endswith("\n")
    ] == []
    for path in folder.rglob("*.yml"):
        assert isinstance(yaml.safe_load(path.read_text()), dict)
    for path in [*folder.glob("bin/*"), folder / ".ci/check"]:
        assert path.stat().st_mode & 0o111
        subprocess.run(["sh", "-n", path], check=True)


@pytest.mark.parametrize(
    ("way", "languages", "name"),
    [
        pytest.param(*answers, marks=[] if answers in USUAL else [thorough])
        for answers in MATRIX
    ],
)
def test_every_answer_makes_a_territory_that_passes_its_check(
    render: Render, way: tuple[str, str], languages: str, name: str
) -> None:
    folder = render(
        name=name, installation=way[0], machines=way[1], languages=languages
    )
    (tenant_folder,) = (folder / "tenants").iterdir()

    check_made(folder, tenant_folder.name)
    territory = read_folder(tenant_folder)
    codes = languages.split(",")
    assert territory.file.territory.name == dict.fromkeys(codes, name)
    assert territory.file.territory.languages == codes
    assert set(territory.charter) == set(territory.legal) == set(codes)
    assert all(
        territory.file.territory.privacy_contact in text
        for text in territory.legal.values()
    )
    assert (folder / "README.md").read_text().startswith(f"# {name}\n")
    assert (
        (folder / "inventory").exists()
        == (folder / "bin/deploy").exists()
        == (way[0] == "own")
    )


@pytest.mark.parametrize(
    ("slug", "installation"),
    [
        pytest.param(*pair, marks=[] if pair in EXTREMES else [thorough])
        for pair in itertools.product(SLUGS, ("own", "mutualised"))
    ],
)
def test_extreme_slugs_are_served(render: Render, slug: str, installation: str) -> None:
    folder = render(slug=slug, installation=installation, machines="several")

    check_made(folder, slug)


def test_the_answers_stand_in_the_territory(render: Render) -> None:
    folder = render(
        slug="rade",
        hue="bleu",
        host="data.rade.bzh",
        contact="bonjour@rade.bzh",
        privacy_contact="p@cdg.bzh",
    )

    tenant_file = read_folder(folder / "tenants/rade").file
    assert (tenant_file.hosts.portal, tenant_file.hosts.node) == (
        ["data.rade.bzh"],
        ["node.data.rade.bzh"],
    )
    assert (tenant_file.theme.hue, tenant_file.mail.sender) == (
        260,
        "ne-pas-repondre@rade.bzh",
    )
    assert (tenant_file.territory.contact, tenant_file.territory.privacy_contact) == (
        "bonjour@rade.bzh",
        "p@cdg.bzh",
    )


@pytest.mark.parametrize(
    ("host", "zone"),
    [
        ("donnees.rade.bzh", "Europe/Paris"),
        ("donnees.saint-paul.re", "Indian/Reunion"),
        ("data.rade.org", "Europe/Paris"),
        *(
            pytest.param(*case, marks=thorough)
            for case in (
                ("donnees.mont-dore.nc", "Pacific/Noumea"),
                ("donnees.lamentin.mq", "America/Martinique"),
                ("datos.val-de-neria.es", "Europe/Madrid"),
                ("daten.amt-hohenau.de", "Europe/Berlin"),
                ("date.valea-lunga.ro", "Europe/Bucharest"),
                ("dades.vall-clara.cat", "Europe/Madrid"),
            )
        ),
    ],
)
def test_the_time_zone_follows_the_host_name(
    render: Render, host: str, zone: str
) -> None:
    folder = render(slug="rade", host=host)

    assert read_folder(folder / "tenants/rade").file.territory.time_zone == zone


def test_a_host_name_of_no_country_gives_the_time_zone_of_the_first_language(
    render: Render,
) -> None:
    folder = render(slug="rade", host="datos.rade.org", languages="es,en")

    zone = read_folder(folder / "tenants/rade").file.territory.time_zone
    assert zone == "Europe/Madrid"


def test_every_time_zone_that_a_host_name_may_give_is_one() -> None:
    described = (ROOT / "templates/copier/copier.yml").read_text()
    zones = re.findall(r'"([A-Z][a-z]+/[A-Z][A-Za-z_]+)"', described)

    assert len(zones) > 60
    assert set(zones) - available_timezones() == set()


@pytest.mark.parametrize(
    ("machines", "count"), [pytest.param("one", 1, marks=thorough), ("several", 5)]
)
def test_the_inventory_gives_each_group_its_machine(
    render: Render, machines: str, count: int
) -> None:
    folder = render(machines=machines)

    everything = yaml.safe_load((folder / "inventory/hosts.yml").read_text())["all"]
    used = [set(group["hosts"]) for group in everything["children"].values()]
    assert set(everything["children"]) == GROUPS
    assert all(len(group_hosts) == 1 for group_hosts in used)
    assert set.union(*used) == set(everything["hosts"])
    assert len({host["ansible_host"] for host in everything["hosts"].values()}) == count


def test_the_play_knows_every_variable_that_the_inventory_gives(render: Render) -> None:
    folder = render(slug="rade")
    inventory_variables = yaml.safe_load(
        (folder / "inventory/group_vars/all/territory.yml").read_text()
    )
    options = {}
    given_elsewhere = {"restart_unit", "bundle_folder"}
    """By a role to another, and with the command that makes a bundle."""
    for specs in (ROOT / "infra/ansible/roles").glob("*/meta/argument_specs.yml"):
        options |= yaml.safe_load(specs.read_text())["argument_specs"]["main"].get(
            "options", {}
        )

    assert given_elsewhere <= set(options)
    for name in given_elsewhere:
        del options[name]
    assert set(inventory_variables) <= set(options)
    assert {name for name, option in options.items() if option.get("required")} <= set(
        inventory_variables
    )
    assert inventory_variables["installation_territories"] == ["rade"]


@thorough
@pytest.mark.parametrize("machines", ["one", "several"])
def test_the_play_takes_the_inventory(
    render: Render, tmp_path: Path, machines: str
) -> None:
    folder = render(slug="rade", machines=machines)
    tenants = f"installation_territories_folder={folder}/tenants"
    checks = write_checks(tmp_path / "play")

    done = ansible(
        "ansible-playbook",
        *("-i", folder / "inventory/hosts.yml", "-i", "localhost,"),
        *("--limit", "localhost", *checks, "--extra-vars", tenants),
        ANSIBLE_LOCAL_TEMP=str(folder / "t"),
    )

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "Store the territories' host names" in done.stdout


def test_under_ten_questions_each_explained_and_guarded() -> None:
    described = yaml.safe_load((ROOT / "templates/copier/copier.yml").read_text())
    questions = {
        name: question
        for name, question in described.items()
        if not name.startswith("_") and question.get("when") is not False
    }

    assert 5 < len(questions) < 10
    assert [
        name for name, question in questions.items() if not question.get("help")
    ] == []
    assert [
        name
        for name, q in questions.items()
        if not (q.get("validator") or q.get("choices"))
    ] == []
    assert [name for name, q in questions.items() if "default" not in q] == ["name"]
    assert {"_tasks", "_migrations", "_jinja_extensions"}.isdisjoint(described)
