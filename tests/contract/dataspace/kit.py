"""The test kit of the Dataspace Protocol: its jars by their Maven coordinates, each with its SHA-256, run by JUnit's launcher."""

import asyncio
import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext, PythonResolver

from tests.cluster import locked
from udi.cli.local.java import find_java
from udi.settings import Settings

FOLDER = Path(__file__).parent
LAUNCHER = "org.junit.platform.console.ConsoleLauncher"
PACKAGE = "org.eclipse.dataspacetck.dsp.verification"
WAIT = 15
"""Seconds that the kit waits for each message; its own page says milliseconds, and is wrong."""
PATIENCE = 300
LIGHT = ("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""What runs for a minute and mostly waits is not worth its translation by the second compiler, nor threads that collect."""
WHOLE = ("--select-package", PACKAGE, "--include-classname", ".*Test")
ONE = ("--select-method", f"{PACKAGE}.cn.ContractNegotiationProvider01Test#cn_01_04")
"""A single case, in which the kit waits for the producer to grant what it asks."""


@dataclass(frozen=True)
class Report:
    """What became of each case, by name: `passed`, `skipped`, or why it failed."""

    results: Mapping[str, str]
    seconds: float
    output: str


def fetch_jars() -> Path:
    """The folder of the jars, fetched once into the project's cache.

    Raises:
        RuntimeError: what came is not what is pinned.
    """
    pinned = (FOLDER / "jars.txt").read_text()
    settings = Settings()
    settings.cache.mkdir(parents=True, exist_ok=True)
    jars_folder = (
        settings.cache
        / f"dataspace-kit-{hashlib.sha256(pinned.encode()).hexdigest()[:12]}"
    )
    with locked(settings.cache, "dataspace-kit"):
        if not jars_folder.is_dir():
            with tempfile.TemporaryDirectory(
                dir=settings.cache, prefix=".dataspace-kit-"
            ) as folder:
                lines = [
                    line.split()
                    for line in pinned.splitlines()
                    if line and not line.startswith("#")
                ]
                _fetch(
                    Path(folder), lines, settings.maven_repository or MAVEN_CENTRAL_URL
                ).rename(jars_folder)
    return jars_folder


def _fetch(folder: Path, lines: Sequence[Sequence[str]], repository: str) -> Path:
    logging.getLogger("jgo").setLevel(logging.ERROR)
    jars = folder / "jars"
    jars.mkdir()
    remote = {"pinned": repository.rstrip("/")}
    context = MavenContext(
        resolver=PythonResolver(), repo_cache=folder / "repository", remote_repos=remote
    )
    for coordinates, sha256 in lines:
        group, name, version = coordinates.split(":")
        jar = Path(
            context.project(group, name).at_version(version).artifact().resolve()
        )
        if hashlib.sha256(jar.read_bytes()).hexdigest() != sha256:
            msg = f"{coordinates} is not the pinned file: its SHA-256 is another."
            raise RuntimeError(msg)
        shutil.copy(jar, jars)
    return jars


async def run(
    folder: Path,
    properties: Mapping[str, str],
    hosts: Sequence[str],
    select: Sequence[str],
) -> Report:
    """Run the kit in a folder, with the names of `hosts` at loopback; `select`: options of JUnit's launcher."""
    jars = await asyncio.to_thread(fetch_jars)
    java = find_java(Settings().cache)
    (folder / "kit.properties").write_text(
        "".join(f"{name}={value}\n" for name, value in properties.items())
    )
    (folder / "hosts").write_text(
        "".join(f"127.0.0.1 {host}\n" for host in (*hosts, "localhost"))
    )
    command = [
        str(java), *LIGHT, f"-Djdk.net.hosts.file={folder / 'hosts'}", "-cp", f"{jars}/*{os.pathsep}{folder}", LAUNCHER,
        "execute", *select, "--config-resource", "kit.properties", "--reports-dir", str(folder / "reports"), "--details=tree",
        "--disable-banner", "--disable-ansi-colors",
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return read_report(
        folder / "reports/TEST-junit-jupiter.xml", output.decode(errors="replace")
    )


def read_report(path: Path, output: str) -> Report:
    """What the launcher wrote of a run."""
    assert path.exists(), output
    root = ET.parse(path).getroot()  # noqa: S314 - the launcher wrote it here
    results = {}
    for case in root.iter("testcase"):
        failed = next(
            (
                part
                for name in ("failure", "error")
                if (part := case.find(name)) is not None
            ),
            None,
        )
        result = "skipped" if case.find("skipped") is not None else "passed"
        if failed is not None:
            result = f"{failed.get('type')}: {failed.get('message')}\n{(failed.text or '')[:1500]}"
        results[_name(case)] = result
    return Report(results, float(root.get("time", "0")), output)


def _name(case: ET.Element) -> str:
    """That of its method; the one case of the metadata has there the name of one of the catalogue's."""
    name = case.get("name", "").removesuffix("()")
    if ".metadata." in case.get("classname", ""):
        return name.replace("cat_", "met_")
    return name
