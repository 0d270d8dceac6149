# ruff: noqa: INP001
"""Make the parts of a bundle on a machine with internet: `make_bundle.py FOLDER`, with a plan as JSON on standard input.

In FOLDER: `packages.tar`, packages of the system under the signed indexes of their distribution, as its own mirrors have
them; `wheels.tar`, the dependencies; the archive of Keycloak; and `bundle.json`, which says what they are. The program is
installed of the wheels and of nothing else before they are packed, so that one that lacks is missed here.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

DISTRIBUTIONS = ("Debian", "Ubuntu")
KEYRING = "/usr/share/keyrings/{}-archive-keyring.gpg"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
COMPRESSIONS = (".xz", ".gz", "")
FIELDS = ("ORIGIN", "RELEASE", "COMPONENT", "ARCHITECTURE", "REPO_URI", "METAKEY", "FILENAME")  # fmt: skip
PRINTED = re.compile(r"^'([^']+)' \S+ \d+ (\S+)$", re.MULTILINE)
LISTED = re.compile(r"^ ([0-9a-f]{64}) +\d+ (\S+)$", re.MULTILINE)
PIP = ("--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:")  # fmt: skip
SOURCES_ONLY = ("--no-binary", "python-etcd,ydiff", "--no-build-isolation")
"""Two dependencies of Patroni are published as sources alone."""


@dataclass(frozen=True)
class Index:
    """One index of packages that the machine's own sources lead to."""

    origin: str
    suite: str
    component: str
    architecture: str
    repository: str
    key: str
    file: Path

    @property
    def folder(self) -> str:
        """Folder of the bundle for this mirror; archives of one distribution share theirs."""
        return self.repository.rstrip("/").rpartition("/")[2]

    def find_release(self) -> Path:
        """Return the signed list of this suite's indexes, as apt keeps it."""
        prefix = self.file.name.partition(self.key.replace("/", "_"))[0]
        return self.file.with_name(f"{prefix}InRelease")


