"""What deserves a message: each alert fires and keeps quiet, says what to do, and asks only for numbers that exist."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import pytest
import typer
import yaml

from tests.ansible.machine import PLAY, ROOT
from tests.rules.test_documented import commands
from udi.cli.main import build_app
from udi.kit.backups import BackupRun, BackupState
from udi.settings import Settings

pytestmark = pytest.mark.programs

MONITORING = ROOT / "infra/monitoring"
ALERTS = MONITORING / "alerts.yml"
TESTS = sorted(MONITORING.glob("*_test.yml"))
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text())
TEMPLATES = PLAY / "roles/monitoring/templates"
RULES = [
    rule
    for group in yaml.safe_load(ALERTS.read_text())["groups"]
    for rule in group["rules"]
]
METRIC = re.compile(r"\b(?:udi|node|pg|probe|process)_\w+|\bup\b")
LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
SUFFIX = re.compile(r"_(bucket|count|sum)$")


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Prometheus's own checker: installed, or taken out of Debian's package into the cache."""
    if installed_path := shutil.which("promtool"):
        return Path(installed_path)
    folder = Settings().cache / "promtool"
    program = folder / "usr/bin/promtool"
    if program.exists():
        return program
    if not shutil.which("apt-get"):
        pytest.skip(
            "needs promtool, which is fetched on Debian only: install Prometheus"
        )
    folder.mkdir(parents=True, exist_ok=True)
    fetched = subprocess.run(
        ["apt-get", "download", "prometheus"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if fetched.returncode:
        pytest.skip(
            f"needs promtool, and Debian's package cannot be fetched: {fetched.stderr.strip()[-200:]}"
        )
    package = next(folder.glob("prometheus_*.deb"))
    subprocess.run(["dpkg", "-x", package, folder], check=True)
    package.unlink()
    return program


def check(promtool: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(promtool), *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=MONITORING,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def queries(dashboard: dict[str, Any]) -> list[str]:
    return [
        target["expr"] for panel in dashboard["panels"] for target in panel["targets"]
    ]


def metrics(expressions: Iterable[str]) -> set[str]:
    """The names of series that expressions ask for."""
    bare = (
        re.sub(r'"[^"]*"|\{[^}]*\}|by \([^)]*\)', "", expression)
        for expression in expressions
    )
    return {name for expression in bare for name in METRIC.findall(expression)}


def documented(text: str) -> set[str]:
    return set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))


def rendered(name: str, **facts: Any) -> str:
    environment = jinja2.Environment(  # noqa: S701 - YAML, not HTML
        loader=jinja2.FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["to_json"] = json.dumps
    return environment.get_template(name).render(**facts)


def facts(*hosts: str, **changes: Any) -> dict[str, Any]:
    """What the play knows of an installation whose groups all name these hosts."""
    return {
        "groups": {
            group: list(hosts)
            for group in ("db", "identity", "portal", "node", "proxy")
        },
        "installation_machines": list(hosts),
        "installation_alone": len(hosts) == 1,
        "installation_addresses": {
            host: "127.0.0.1" if len(hosts) == 1 else f"10.0.0.{rank}"
            for rank, host in enumerate(hosts, 1)
        },
        "monitoring_token": {"stat": {"exists": True}},
        "monitoring_mail": "team@example.org",
        "monitoring_places": ["https://a.example/health"],
        "installation_host": "udi.example",
        "installation_database_external": False,
        "installation_keycloak_external": False,
        "installation_portal_ports": [8000, 8010],
        "installation_node_ports": [8001, 8011],
        **changes,
    }


def test_the_rules_are_well_formed(promtool: Path) -> None:
    done = check(promtool, "check", "rules", ALERTS)

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(RULES)} rules found" in done.stdout


def test_each_alert_fires_and_keeps_quiet(promtool: Path, tmp_path: Path) -> None:
    """Each case asks for its own alert only, so the others are not computed beside it: a sixth of the processor."""
    rules = {rule["alert"]: rule for rule in RULES}
    for path in TESTS:
        content = yaml.safe_load(path.read_text())
        for case in content["tests"]:
            name = case["name"]
            groups = [{"name": name, "rules": [rules[name]]}]
            alone = {"rule_files": [f"{name}.yml"], "tests": [case]}
            (tmp_path / f"{name}.yml").write_text(yaml.safe_dump({"groups": groups}))
            (tmp_path / f"{name}_test.yml").write_text(yaml.safe_dump(content | alone))

    done = check(promtool, "test", "rules", *sorted(tmp_path.glob("*_test.yml")))

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("SUCCESS") == len(RULES)


def test_no_alert_is_without_a_case_where_it_fires_and_one_where_it_does_not() -> None:
    cases = [
        case for path in TESTS for case in yaml.safe_load(path.read_text())["tests"]
    ]
    questions_by_alert = {case["name"]: case["promql_expr_test"] for case in cases}

    assert len(questions_by_alert) == len(cases)
    assert questions_by_alert.keys() == {rule["alert"] for rule in RULES}
    for name, questions in questions_by_alert.items():
        assert [bool(question["exp_samples"]) for question in questions] == [
            False,
            True,
        ], name
        assert all(
            f'alertname="{name}",alertstate="firing"' in question["expr"]
            for question in questions
        )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_what_people_notice_and_what_to_do(
    rule: dict[str, Any],
) -> None:
    assert rule["annotations"].keys() == {"summary", "meaning", "remedy"}
    assert rule["labels"]["severity"] in {"urgent", "soon"}
    assert "for" in rule
    assert all(
        sentence.endswith((".", "?")) for sentence in rule["annotations"].values()
    )


def test_the_commands_that_alerts_name_exist() -> None:
    existing_commands = commands(typer.main.get_command(build_app()))
    groups = {name.partition(" ")[0] for name in existing_commands if " " in name}
    named = {
        f"{noun} {verb}" if noun in groups else noun
        for rule in RULES
        for noun, verb in re.findall(
            r"\budi ([a-z]+)(?: ([a-z]+))?", rule["annotations"]["remedy"]
        )
    }

    assert len(named) > 4
    assert named - existing_commands == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_is_documented_with_its_words(rule: dict[str, Any]) -> None:
    page = (
        (ROOT / "docs/reference/alerts.md")
        .read_text()
        .replace("\\|", "|")
        .replace("&lt;", "<")
    )
    row = next(
        line for line in page.splitlines() if line.startswith(f"| `{rule['alert']}` |")
    )

    assert rule["labels"]["severity"] in row
    for sentence in (rule["annotations"]["meaning"], rule["annotations"]["remedy"]):
        assert LABEL.sub(r"<\1>", sentence) in row


def test_the_page_of_alerts_names_no_other() -> None:
    assert documented((ROOT / "docs/reference/alerts.md").read_text()) == {
        rule["alert"] for rule in RULES
    }


def test_alerts_and_dashboard_ask_only_for_numbers_that_are_documented() -> None:
    used_metrics = metrics([*(rule["expr"] for rule in RULES), *queries(DASHBOARD)])
    documented_metrics = documented((ROOT / "docs/reference/metrics.md").read_text())

    assert {"up", "udi_jobs", "node_filesystem_avail_bytes", "pg_up"} <= used_metrics
    assert {
        name
        for name in used_metrics
        if SUFFIX.sub("", name) not in documented_metrics
        and name not in documented_metrics
    } == set()


def test_the_queries_of_the_dashboard_are_read_by_prometheus(
    promtool: Path, tmp_path: Path
) -> None:
    dashboard_queries = [
        query.replace("$territory", ".*") for query in queries(DASHBOARD)
    ]
    rules = [
        {"record": f"panel:query:{rank}", "expr": query}
        for rank, query in enumerate(dashboard_queries)
    ]
    (tmp_path / "rules.yml").write_text(
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]})
    )

    done = check(promtool, "check", "rules", tmp_path / "rules.yml")

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(dashboard_queries)} rules found" in done.stdout


