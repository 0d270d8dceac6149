"""Numbers of people of Germany, Spain and Romania: made up, of nobody, with every check digit, of which one is right."""

import random
import string

import pytest

from udi.tabular.personal.tax_numbers import (
    is_german,
    is_romanian,
    is_spanish,
    is_tax_number,
)

MADE_UP = 200
LATE = "5991231529992"
"""Of somebody born on the last day of 2099."""
chance = random.Random(12)  # noqa: S311 - made-up numbers, no secret


def draw_german() -> str:
    """The first ten digits: one of them twice or three times, the others once."""
    digits = chance.sample(string.digits, 10)
    repeats = chance.choice((1, 2))
    shuffled = [*digits[: 10 - repeats], *digits[:1] * repeats]
    while shuffled[0] == "0" or len(set(shuffled)) != 10 - repeats:
        chance.shuffle(shuffled)
    return "".join(shuffled)


def draw_romanian() -> str:
    """The first twelve digits, of somebody born in the last years of this century."""
    return f"{chance.choice('56')}9{chance.randrange(10)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}{chance.randrange(1, 47):02}{chance.randrange(1, 1000):03}"


def test_of_all_check_digits_of_a_made_up_number_one_is_right() -> None:
    for _ in range(MADE_UP):
        german = draw_german()
        romanian = draw_romanian()
        assert [is_german(german + digit) for digit in string.digits].count(True) == 1
        assert [is_romanian(romanian + digit) for digit in string.digits].count(
            True
        ) == 1


def test_the_key_is_the_one_of_the_rule() -> None:
    assert is_romanian(LATE)
    assert is_tax_number(LATE)
    assert not is_romanian(f"{LATE[:-1]}3")


@pytest.mark.parametrize(
    "number",
    [
        "12345678901",  # no digit twice
        "11223456789",  # two digits twice
        "11112345678",  # one four times
        "01123456789",  # begins with nought
        "1123456789",
    ],
)
def test_digits_that_repeat_otherwise_are_no_german_number(number: str) -> None:
    assert not is_german(number)
    assert not any(is_german(number[:-1] + digit) for digit in string.digits)


@pytest.mark.parametrize(
    "body",
    ["599133152999", "599123252999", "599123153999", "599123152000", "099123152999"],
)
def test_no_day_no_county_no_number(body: str) -> None:
    assert not any(is_romanian(body + digit) for digit in string.digits)


def test_a_spaniard_without_a_dni_has_a_letter_before_seven_digits() -> None:
    right = [
        letter for letter in string.ascii_uppercase if is_spanish(f"K0000000{letter}")
    ]

    assert right == ["T"]
