"""What comes in packages of its own is installed beside the program, found and used; nothing of the program knows it."""

import asyncio
import json
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

from tests import cluster
from tests.rules.test_size import faults
from udi.settings import Settings

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
PACKAGES = (
    FOLDER / "udi-notices",
    FOLDER / "udi-hello",
    FOLDER / "udi-line-catalogues",
    FOLDER / "udi-breton",
    FOLDER / "udi-separated-text",
    FOLDER / "udi-bilingual-summaries",
    FOLDER / "udi-spelled-files",
)
PAGE = ROOT / "docs/how-to/extend.md"
LANGUAGES = FOLDER / "languages"
LANGUAGE_PAGE = ROOT / "docs/how-to/add-a-language.md"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which pip installed the packages."""
    target = tmp_path_factory.mktemp("site")
    command = [
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--no-build-isolation", "--no-index", "--target", str(target), *map(str, PACKAGES),
    ]  # fmt: skip
    subprocess.run(command, check=True)
    return target


@pytest.fixture(scope="module")
async def settings_file(
    settings: Settings,
    postgres: str,
    run_folder: Path,
    worker_name: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The settings, in a file, of an installation with databases of its own."""
    name = f"{worker_name}_guests_{secrets.token_hex(2)}"
    with cluster.locked(run_folder, "copy"):
        await cluster.copy_databases(postgres, name)
    names = {"portal": f"udi_portal_{name}", "node": f"udi_node_{name}"}
    path = tmp_path_factory.mktemp("settings") / "settings.json"
    path.write_text(
        settings.model_copy(update={"database_names": names}).model_dump_json()
    )
    return path