def test_the_dashboard_can_be_imported_anywhere() -> None:
    panels = DASHBOARD["panels"]
    sources = {panel["datasource"]["uid"] for panel in panels} | {
        target["datasource"]["uid"] for panel in panels for target in panel["targets"]
    }

    assert {variable["name"] for variable in DASHBOARD["templating"]["list"]} == {
        "source",
        "territory",
    }
    assert sources == {"${source}"}
    assert len({panel["id"] for panel in panels}) == len(panels) <= 20
    assert all(
        panel["title"] and panel["description"].endswith(".") for panel in panels
    )
    assert _overlaps(panels) == []


def _overlaps(panels: list[dict[str, Any]]) -> list[tuple[int, int]]:
    cells: set[tuple[int, int]] = set()
    twice = []
    for panel in panels:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                twice += [(x, y)] if (x, y) in cells or x >= 24 else []
                cells.add((x, y))
    return twice


def test_one_machine_is_asked_on_loopback_and_several_at_their_addresses(
    promtool: Path, tmp_path: Path
) -> None:
    for hosts, expected in (
        (["one"], {"127.0.0.1"}),
        (["a", "b"], {"10.0.0.1", "10.0.0.2"}),
    ):
        path = tmp_path / f"{len(hosts)}.yml"
        path.write_text(rendered("prometheus.yml.j2", **facts(*hosts)))
        jobs = {
            job["job_name"]: job
            for job in yaml.safe_load(path.read_text())["scrape_configs"]
        }
        scrape_targets = [
            target
            for name in ("portal", "node", "identity", "machine", "postgresql")
            for target in targets(jobs[name])
        ]

        assert check(promtool, "check", "config", "--syntax-only", path).returncode == 0
        assert {target.partition(":")[0] for target in scrape_targets} == expected
        assert len(scrape_targets) == len(set(scrape_targets)) == 7 * len(hosts)
        assert jobs["portal"]["authorization"]["credentials_file"].endswith(
            "/metrics_token"
        )


