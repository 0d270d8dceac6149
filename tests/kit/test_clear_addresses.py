"""Which addresses let what is sent to them be read on its way."""

import pytest

from udi.kit.web_addresses import travels_in_clear


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://data.example/node", False),
        ("http://localhost:8011", False),
        ("http://node.demo.localhost:8011/x", False),
        ("http://127.0.0.1:8011", False),
        ("http://[::1]:8011", False),
        ("http://data.example", True),
        ("http://localhost.example", True),
        ("http://notlocalhost", True),
        ("http://192.168.1.7:8011", True),
    ],
)
def test_travels_in_clear_is_true_of_other_machines_without_tls(
    url: str, *, expected: bool
) -> None:
    assert travels_in_clear(url) is expected
