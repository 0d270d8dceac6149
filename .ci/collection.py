"""Build the play as an Ansible collection: `python .ci/collection.py --wheel FILE --to FOLDER [CHECKOUT]`.

It holds the roles and plays as they are in `infra/ansible`, the wheel that they deploy and its dependencies with their
hashes, so that it needs no checkout. The same checkout and wheel give the same bytes.
"""  # noqa: INP001 - a script, run by its path

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
NAMESPACE = "udi"
NAME = "deployment"
REQUIRES_ANSIBLE = ">=2.19.0"
PLAYS = ("site.yml", "bundle.yml", "restore.yml", "uninstall.yml")
BESIDE_PLAYS = ("tasks", "files")
MODULES = f"collections/ansible_collections/{NAMESPACE}/{NAME}/plugins"
DEFAULTS = "roles/installation/defaults/main.yml"
LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
CHECKOUT_LINES = {
    'installation_territories_folder: "{{ playbook_dir }}/../../tenants"': (
        "installation_territories_folder: \"{{ lookup('ansible.builtin.env', 'PWD') }}/tenants\""
    ),
    'installation_checkout: "{{ playbook_dir }}/../.."': (
        'installation_checkout: "{{ playbook_dir }}/.."'
    ),
    'installation_release_signers: "{{ installation_checkout }}/platform/src/udi/cli/upgrade/allowed_signers"': (
        'installation_release_signers: "{{ playbook_dir }}/../allowed_signers"'
    ),
    'installation_ready_wheel: ""': (
        'installation_ready_wheel: "{{ playbook_dir }}/../wheel/%(wheel)s"'
    ),
    'installation_ready_wheel_sha256: ""': (
        'installation_ready_wheel_sha256: "%(sha256)s"'
    ),
}
"""What is otherwise without a checkout around the plays: each line of the defaults, and what stands in its place."""


def write_tree(root: Path, wheel: Path, target: Path) -> None:
    """Lay out the content of the collection in an empty folder."""
    play = root / "infra/ansible"
    copy(play / "roles", target / "roles")
    for name in (*PLAYS, *BESIDE_PLAYS):
        copy(play / name, target / "playbooks" / name)
    copy(play / MODULES, target / "plugins")
    copy(play / "inventory", target / "inventory")
    copy(root / "infra/monitoring/alerts.yml", target / "monitoring/alerts.yml")
    copy(root / "requirements/run.txt", target / "requirements/run.txt")
    copy(
        root / "platform/src/udi/cli/upgrade/allowed_signers",
        target / "allowed_signers",
    )
    copy(wheel, target / "wheel" / wheel.name)
    for name in ("CHANGELOG.md", "LICENSE"):
        copy(root / name, target / name)
    (target / "README.md").write_text(render_readme(root))
    (target / "meta").mkdir()
    dump({"requires_ansible": REQUIRES_ANSIBLE}, target / "meta/runtime.yml")
    dump(describe(root), target / "galaxy.yml")
    replace_defaults(target / DEFAULTS, wheel)


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder, but for what Python left in it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)


