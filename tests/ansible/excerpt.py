"""Parts of the play alone: its checks on the operator's computer, and what its variables and templates become.

A module that runs on a machine, such as the one that copies a file, starts Python several times: half a second of
processor each. What is only shown is computed by Ansible itself.
"""

import base64
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.ansible.machine import PLAY, ROOT, ansible

VALUES = re.compile(r'^ok: \[(\S+)\] => \{\s+"msg": "([\w+/=]+)"', re.MULTILINE)
WHEEL = "Build the program's wheel"
RESULT = re.compile(r"^(\S+) +: ok=\d+ .*failed=(\d+)", re.MULTILINE)
REFUSAL = re.compile(
    r"^(?:fatal|failed): \[(\S+)\](.*?)(?=^\w+: \[|^TASK |^PLAY )",
    re.MULTILINE | re.DOTALL,
)


def read_checks() -> tuple[dict[str, Any], dict[str, Any]]:
    """The first play of `site.yml`, and its tasks by name, but for the wheel."""
    [checks, *_] = yaml.safe_load((PLAY / "site.yml").read_text())
    tasks = {task["name"]: task for task in checks["tasks"]}
    wheel = tasks.pop(WHEEL)
    assert wheel["ansible.builtin.import_tasks"] == "tasks/wheel.yml"
    return checks, tasks


def write_checks(folder: Path, *names: str) -> tuple[str | Path, ...]:
    """What `ansible-playbook` is given to run the first play of `site.yml` without its wheel, or these of its tasks alone.

    Where an inventory is only checked, all other plays are parsed and do nothing, which takes a second of processor, and
    the wheel two more.
    """
    checks, tasks = read_checks()
    checks["tasks"] = [tasks[name] for name in names or tasks]
    folder.mkdir(exist_ok=True)
    for name in ("tasks", "files"):
        (folder / name).symlink_to(PLAY / name)
    (folder / "checks.yml").write_text(yaml.safe_dump([checks]))
    checkout = {
        "installation_checkout": str(ROOT),
        "installation_territories_folder": str(ROOT / "tenants"),
    }
    return "-e", json.dumps(checkout), folder / "checks.yml"


def show(expressions: Mapping[str, str]) -> dict[str, Any]:
    """A task that shows for each machine what expressions become; `read_values` reads it."""
    pairs = ", ".join(f"'{name}': {text}" for name, text in expressions.items())
    message = f"{{{{ {{{pairs}}} | to_json | b64encode }}}}"
    return {"name": "Show values", "ansible.builtin.debug": {"msg": message}}


def render(template: Path) -> str:
    """The expression of what a template becomes."""
    return f"lookup('ansible.builtin.template', '{template}')"


def read_values(output: str) -> dict[str, Any]:
    """What a play showed, by machine."""
    return {
        host: json.loads(base64.b64decode(text))
        for host, text in VALUES.findall(output)
    }


def find_refusals(
    folder: Path, hosts: Mapping[str, Mapping[str, str]], task: Mapping[str, Any]
) -> dict[str, str]:
    """Why one play of this task refuses each of these machines, by their variables; nothing for one that passes."""
    groups = {
        group: {"hosts": dict.fromkeys(hosts)}
        for group in ("db", "identity", "portal", "node", "proxy")
    }
    variables = {
        "installation_host": "udi.test",
        "installation_territories": ["demo"],
        "ansible_python_interpreter": sys.executable,
    }
    named_hosts = {name: dict(values) for name, values in hosts.items()}
    inventory = {"all": {"hosts": named_hosts, "children": groups, "vars": variables}}
    play = {
        "hosts": "db",
        "connection": "local",
        "gather_facts": False,
        "roles": ["installation"],
        "tasks": [dict(task)],
    }
    (folder / "hosts.yml").write_text(yaml.safe_dump(inventory))
    (folder / "play.yml").write_text(yaml.safe_dump([play]))

    done = ansible("ansible-playbook", "-i", folder / "hosts.yml", folder / "play.yml")

    failed = {host for host, count in RESULT.findall(done.stdout) if count != "0"}
    assert dict(RESULT.findall(done.stdout)).keys() == hosts.keys(), done.stdout
    sentences = dict.fromkeys(hosts, "")
    for host, text in REFUSAL.findall(done.stdout):
        sentences[host] += " ".join(text.split())
    assert {host for host, text in sentences.items() if text} == failed
    return sentences
