# ruff: noqa: INP001 - a module of Ansible, sent to the machine as a file
"""Files, folders and links of a machine in one visit, with the differences that `--diff` shows."""

import grp
import os
import pwd
import stat
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: files
short_description: Many files, folders and links in one visit of the machine
description:
  - A task for each file costs a second of SSH, sudo and Python, changed or not.
  - In the order folders, removals, files, links. Missing parents of files and links are created.
options:
  folders:
    description: Folders, each with its O(folders[].path) and, where it is not C(0755), its O(folders[].mode).
    type: list
    elements: dict
    default: []
  absent:
    description: Paths of files and links that must not be there.
    type: list
    elements: path
    default: []
  files:
    description: >-
      Files, each with its O(files[].path), O(files[].content) and, where they are not C(0644) and root, O(files[].mode) and
      O(files[].owner), whose group it has too. With O(files[].each), a file for each of these words, which stands in path and
      content where they say C(@each@).
    type: list
    elements: dict
    default: []
  links:
    description: Symbolic links, each with its O(links[].path) and O(links[].target).
    type: list
    elements: dict
    default: []
author: The contributors of the Urban Data Interface (@udi)
"""
EXAMPLES = r"""
- name: Write the units of the portal
  udi.deployment.files:
    files:
      - path: /etc/systemd/system/udi-portal-worker.service
        content: "{{ lookup('ansible.builtin.template', 'udi-portal-worker.service.j2') }}"
"""
RETURN = r"""
changed_paths:
  description: What was changed, or would be.
  type: list
  elements: str
  returned: always
"""

ENTRY = {
    "path": {"type": "path", "required": True},
    "mode": {"type": "str"},
    "owner": {"type": "str", "default": "root"},
}
FILE = {
    **ENTRY,
    "content": {"type": "str", "required": True},
    "each": {"type": "list", "elements": "str"},
}
EACH = "@each@"
LINK = {
    "path": {"type": "path", "required": True},
    "target": {"type": "path", "required": True},
}


class Machine:
    """What is there, what was changed of it, and how it differed."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.changes: list[str] = []
        self.differences: list[dict[str, str]] = []

    def note(self, path: Path, before: str, after: str) -> bool:
        """Note a change; whether it may be made."""
        if str(path) not in self.changes:
            self.changes.append(str(path))
        self.differences.append(
            {
                "before_header": str(path),
                "after_header": str(path),
                "before": before,
                "after": after,
            }
        )
        return not self.module.check_mode

    def find_owner(self, name: str) -> tuple[int, int] | None:
        """The numbers of an account and of the group of its name; None where `--check` looks before it is created."""
        try:
            return pwd.getpwnam(name).pw_uid, grp.getgrnam(name).gr_gid
        except KeyError:
            if self.module.check_mode:
                return None
            self.module.fail_json(msg=f"There is no account or group «{name}».")

    def own(self, path: Path, owner: str, mode: int) -> None:
        """Give a file or a folder that is there its owner and rights."""
        numbers = self.find_owner(owner)
        status = path.lstat()
        before = (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))
        if numbers is None or before == (*numbers, mode):
            return
        rights_texts = [
            f"owner {uid}:{gid}, mode {rights:04o}\n"
            for uid, gid, rights in (before, (*numbers, mode))
        ]
        if self.note(path, *rights_texts):
            os.chown(path, *numbers)
            path.chmod(mode)

    def create_folder(self, path: Path, owner: str, mode: int) -> None:
        """Create a folder, or give it its owner and rights."""
        if path.is_dir():
            self.own(path.resolve(), owner, mode)
            return
        self.create_parent(path)
        if self.note(path, "", "a folder\n"):
            path.mkdir()
            path.chmod(mode)
            self.own(path, owner, mode)

    def create_parent(self, path: Path) -> None:
        """Create the folder that something is in, and those above, for root and all to read, where there is none."""
        if not path.parent.is_dir():
            self.create_folder(path.parent, "root", 0o755)

    def remove(self, path: Path) -> None:
        """Remove a file or a link."""
        there = path.is_symlink() or path.exists()
        if there and self.note(path, "a file or link\n", ""):
            path.unlink()

    def write(self, path: Path, content: str, owner: str, mode: int) -> None:
        """Write a file whole or not at all, or give it its owner and rights."""
        numbers = self.find_owner(owner)
        self.create_parent(path)
        before = read(path)
        if before == content.encode():
            self.own(path, owner, mode)
            return
        text = "" if before is None else before.decode(errors="replace")
        if not self.note(path, text, content) or numbers is None:
            return
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".udi-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content.encode())
                os.fchown(handle, *numbers)
                os.fchmod(handle, mode)
                os.fsync(handle)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink()
            raise

    def link(self, path: Path, target: Path) -> None:
        """Have a symbolic link lead to its target, in one step."""
        self.create_parent(path)
        before = str(path.readlink()) if path.is_symlink() else ""
        if before == str(target):
            return
        if self.note(path, f"{before}\n" if before else "", f"{target}\n"):
            partial = path.with_name(f"{path.name}.udi-partial")
            partial.unlink(missing_ok=True)
            partial.symlink_to(target)
            partial.replace(path)


def read(path: Path) -> bytes | None:
    """The content of a file; None where there is none, or a link."""
    if path.is_symlink() or not path.exists():
        return None
    return path.read_bytes()


def bring(machine: Machine, options: dict[str, Any]) -> None:
    """Make true what the options say."""
    for folder in options["folders"]:
        mode = int(folder["mode"] or "0755", 8)
        machine.create_folder(Path(folder["path"]), folder["owner"], mode)
    for path in options["absent"]:
        machine.remove(Path(path))
    for file in options["files"]:
        mode = int(file["mode"] or "0644", 8)
        for word in [EACH] if file["each"] is None else file["each"]:
            place = Path(file["path"].replace(EACH, word))
            content = file["content"].replace(EACH, word)
            machine.write(place, content, file["owner"], mode)
    for link in options["links"]:
        machine.link(Path(link["path"]), Path(link["target"]))


def main() -> None:
    """Answer Ansible."""
    module = AnsibleModule(
        argument_spec={
            "folders": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": ENTRY,
            },
            "absent": {"type": "list", "elements": "path", "default": []},
            "files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": FILE,
            },
            "links": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": LINK,
            },
        },
        supports_check_mode=True,
        # Ansible would write all contents to the log of the machine, at each play.
        no_log=True,
    )
    machine = Machine(module)
    try:
        bring(machine, module.params)
    except OSError as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=bool(machine.changes),
        changed_paths=machine.changes,
        diff=machine.differences,
    )


if __name__ == "__main__":
    main()
