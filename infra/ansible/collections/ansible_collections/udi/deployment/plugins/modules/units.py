# ruff: noqa: INP001 - a module of Ansible, sent to the machine as a file
"""Units of systemd that run and start at boot, looked at in one visit."""

import os

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: units
short_description: Have units of systemd run, now and at boot
description:
  - A task for each unit costs a second of SSH, sudo and Python, changed or not.
  - systemd reads its units again where a file of one is newer than what it read.
options:
  names:
    description: Names of units; without an ending, a service.
    type: list
    elements: str
    required: true
  reload:
    description: Have systemd read its units again in any case, such as for one that these units start.
    type: bool
    default: false
author: The contributors of the Urban Data Interface (@udi)
"""
EXAMPLES = r"""
- name: Start and enable the portal's units
  udi.deployment.units:
    names: [udi-portal-web-8000, udi-portal-worker, udi-keys.path]
"""
RETURN = r"""
enabled:
  description: Units that were enabled, or would be.
  type: list
  elements: str
  returned: always
started:
  description: Units that were started, or would be.
  type: list
  elements: str
  returned: always
"""

PROPERTIES = "Id,LoadState,ActiveState,UnitFileState,NeedDaemonReload"
RUNNING = {"active", "activating", "reloading"}
AT_BOOT = {"enabled", "static", "generated"}
"""As the module systemd_service of Ansible has it: neither for this boot only, nor by another name."""


class Systemd:
    """The units of a machine, as systemd has them."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module

    def call(self, *arguments: str) -> str:
        """Run systemctl, or fail with its own words."""
        code, output, error = self.module.run_command(["systemctl", *arguments])
        if code:
            self.module.fail_json(
                msg=f"systemctl {' '.join(arguments)}: {(error or output).strip()}"
            )
        return str(output)

    def look(self, names: list[str]) -> dict[str, dict[str, str]]:
        """The state of each unit, by its name as it was given."""
        output = self.call("show", f"--property={PROPERTIES}", "--", *names)
        blocks = [block for block in output.split("\n\n") if block.strip()]
        states = [
            dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
            for block in blocks
        ]
        return dict(zip(names, states, strict=True))


def main() -> None:
    """Answer Ansible."""
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str", "required": True},
            "reload": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    # Its words are compared: they must be those of no language.
    os.environ["LC_ALL"] = "C"
    systemd = Systemd(module)
    names = [
        name if "." in name else f"{name}.service" for name in module.params["names"]
    ]
    states = systemd.look(names)
    stale = [
        name
        for name, state in states.items()
        if state["NeedDaemonReload"] == "yes" or state["LoadState"] == "not-found"
    ]
    if (stale or module.params["reload"]) and not module.check_mode:
        systemd.call("daemon-reload")
        states = systemd.look(names)
    missing = [n for n, state in states.items() if state["LoadState"] == "not-found"]
    if missing and not module.check_mode:
        module.fail_json(msg=f"There is no unit {', '.join(missing)}.")
    enabled = [n for n, s in states.items() if s["UnitFileState"] not in AT_BOOT]
    started = [n for n, s in states.items() if s["ActiveState"] not in RUNNING]
    if enabled and not module.check_mode:
        systemd.call("enable", *enabled)
    if started and not module.check_mode:
        systemd.call("start", *started)
    module.exit_json(changed=bool(enabled or started), enabled=enabled, started=started)


if __name__ == "__main__":
    main()
