"""Who publishes this repository: `publisher.toml` says it once, and each file that names it follows.

`python .ci/publisher.py` tells what is missing or differs, and fails; with `--write` it writes the files. A second
argument is the folder to look at, this checkout without.
"""  # noqa: INP001 - a script, run by its path

import re
import sys
import tomllib
from pathlib import Path

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
RESERVED = re.compile(r"\bexample\.(org|com|net)\b|\.example\b")
"""Hosts that belong to nobody (RFC 2606)."""


def read_settings(root: Path) -> dict[str, str]:
    """Return the values of `publisher.toml`; one that is not there is empty."""
    content = tomllib.loads((root / SETTINGS).read_text())
    return {name: str(content.get(name, "")).strip() for name in RULES}


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
