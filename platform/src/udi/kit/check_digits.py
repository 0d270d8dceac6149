"""The rules by which the last digit of a number confirms the others; digits are ASCII, their number is the caller's to look at."""

from collections.abc import Sequence

TEN = 10
ELEVEN = 11


def is_iso_7064_mod_11_10(digits: str) -> bool:
    """ISO/IEC 7064, MOD 11,10: tax numbers of people and of companies in Germany."""
    product = TEN
    for digit in digits[:-1]:
        total = (int(digit) + product) % TEN or TEN
        product = 2 * total % ELEVEN
    return (ELEVEN - product) % TEN == int(digits[-1])


def sum_weighted(digits: str, weights: Sequence[int]) -> int:
    """The sum of digits, each times its weight; both end together."""
    pairs = zip(reversed(digits), reversed(weights), strict=False)
    return sum(int(digit) * weight for digit, weight in pairs)


def sum_luhn(digits: str, *, doubled: int) -> int:
    """The sum of digits, of which every second counts twice (as the sum of its two digits), from the place `doubled` on."""
    total = 0
    for place, digit in enumerate(digits):
        value = int(digit)
        if place % 2 == doubled:
            value = sum(divmod(2 * value, TEN))
        total += value
    return total
