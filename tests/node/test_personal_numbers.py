"""Numbers whose digits are checked: an account number is one only where its remainder says so."""

import pytest

from udi.tabular.personal.numbers import is_valid_iban

EXAMPLE = "FR7630006000011234567890189"
"""The example of the standard's own documentation, of no account."""


def test_iban_is_right_takes_what_the_standard_does() -> None:
    assert is_valid_iban(EXAMPLE)


@pytest.mark.parametrize(
    "other", ["FR7630006000011234567890188", "FR7530006000011234567890189"]
)
def test_iban_is_right_refuses_another_digit(other: str) -> None:
    assert not is_valid_iban(other)