@pytest.fixture(scope="module")
async def seen(installed: Path, settings_file: Path) -> dict[str, Any]:
    """What a portal with the packages did."""
    search_path = os.pathsep.join(map(str, (installed, ROOT / "platform/src", ROOT)))
    done = await asyncio.to_thread(
        subprocess.run,
        [
            sys.executable,
            "-P",
            "-m",
            "tests.extensions.guests",
            str(settings_file),
        ],
        env={
            **os.environ,
            "PYTHONPATH": search_path,
            "UDI_NOTICES_CONTACT": "notices@example.org",
            "UDI_LANGUAGES": str(LANGUAGES),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_the_smallest_domain_has_its_page(seen: dict[str, Any]) -> None:
    page = seen["domain"]["pages"]["hello"]

    assert "<h1>Hello</h1>" in page
    assert f"<p>{seen['domain']['greeted']}</p>" in page


def test_the_page_shows_every_file_of_both_domains() -> None:
    listed_files = re.findall(
        r"^`tests/extensions/(\S+)`$", PAGE.read_text(), re.MULTILINE
    )
    files = {
        str(path.relative_to(FOLDER))
        for package in PACKAGES[:2]
        for pattern in ("*.py", "*.html", "*.po", "*.toml")
        for path in package.rglob(pattern)
        if path.name != "__init__.py"
    }

    assert files <= set(listed_files)


def test_the_page_names_the_errors_as_the_program_says_them() -> None:
    source = (ROOT / "platform/src/udi/ui/domains.py").read_text()
    table = PAGE.read_text().partition("| it says |")[2].partition("\n\n")[0]
    errors = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)

    assert len(errors) >= 4
    assert [error for error in errors if error not in source] == []


def test_a_domain_of_another_package_has_its_page_in_both_languages(
    seen: dict[str, Any],
) -> None:
    pages = seen["domain"]["pages"]

    assert "Il n’y a pas d’avis en ce moment." in pages["before"]
    assert "<h1>Avis</h1>" in pages["fr"]
    assert "Le parc ferme à 19 h" in pages["fr"]
    assert "<h1>Notices</h1>" in pages["en"]
    assert re.search(r'href="/notices"[^>]*>\s*Notices', pages["en"])


def test_a_setting_of_another_package_is_read_from_the_environment(
    seen: dict[str, Any],
) -> None:
    assert 'href="mailto:notices@example.org"' in seen["domain"]["pages"]["fr"]


def test_a_language_of_another_package_is_that_of_a_page(seen: dict[str, Any]) -> None:
    page = seen["domain"]["pages"]["br"]

    assert '<html lang="br"' in page
    assert "Roadennoù" in page
    assert "<h1>Avis</h1>" in page, "not translated yet: in French, its fallback"
    assert "Brezhoneg" in seen["domain"]["pages"]["fr"]


def test_rows_of_a_guest_table_stay_in_their_territory(seen: dict[str, Any]) -> None:
    domain = seen["domain"]

    assert "Le parc ferme" not in domain["pages"]["there"]
    assert (domain["rows_here"], domain["rows_there"]) == (1, 0)
    assert "row-level security" in domain["refused_elsewhere"]


def test_rows_of_a_guest_table_are_in_the_archive(seen: dict[str, Any]) -> None:
    [row] = seen["domain"]["archived"]

    assert "Le parc ferme à 19 h" in row


def test_web_workers_import_no_task_of_a_guest(seen: dict[str, Any]) -> None:
    imported = seen["imported_in_web"]

    assert "udi_notices.routes" in imported
    assert "udi_notices.tasks" not in imported
    assert "udi_line_reader" not in imported


def test_a_kind_of_source_of_another_package_is_recognised_and_read(
    seen: dict[str, Any],
) -> None:
    assert seen["source"] == {
        "kind": "spelled",
        "missing": ["header"],
        "name": "trees.csv",
        "content": "tree\nAsh\nElm",
        "again": None,
    }


def test_a_format_of_another_package_is_read_behind_walls(
    seen: dict[str, Any],
) -> None:
    assert seen["format"] == {
        "format": "lines",
        "title": {"en": "Trees of the town"},
        "address": "https://lines.example/trees.csv",
        "called": "Catalogue lines",
    }


def test_a_table_in_a_format_of_another_package_is_typed_behind_walls(
    seen: dict[str, Any],
) -> None:
    assert seen["table"] == {
        "kind": "Separated text",
        "columns": [["name", "text"], ["age", "integer"]],
        "rows": 3,
        "failure": "",
    }


def test_a_broken_file_of_that_format_is_no_table(seen: dict[str, Any]) -> None:
    assert seen["broken"]["failure"] == "unread"
    assert seen["broken"]["rows"] == 0


def test_a_measure_of_another_package_is_on_the_page_of_a_dataset(
    seen: dict[str, Any],
) -> None:
    assert "Langues du résumé\N{NO-BREAK SPACE}: 1 sur 2" in seen["measure"]["fr"]
    assert "Languages of the summary: 1 of 2" in seen["measure"]["en"]
    assert "Donnez le résumé en" not in seen["measure"]["fr"], "for its publisher"


async def test_a_scheduled_task_of_a_guest_runs_in_its_worker(
    seen: dict[str, Any],
) -> None:
    assert seen["domain"]["drafts"] == [1, 0]


def test_a_portal_is_ready_once_it_has_the_tables_of_its_guests(
    seen: dict[str, Any],
) -> None:
    assert seen["ready"] == [
        {"status": 503, "pending": ["notices:notice"]},
        {"status": 200, "pending": []},
    ]


def test_guests_follow_the_rules_of_the_house() -> None:
    files = [
        path
        for package in PACKAGES
        for pattern in ("*.py", "*.html")
        for path in package.rglob(pattern)
    ]

    assert len(files) > 10
    assert [fault for path in files for fault in faults(path, path.read_text())] == []


def test_every_sentence_of_the_guest_domain_is_translated() -> None:
    package = PACKAGES[0] / "udi_notices"
    messages = {
        message
        for path in (*package.rglob("*.html"), *package.rglob("*.py"))
        for message in re.findall(r'(?:_|say)\("([^"]+)"\)', path.read_text())
    }
    with (package / "locale/fr.po").open("rb") as file:
        translated = {message.id for message in read_po(file) if message.string}

    assert messages == translated - {""}


def test_the_page_shows_the_files_of_the_packages_as_they_are() -> None:
    blocks = re.findall(
        r"^`tests/extensions/(\S+)`\n\n```\w+\n(.*?)```$",
        PAGE.read_text(),
        re.MULTILINE | re.DOTALL,
    )

    assert len(blocks) >= 10
    for path, text in blocks:
        assert text == (FOLDER / path).read_text(), path


def test_the_page_on_languages_shows_its_example_as_it_is() -> None:
    blocks = re.findall(
        r"^`tests/extensions/languages/(\S+)`\n\n```\w+\n(.*?)```$",
        LANGUAGE_PAGE.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    files = {
        str(path.relative_to(LANGUAGES)): path.read_text()
        for path in LANGUAGES.rglob("*.*")
    }

    assert dict(blocks) == files


def test_a_folder_is_a_language_with_its_fallbacks(seen: dict[str, Any]) -> None:
    assert seen["languages"] == {
        "listed": True,
        "languages": {
            "fr": "Français",
            "en": "English",
            "es": "Español",
            "br": "Brezhoneg",
            "ca": "Català",
        },
        "said": "Dades",
        "fallback": "Inicio",
        "unknown": "A sentence of nobody.",
        "one": "%(num)s conjunt de dades",
        "many": "%(num)s conjunts de dades",
        "fallback of many": "%(num)s proyectos",
        "text": "Árboles",
        "date": "3 de maig del 2026",
        "number": "12.840",
        "direction": "ltr",
        "stems": False,
        "login": True,
    }