def describe(root: Path) -> dict[str, Any]:
    """Return the content of `galaxy.yml`: what pyproject.toml and publisher.toml say."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    publisher = tomllib.loads((root / "publisher.toml").read_text())
    content = {
        "namespace": NAMESPACE,
        "name": NAME,
        "version": project["version"],
        "readme": "README.md",
        "authors": ["The contributors of the Urban Data Interface"],
        "description": "Deploys the Urban Data Interface, the data portals and data node of territories.",
        "license_file": "LICENSE",
        "tags": ["infrastructure", "database", "monitoring"],
        "dependencies": {},
    }
    repository = publisher.get("repository", "")
    if repository:
        content["repository"] = repository
    return content


def dump(content: Any, file: Path) -> None:
    """Write YAML."""
    file.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def replace_defaults(file: Path, wheel: Path) -> None:
    """Have the collection deploy its own wheel, and read the files that it holds.

    Raises:
        ValueError: a line is not there any more.
    """
    text = file.read_text()
    values = {
        "wheel": wheel.name,
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
    }
    for line, replacement in CHECKOUT_LINES.items():
        if f"\n{line}\n" not in text:
            msg = f"{DEFAULTS} has no line «{line}»; .ci/collection.py must follow it"
            raise ValueError(msg)
        text = text.replace(f"\n{line}\n", f"\n{replacement % values}\n")
    file.write_text(text)


def render_readme(root: Path) -> str:
    """Return the README: how to use the collection, its roles, and the variables of each."""
    play = root / "infra/ansible"
    head = (play / "COLLECTION.md").read_text()
    roles = sorted(path for path in (play / "roles").iterdir() if path.is_dir())
    rows = [
        f"| `{role.name}` | {read_spec(role)['short_description']} |" for role in roles
    ]
    sections = [render_variables(role) for role in roles]
    table = "\n".join(["| role | what it does |", "|---|---|", *rows])
    return "\n".join([head, "## Roles", "", table, "", "## Variables", "", *sections])


def render_variables(role: Path) -> str:
    """Return the table of a role's variables, as its argument specification has them."""
    options: dict[str, Any] = read_spec(role).get("options", {})
    defaults = role / "defaults/main.yml"
    values = yaml.safe_load(defaults.read_text()) if defaults.exists() else {}
    if not options:
        return f"### {role.name}\n\nNo variable of its own.\n"
    lines = [
        f"### {role.name}",
        "",
        "| variable | default | what it is |",
        "|---|---|---|",
    ]
    for name, option in options.items():
        default = "required"
        if not option.get("required"):
            default = f"`{json.dumps(values[name], ensure_ascii=False)}`".replace(
                "|", "\\|"
            )
        description = LINK.sub(r"\1", option["description"])
        lines.append(f"| `{name}` | {default} | {description} |")
    return "\n".join([*lines, ""])


def read_spec(role: Path) -> dict[str, Any]:
    """Return the argument specification of a role."""
    text = (role / "meta/argument_specs.yml").read_text()
    spec: dict[str, Any] = yaml.safe_load(text)["argument_specs"]["main"]
    return spec


def build(root: Path, wheel: Path, folder: Path, moment: int) -> Path:
    """Build the archive with Ansible's own program, then write it again in one order and with one date."""
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        tree.mkdir()
        write_tree(root, wheel, tree)
        command = ["collection", "build", str(tree), "--output-path", scratch]
        program = Path(sys.executable).with_name("ansible-galaxy")
        environment = {**os.environ, "ANSIBLE_HOME": scratch, "HOME": scratch}
        subprocess.run(  # noqa: S603 - Ansible's own program, of this environment
            [str(program), *command], check=True, env=environment, stdout=sys.stderr
        )
        [archive] = Path(scratch).glob("*.tar.gz")
        with tarfile.open(archive) as members:
            contents = {
                member.name: members.extractfile(member).read()
                if member.isfile()
                else None  # type: ignore[union-attr]  # a file has a reader
                for member in members
            }
        target = folder / archive.name
        target.write_bytes(pack(order(contents), moment))
    return target


def order(contents: dict[str, bytes | None]) -> dict[str, bytes | None]:
    """Sort the list of files, and have the manifest name the digest of the sorted list."""
    listed = json.loads(contents["FILES.json"] or b"")
    listed["files"].sort(key=lambda file: file["name"])
    files = json.dumps(listed, indent=1).encode()
    manifest = json.loads(contents["MANIFEST.json"] or b"")
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(files).hexdigest()
    manifest_bytes = json.dumps(manifest, indent=1).encode()
    return {**contents, "FILES.json": files, "MANIFEST.json": manifest_bytes}


def pack(contents: dict[str, bytes | None], moment: int) -> bytes:
    """Return the archive of files by name, folders being None."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name in ("MANIFEST.json", *sorted(set(contents) - {"MANIFEST.json"})):
            content = contents[name]
            member = tarfile.TarInfo(name)
            member.mtime = moment
            member.mode = 0o755 if content is None or name.endswith(".sh") else 0o644
            if content is None:
                member.type = tarfile.DIRTYPE
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return gzip.compress(raw.getvalue(), mtime=moment)


def main(arguments: list[str]) -> int:
    """Build the collection of a checkout; print its path."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    given = parser.parse_args(arguments)
    moment = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    archive = build(given.checkout.resolve(), given.wheel.resolve(), given.to, moment)
    sys.stdout.write(f"{archive}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
