"""What `infra/oci/build` says of an image, and takes out of it: its bill of materials, and what would differ in a second build.

`tidy FOLDER` removes from installed packages what names the machine that installed them; `difference SOURCE` prints the
pins that `requirements/embedded.txt` has beside those of `run.txt`; `identify NAME REVISION` reads what buildah says of
an image and prints its line in the list of a release; `bill SOURCE LIST SUITE DEBIAN FOLDER` prints the
bill of materials (CycloneDX 1.6) of Debian's packages and of those that were installed in a folder.
"""  # noqa: INP001 - a script, run by its path

import csv
import importlib.util
import json
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCAL_FILES = ("direct_url.json", "uv_cache.json", "REQUESTED", "INSTALLER")
"""Of installed packages: how they came here."""


def read_pins(path: Path) -> dict[str, str]:
    """Return the lines of a list of pins with their hashes, by name and version."""
    pins = {}
    for line in path.read_text().replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement = Requirement(line.partition(" --hash=")[0])
            key = f"{canonicalize_name(requirement.name)}{requirement.specifier}"
            pins[key] = line
    return pins


def tidy(folder: Path) -> None:
    """Remove programs, which name the Python of the machine that builds, and notes of how the packages came."""
    shutil.rmtree(folder / "bin", ignore_errors=True)
    (folder / ".lock").unlink(missing_ok=True)
    for information in folder.glob("*.dist-info"):
        for name in LOCAL_FILES:
            (information / name).unlink(missing_ok=True)
        record = information / "RECORD"
        with record.open(newline="") as content:
            rows = sorted(row for row in csv.reader(content) if _is_kept(row[0]))
        with record.open("w", newline="") as content:
            csv.writer(content, lineterminator="\n").writerows(rows)


def _is_kept(path: str) -> bool:
    is_program = path.startswith(("bin/", "../"))
    return not is_program and Path(path).name not in LOCAL_FILES


def find_difference(source: Path) -> Iterator[str]:
    """Return what the images with PostgreSQL and Java have beside the others."""
    run = read_pins(source / "requirements/run.txt")
    embedded = read_pins(source / "requirements/embedded.txt")
    return (line for key, line in embedded.items() if key not in run)


def list_installed(folder: Path) -> set[str]:
    """Return the packages of a folder, as pins name them."""
    names = set()
    for path in folder.glob("*.dist-info"):
        name, _, version = path.name.removesuffix(".dist-info").rpartition("-")
        names.add(f"{canonicalize_name(name)}=={version}")
    return names


def describe_debian(path: Path, suite: str) -> Iterator[dict[str, Any]]:
    """Yield a component for each package of Debian: name, version and architecture by line."""
    for line in path.read_text().splitlines():
        name, version, architecture = line.split("\t")
        place = f"?arch={architecture}&distro=debian-{suite}"
        purl = f"pkg:deb/debian/{quote(name)}@{quote(version)}{place}"
        component = {"type": "library", "bom-ref": purl, "name": name}
        yield component | {"version": version, "purl": purl}


def describe(
    source: Path, name: str, suite: str, debian: Path, folder: Path
) -> dict[str, Any]:
    """Return the bill of materials of an image.

    Raises:
        SystemExit: a package was installed that is not pinned.
    """
    release = _load_release_bill(source)
    pins = read_pins(source / f"requirements/{name}.txt")
    installed = list_installed(folder)
    if installed - pins.keys():
        sys.exit(f"not pinned: {', '.join(sorted(installed - pins.keys()))}")
    text = "\n".join(pins[key] for key in sorted(installed))
    project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    document: dict[str, Any] = release.describe_release(project, text)
    document["components"] += describe_debian(debian, suite)
    document["components"].sort(key=lambda component: component["bom-ref"])
    serial = release.uuid.uuid5(
        release.NAMESPACE, json.dumps(document["components"], sort_keys=True)
    )
    return {**document, "serialNumber": f"urn:uuid:{serial}"}


def identify(described: str, name: str, revision: str) -> str:
    """Return the line of an image in the list of a release, from what `buildah inspect` says of it.

    Raises:
        SystemExit: there is no such image, or it was built from another commit.
    """
    if not described.strip():
        sys.exit(f"there is no image {name}: build it from the tag")
    image = json.loads(described)
    configuration = image["OCIv1"]
    labels = configuration["config"].get("Labels") or {}
    built = labels.get("org.opencontainers.image.revision", "another commit")
    if built != revision:
        sys.exit(f"{name} was built from {built}, not from {revision}")
    platform = f"{configuration['os']}/{configuration['architecture']}"
    return f"sha256:{image['FromImageID']}  {name} {platform}"


def _load_release_bill(source: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("sbom", source / ".ci/sbom.py")
    if spec is None or spec.loader is None:
        sys.exit(f"{source} has no .ci/sbom.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Do what the first argument names."""
    command, *arguments = sys.argv[1:]
    if command == "tidy":
        tidy(Path(arguments[0]))
    elif command == "difference":
        print("\n".join(find_difference(Path(arguments[0]))))  # noqa: T201 - the answer of the command
    elif command == "identify":
        print(identify(sys.stdin.read(), *arguments))  # noqa: T201 - the answer of the command
    elif command == "bill":
        source, name, suite, debian, folder = arguments
        bill = describe(Path(source), name, suite, Path(debian), Path(folder))
        json.dump(bill, sys.stdout, indent=1, ensure_ascii=False)
        print()  # noqa: T201 - the end of the file
    else:
        sys.exit(f"no command is called «{command}»")


if __name__ == "__main__":
    main()
