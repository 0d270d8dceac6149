"""Values of a form, read."""

MOST_DIGITS = 8


def read_number(value: object) -> int:
    """A small whole number of a form; 0 where there is none."""
    text = str(value or "")
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS:
        return int(text)
    return 0
