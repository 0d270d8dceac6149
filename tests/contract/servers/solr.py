"""Solr on loopback with a schema of somebody else: its jars by their Maven coordinates, kept in the project's cache folder."""

import logging
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import Dependency, MavenContext, PythonResolver

from tests.cluster import free_ports, locked
from udi.settings import Settings

FOLDER = Path(__file__).parent
GROUP = "org.apache.solr"
VERSION = "9.10.1"
NEEDED = ("solr-core", "solr-test-framework")
"""The second has the class that starts the first in a Jetty: Solr's own distribution is in no registry of packages."""
CORE = "ckan"
PATIENCE = 90
SETTINGS = """<config>
  <luceneMatchVersion>9.12</luceneMatchVersion>
  <schemaFactory class="ClassicIndexSchemaFactory"/>
  <updateHandler class="solr.DirectUpdateHandler2"/>
  <requestHandler name="/select" class="solr.SearchHandler"/>
  <requestHandler name="/query" class="solr.SearchHandler"/>
</config>
"""


@contextmanager
def running(schema: Path, workplace: Path) -> Iterator[str]:
    """Start it with this schema; the address of its one core."""
    java = shutil.which("java")
    if not java or not shutil.which("javac"):
        pytest.skip(
            "Solr is started from source: it needs a JDK (Debian: apt install default-jdk-headless)"
        )
    home = _home(schema, workplace)
    port = free_ports(1)
    log = workplace / "solr.log"
    command = [java, "-Xmx512m", "-cp", f"{_jars()}/*", f"-Dsolr.log.dir={workplace}", f"-Dsolr.install.dir={home}",
               FOLDER / "Solr.java", home, str(port)]  # fmt: skip
    address = f"http://127.0.0.1:{port}/solr/{CORE}"
    with (
        log.open("w") as log_file,
        subprocess.Popen(command, stdout=log_file, stderr=log_file) as process,
    ):
        try:
            _wait(address, process, log)
            yield address
        finally:
            process.terminate()


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if (
                httpx.get(f"{address}/select?q=*:*&rows=0", timeout=5).status_code
                == httpx.codes.OK
            ):
                return
        except httpx.HTTPError:
            time.sleep(0.3)
    raise AssertionError(log.read_text()[-2000:])


def _home(schema: Path, workplace: Path) -> Path:
    home = workplace / "solr"
    settings = home / CORE / "conf"
    settings.mkdir(parents=True)
    shutil.copy(schema, settings / "schema.xml")
    (settings / "solrconfig.xml").write_text(SETTINGS)
    for name in ("synonyms", "protwords", "stopwords"):
        (settings / f"{name}.txt").touch()
    (home / "solr.xml").write_text("<solr/>")
    (home / CORE / "core.properties").write_text(f"name={CORE}")
    return home


def _jars() -> Path:
    """The folder of the jars, fetched once."""
    settings = Settings()
    settings.cache.mkdir(parents=True, exist_ok=True)
    jars_folder = settings.cache / f"solr-{VERSION}"
    with locked(settings.cache, "solr"):
        if not jars_folder.is_dir():
            with tempfile.TemporaryDirectory(
                dir=settings.cache, prefix=".solr-"
            ) as folder:
                _fetch(
                    Path(folder), settings.maven_repository or MAVEN_CENTRAL_URL
                ).rename(jars_folder)
    return jars_folder


def _fetch(folder: Path, repository: str) -> Path:
    logging.getLogger("jgo").setLevel(logging.ERROR)
    fetched = folder / "repository"
    jars = folder / "jars"
    jars.mkdir()
    context = MavenContext(
        resolver=PythonResolver(),
        repo_cache=fetched,
        remote_repos={"pinned": repository.rstrip("/")},
    )
    dependencies = [
        Dependency(context.project(GROUP, name).at_version(VERSION).artifact())
        for name in NEEDED
    ]
    for dependency in (
        part
        for resolved_dependencies in context.resolver.resolve(dependencies)
        for part in resolved_dependencies
    ):
        shutil.copy(dependency.artifact.resolve(), jars)
    return jars
