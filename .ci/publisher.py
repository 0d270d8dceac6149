"""Who publishes this repository: `publisher.toml` says it once, and each file that names it follows.

`python .ci/publisher.py` tells what is missing or differs, and fails; with `--write` it writes the files. A second
argument is the folder to look at, this checkout without.
"""  # noqa: INP001 - a script, run by its path

import base64
import re
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import tomlkit

ROOT = Path(__file__).parents[1]
SETTINGS = "publisher.toml"
WEB = "https://"
MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
RULES = {
    "repository": "the address of the public repository, which begins with https://",
    "security_contact": "a page (https://…) or a mail address",
    "conduct_contact": "a page (https://…) or a mail address",
    "reviewers": "a team or an account of the forge, which begins with @",
}
SIGNERS = "platform/src/udi/cli/upgrade/allowed_signers"
SIGNERS_HEADER = "# Who signs releases of this program, as ssh-keygen(1) reads it. Written by .ci/publisher.py from publisher.toml.\n"
SIGNER_RULES = {
    "name": "one line of letters, without a quotation mark",
    "key": "the line of a public key of OpenSSH: ssh-ed25519 or sk-ssh-ed25519@openssh.com, then its letters",
    "valid_after": "a day, such as 2026-12-01",
    "valid_before": "a day after `valid_after`",
}
KEY_TYPES = {"ssh-ed25519": 2, "sk-ssh-ed25519@openssh.com": 3}
"""How many strings a key of each type has: its type, its point, and the application of one on a security key."""
POINT_BYTES = 32
NAME = re.compile(r"[^\s\"#][^\n\"]*")
RESERVED = re.compile(r"\bexample\.(org|com|net)\b|\.example\b")
"""Hosts that belong to nobody (RFC 2606)."""


def read_settings(root: Path) -> dict[str, str]:
    """Return the values of `publisher.toml`; one that is not there is empty."""
    content = tomllib.loads((root / SETTINGS).read_text())
    return {name: str(content.get(name, "")).strip() for name in RULES}


def read_signers(root: Path) -> list[dict[str, Any]]:
    """Return who signs releases, as `publisher.toml` has them; nobody where releases are not signed."""
    signers: list[dict[str, Any]] = tomllib.loads((root / SETTINGS).read_text()).get(
        "signers", []
    )
    return signers


def find_signer_faults(number: int, signer: dict[str, Any]) -> list[str]:
    """Return what is wrong with the signer of this number, without a word of what its values are."""
    is_right = {
        "name": NAME.fullmatch(str(signer.get("name", ""))) is not None,
        "key": is_public_key(str(signer.get("key", ""))),
        "valid_after": type(signer.get("valid_after", date.min)) is date,
        "valid_before": type(signer.get("valid_before", date.max)) is date,
    }
    if is_right["valid_after"] and is_right["valid_before"]:
        after = signer.get("valid_after", date.min)
        is_right["valid_before"] = after < signer.get("valid_before", date.max)
    faults = [
        f"{SETTINGS}: `{name}` of signer {number} must be {SIGNER_RULES[name]}"
        for name, right in is_right.items()
        if not right
    ]
    unknown = sorted(set(signer) - set(SIGNER_RULES))
    return faults + [
        f"{SETTINGS}: `{name}` of signer {number} is unknown" for name in unknown
    ]


def is_public_key(line: str) -> bool:
    """Tell whether a line is a whole public key of OpenSSH, of the type that it names: OpenSSH skips another one."""
    kind, _, rest = line.partition(" ")
    try:
        blob = base64.b64decode(rest.partition(" ")[0], validate=True)
    except ValueError:  # no base64, or letters that are not of ASCII
        return False
    strings = read_strings(blob)
    return (
        len(strings) == KEY_TYPES.get(kind)
        and strings[0] == kind.encode()
        and len(strings[1]) == POINT_BYTES
    )


def read_strings(blob: bytes) -> list[bytes]:
    """Return the strings of a key in SSH's wire format; none where the last one is cut short."""
    strings = []
    while blob:
        end = 4 + int.from_bytes(blob[:4], "big")
        if len(blob) < end:
            return []
        strings.append(blob[4:end])
        blob = blob[end:]
    return strings