def targets(job: dict[str, Any]) -> list[str]:
    return [target for entry in job["static_configs"] for target in entry["targets"]]


def test_without_a_mail_address_nothing_is_sent(promtool: Path, tmp_path: Path) -> None:
    path = tmp_path / "prometheus.yml"
    path.write_text(rendered("prometheus.yml.j2", **facts("one", monitoring_mail="")))

    assert check(promtool, "check", "config", "--syntax-only", path).returncode == 0
    assert "alerting" not in yaml.safe_load(path.read_text())
    assert "9093" not in path.read_text()


def test_a_message_carries_the_three_sentences_and_goes_through_the_relay() -> None:
    configuration = yaml.safe_load(
        rendered(
            "alertmanager.yml.j2",
            **facts("one", release_smtp_host="relay.example", release_smtp_port=2525),
        )
    )
    mail = configuration["receivers"][0]["email_configs"][0]

    assert configuration["global"]["smtp_smarthost"] == "relay.example:2525"
    assert mail["to"] == "team@example.org"
    assert all(
        f".Annotations.{name}" in mail["text"]
        for name in ("summary", "meaning", "remedy")
    )
    assert mail["html"] == ""


def tell(folder: Path, noted: str | None) -> str:
    script = PLAY / "roles/monitoring/files/tell_backup.py"
    if noted is not None:
        (folder / "state.json").write_text(noted)
    subprocess.run(
        [sys.executable, script, folder / "state.json", folder / "told.prom"],
        check=True,
    )
    if (folder / "told.prom").exists():
        return (folder / "told.prom").read_text()
    return ""


def test_a_machine_without_a_portal_tells_when_its_backup_was_made(
    promtool: Path, tmp_path: Path
) -> None:
    once = BackupState(
        created=BackupRun(label="a", at=datetime(2026, 1, 2, tzinfo=UTC), seconds=3)
    )
    proven = once.model_copy(update={"verified": once.created, "refused": once.created})

    assert tell(tmp_path, None) == ""
    assert (
        tell(tmp_path, once.model_dump_json())
        == "udi_backup_made_seconds 1767312000\nudi_backup_refused 0\n"
    )
    assert "udi_backup_proven_seconds 1767312000\nudi_backup_refused 1\n" in tell(
        tmp_path, proven.model_dump_json()
    )
    read = subprocess.run(
        [promtool, "check", "metrics"],
        input=tell(tmp_path, None),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "error while linting" not in read.stderr
