"""The software bill of materials of a release: CycloneDX 1.6 from the pinned packages, without the network.

`python .ci/sbom.py requirements/run.txt > udi.cdx.json`; the same list gives the same bytes.
"""  # noqa: INP001 - a script, run by its path

import json
import re
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://w3id.org/udi/sbom")


def read_pins(text: str) -> list[dict[str, Any]]:
    """Return a component for each pinned package; its hashes are those of the files that may be installed."""
    components = []
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        requirement = Requirement(line.partition(" --hash=")[0])
        [pin] = requirement.specifier
        name = canonicalize_name(requirement.name)
        purl = f"pkg:pypi/{name}@{pin.version}"
        hashes = sorted(HASH.findall(line))
        components.append(
            {
                "type": "library",
                "bom-ref": purl,
                "name": name,
                "version": pin.version,
                "purl": purl,
                "hashes": [{"alg": "SHA-256", "content": each} for each in hashes],
            }
        )
    return components


def describe_release(project: dict[str, Any], pins: str) -> dict[str, Any]:
    """Return the document of a project (the table of `pyproject.toml`) with its pins."""
    components = read_pins(pins)
    refs = {component["name"]: component["bom-ref"] for component in components}
    names = {
        canonicalize_name(Requirement(each).name) for each in project["dependencies"]
    }
    release = {
        "type": "application",
        "bom-ref": f"pkg:pypi/{project['name']}@{project['version']}",
        "name": project["name"],
        "version": project["version"],
        "description": project["description"],
        "licenses": [{"license": {"id": project["license"]}}],
    }
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": release},
        "components": components,
        "dependencies": [
            {
                "ref": release["bom-ref"],
                "dependsOn": [refs[name] for name in sorted(names)],
            }
        ],
    }
    serial = uuid.uuid5(NAMESPACE, json.dumps(document, sort_keys=True))
    return {"serialNumber": f"urn:uuid:{serial}", **document}


def main() -> None:
    """Write the document of one list of pins."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    document = describe_release(project, Path(sys.argv[1]).read_text())
    json.dump(document, sys.stdout, indent=1, ensure_ascii=False)
    print()  # noqa: T201 - the end of the file


if __name__ == "__main__":
    main()