def render_signer(signer: dict[str, Any]) -> str:
    """Return the line of a signer in a file of allowed signers. Days begin in UTC."""
    options = ['namespaces="udi-release"'] + [
        f'{name.replace("_", "-")}="{signer[name]:%Y%m%d}Z"'
        for name in ("valid_after", "valid_before")
        if name in signer
    ]
    kind, letters = signer["key"].split()[:2]
    return f"publisher {','.join(options)} {kind} {letters} {signer['name']}\n"


def is_filled(name: str, value: str) -> bool:
    """Tell whether a value is of the form that its key asks for, and somebody's."""
    if RESERVED.search(value) or " " in value:
        return False
    is_page = value.startswith(WEB) and len(value) > len(WEB)
    if name == "repository":
        return is_page
    if name == "reviewers":
        return len(value) > 1 and value.startswith("@")
    return is_page or MAIL.fullmatch(value) is not None


def find_faults(root: Path) -> list[str]:
    """Return what keeps a release from being made: values that are missing, then files that say something else."""
    settings = read_settings(root)
    faults = [
        f"{SETTINGS}: `{name}` is «{value}»; it must be {RULES[name]}"
        for name, value in settings.items()
        if not is_filled(name, value)
    ]
    for number, signer in enumerate(read_signers(root), 1):
        faults += find_signer_faults(number, signer)
    if faults:
        return faults
    return [
        f"{name} does not say what {SETTINGS} says: run `.ci/publisher.py --write`"
        for name, text in render_files(root, settings).items()
        if (root / name).read_text() != text
    ]


def write_files(root: Path) -> None:
    """Write each file that names the publisher, by the values of `publisher.toml`."""
    for name, text in render_files(root, read_settings(root)).items():
        (root / name).write_text(text)


def render_files(root: Path, settings: dict[str, str]) -> dict[str, str]:
    """Return the texts of the files, by their names, with the values in their places."""
    repository = settings["repository"]
    page = repository.removesuffix(".git")
    text_by_name = {
        name: (root / name).read_text()
        for name in ("publiccode.yml", "mkdocs.yml", "CODEOWNERS", "pyproject.toml")
    }
    signers = [
        signer
        for number, signer in enumerate(read_signers(root), 1)
        if not find_signer_faults(number, signer)
    ]
    project = tomlkit.parse(text_by_name["pyproject.toml"])
    project["project"]["urls"] = {"Repository": page}
    return {
        "publiccode.yml": re.sub(
            r"^url: .*$",
            f"url: {repository}",
            text_by_name["publiccode.yml"],
            flags=re.MULTILINE,
        ),
        "mkdocs.yml": _set_repository(text_by_name["mkdocs.yml"], page),
        "CODEOWNERS": re.sub(
            r"^([^#\s]\S*\s+)\S.*$",
            rf"\g<1>{settings['reviewers']}",
            text_by_name["CODEOWNERS"],
            flags=re.MULTILINE,
        ),
        "pyproject.toml": tomlkit.dumps(project),
        SIGNERS: SIGNERS_HEADER + "".join(map(render_signer, signers)),
        "SECURITY.md": _link(root / "SECURITY.md", settings["security_contact"]),
        "CODE_OF_CONDUCT.md": _link(
            root / "CODE_OF_CONDUCT.md", settings["conduct_contact"]
        ),
    }


def _set_repository(configuration: str, page: str) -> str:
    """Return the configuration of the site with the address of the repository as its last line."""
    others = re.sub(r"^repo_url: .*\n", "", configuration, flags=re.MULTILINE)
    return f"{others.rstrip()}\n\nrepo_url: {page}\n"


def _link(path: Path, contact: str) -> str:
    """Return the text of a page whose reference `[private report]` leads to a contact."""
    address = contact if contact.startswith(WEB) else f"mailto:{contact}"
    return re.sub(
        r"^\[private report\]: .*$",
        f"[private report]: {address}",
        path.read_text(),
        flags=re.MULTILINE,
    )


def main(arguments: list[str]) -> int:
    """Write the files if asked to, then tell what is left to do."""
    names = [argument for argument in arguments if argument != "--write"]
    root = Path(names[0]) if names else ROOT
    if len(names) < len(arguments):
        write_files(root)
    faults = find_faults(root)
    sys.stderr.write("".join(f"{fault}\n" for fault in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
