"""Parts of the play alone: its checks on the operator's computer, and what its variables and templates become.

A module that runs on a machine, such as the one that copies a file, starts Python several times: half a second of
processor each. What is only shown is computed by Ansible itself.
"""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.ansible.machine import PLAY, ROOT

VALUES = re.compile(r'^ok: \[(\S+)\] => \{\s+"msg": "([\w+/=]+)"', re.MULTILINE)
WHEEL = "Build the program's wheel"


def write_checks(folder: Path, *names: str) -> tuple[str | Path, ...]:
    """What `ansible-playbook` is given to run the first play of `site.yml` without its wheel, or these of its tasks alone.

    Where an inventory is only checked, all other plays are parsed and do nothing, which takes a second of processor, and
    the wheel two more.
    """
    [checks, *_] = yaml.safe_load((PLAY / "site.yml").read_text())
    tasks = {task["name"]: task for task in checks["tasks"]}
    wheel = tasks.pop(WHEEL)
    assert wheel["ansible.builtin.import_tasks"] == "tasks/wheel.yml"
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
