"""The page for heads of IT names tests that are there, and every port that the play opens or listens on."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/for-your-it.md").read_text(encoding="utf-8")
PLAY = ROOT / "infra/ansible/roles"


def test_every_line_of_hardening_names_a_test_that_is_there() -> None:
    named = re.findall(r"`(tests/[\w/.]+)`", PAGE)

    assert len(named) > 12
    assert [path for path in named if not (ROOT / path).is_file()] == []


def test_every_port_of_one_machine_is_on_the_page() -> None:
    proxy = (PLAY / "reverse_proxy/templates/udi.conf.j2").read_text()
    defaults = (PLAY / "installation/defaults/main.yml").read_text()
    ports = {
        *re.findall(r"listen (\d+)", proxy),
        *re.findall(r"\b80\d\d\b", defaults),
    }

    assert {"80", "443", "8000", "8011"} <= ports
    assert [port for port in sorted(ports) if not re.search(rf"\b{port}\b", PAGE)] == []