def run(*command: str | Path, **variables: str) -> str:
    """Return what a command prints; its complaints are seen."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **variables}
    done = subprocess.run(  # noqa: S603 - commands of this file
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def list_indexes() -> list[Index]:
    """Return the indexes of the distribution itself; packages of others are no part of the bundle."""
    template = "\t".join(f"$({field})" for field in FIELDS)
    lines = run("apt-get", "indextargets", "--format", template, "Created-By: Packages")
    architecture = run("dpkg", "--print-architecture").strip()
    indexes = []
    for line in lines.splitlines():
        *words, file = line.split("\t")
        index = Index(*words, file=Path(file))
        if index.origin in DISTRIBUTIONS and index.architecture == architecture:
            indexes.append(index)
    return indexes


def list_packages(plan: dict[str, Any], scratch: Path) -> dict[str, str]:
    """Return the address of each package that the play may need, with its hash.

    Asked twice: for a machine like this one, and for one where nothing is installed, so that another choice of installed
    packages is served too.
    """
    empty = scratch / "status"
    empty.touch()
    # What lies in apt's own cache would not be named.
    archives = scratch / "archives"
    (archives / "partial").mkdir(parents=True)
    packages = {}
    for status in (Path("/var/lib/dpkg/status"), empty):
        for name, recommended in (("packages", "true"), ("lean_packages", "false")):
            printed = run(
                *("apt-get", "install", "--yes", "--print-uris"),
                *("-o", f"Dir::State::status={status}"),
                *("-o", f"APT::Install-Recommends={recommended}"),
                *("-o", f"Dir::Cache::archives={archives}"),
                *("-o", "Acquire::ForceHash=SHA256"),
                *plan[name],
            )
            packages.update(PRINTED.findall(printed))
    return packages


def collect_packages(plan: dict[str, Any], scratch: Path) -> list[dict[str, str]]:
    """Lay out packages and their signed indexes as a mirror does; return the sources that lead to them."""
    run("apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any")
    indexes = list_indexes()
    target = scratch / "packages"
    downloads = []
    for index in indexes:
        suite = target / index.folder / "dists" / index.suite
        suite.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(index.find_release(), suite / "InRelease")
        listed = (suite / "InRelease").read_text(encoding="utf-8")
        digests = {name: digest for digest, name in LISTED.findall(listed)}
        key = next(
            index.key + end for end in COMPRESSIONS if index.key + end in digests
        )
        address = f"{index.repository}dists/{index.suite}/{key}"
        downloads += [address, str(suite / key), f"SHA256:{digests[key]}"]
    folders = {index.repository: target / index.folder for index in indexes}
    for address, digest in sorted(list_packages(plan, scratch).items()):
        repository = next((one for one in folders if address.startswith(one)), None)
        if repository is None:
            sys.exit(f"{address} is no package of the distribution: make the bundle on a machine with its sources alone.")  # fmt: skip
        file = folders[repository] / unquote(address.removeprefix(repository))
        downloads += [address, str(file), digest]
    for file in downloads[1::3]:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    as_root = ("-o", "APT::Sandbox::User=root")
    run("/usr/lib/apt/apt-helper", *as_root, "download-file", *downloads)
    return describe_sources(indexes)


def describe_sources(indexes: Iterable[Index]) -> list[dict[str, str]]:
    """Return each suite of each folder once, with its components and the keys that sign it."""
    sources: dict[tuple[str, str], dict[str, str]] = {}
    for index in indexes:
        source = sources.setdefault(
            (index.folder, index.suite),
            {
                "folder": index.folder,
                "suite": index.suite,
                "components": "",
                "architecture": index.architecture,
                "keyring": KEYRING.format(index.origin.lower()),
            },
        )
        components = {*source["components"].split(), index.component}
        source["components"] = " ".join(sorted(components))
    return list(sources.values())


def collect_wheels(plan: dict[str, Any], inputs: Path, scratch: Path) -> None:
    """Download the dependencies, and install the program of them alone."""
    wheels = scratch / "wheels"
    python = scratch / "venv/bin/python"
    run(sys.executable, "-m", "venv", scratch / "venv")
    pip = (python, "-m", "pip")
    requirements = inputs / "run.txt"
    run(*pip, "download", *PIP, "-d", wheels / "run", "-r", requirements)
    if plan["patroni"]:
        requirements = inputs / "patroni.txt"
        extra = (*SOURCES_ONLY, "-d", wheels / "patroni")
        run(*pip, "download", *PIP, *extra, "-r", requirements)
    offline = ("--no-index", "--find-links", wheels / "run")
    run(*pip, "install", *PIP, *offline, "-r", inputs / "run.txt")
    run(*pip, "install", *PIP[:2], "--no-deps", "--no-index", inputs / plan["wheel"])
    run(*pip, "check", *PIP[1:2])


def fetch_keycloak(plan: dict[str, Any], scratch: Path, target: Path) -> str:
    """Have the program itself fetch the archive of Keycloak that it pins; return its name."""
    udi = scratch / "venv/bin/udi"
    settings = {
        "UDI_STATE": str(scratch / "state"),
        "UDI_CACHE": str(scratch / "cache"),
        "UDI_MAVEN_REPOSITORY": plan["maven"],
        # sudo takes them out of the environment; without them Python believes authorities of its own alone.
        "REQUESTS_CA_BUNDLE": AUTHORITIES,
        "SSL_CERT_FILE": AUTHORITIES,
    }
    printed = run(udi, "keycloak", "fetch", target, **settings)
    return Path(printed.strip()).name


def of_nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return an entry of an archive without its owner and its own rights."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode = 0o755 if member.isdir() else 0o644
    return member


def pack(folder: Path, archive: Path) -> None:
    """Write a folder's files as an archive, in one order and of nobody."""
    with tarfile.open(archive, "w") as content:
        for path in sorted(folder.iterdir()):
            content.add(path, path.name, filter=of_nobody)


def digest(file: Path) -> str:
    """Return the sha256 of a file."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def main(target: Path) -> None:
    """Make every part, then the file that describes them."""
    plan = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(dir=target, prefix=".making-") as name:
        scratch = Path(name)
        scratch.chmod(0o755)
        sources = collect_packages(plan, scratch)
        collect_wheels(plan, target, scratch)
        keycloak = fetch_keycloak(plan, scratch, target)
        for part in ("packages", "wheels"):
            pack(scratch / part, target / f"{part}.tar")
    files = {"packages": "packages.tar", "wheels": "wheels.tar", "keycloak": keycloak}
    bundle = {
        "system": plan["system"],
        "machine": os.uname().machine,
        "requirements": digest(target / "run.txt"),
        "sources": sources,
        "parts": {
            part: {"file": file, "sha256": digest(target / file)}
            for part, file in files.items()
        },
    }
    (target / "bundle.json").write_text(json.dumps(bundle, indent=1) + "\n")
    for name in ("bundle.json", *files.values()):
        (target / name).chmod(0o644)
    sys.stdout.write(json.dumps(["bundle.json", *files.values()]))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(map(str, error.cmd[:3]))} failed; what it said is above.")
