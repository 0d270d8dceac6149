"""Lines of a file that are no rows of its table, though they say something: they are searched for personal data too."""

from collections.abc import Sequence

from udi.tabular.formats.totals import is_total
from udi.tabular.profiles.profile import Profile


def leaves_lines(profile: Profile) -> bool:
    """Whether lines with a value may stand outside of the table."""
    return bool(profile.last_line or profile.skipped_line or profile.leaves_totals)


def is_left_out(profile: Profile, line: int, cells: Sequence[str]) -> bool:
    """Whether a record is no row: below the table, above its rows but for their names, or a total that is left out."""
    if profile.last_line and line > profile.last_line:
        return True
    if line <= profile.skipped_line:
        return line != profile.header_line
    return profile.leaves_totals and is_total(cells)
