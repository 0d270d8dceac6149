"""What a producer corrected holds for their next file, also after the node made another from it."""

from udi.tabular.formats.line_settings import LineSettings
from udi.tabular.profiles.corrections import Corrections

NAMES = ["Association", "2023 voté", "2024 versé"]
COUNTED = ["Association", "nombre"]
LINES = LineSettings(header=(2, 3), totals=True)


def test_for_next_file_remembers_the_names_of_the_untreated_file() -> None:
    treated = Corrections(lines=LINES).for_treated({}, {"Association"}, NAMES)
    again = treated.for_treated({}, set(), COUNTED)

    first = treated.for_next_file(COUNTED).lines
    second = again.for_next_file(COUNTED).lines

    assert first == second == LineSettings((2, 3), totals=True, columns=tuple(NAMES))
    assert first.fits_names(NAMES)


def test_for_next_file_keeps_zeros_chosen_before_and_after_a_treatment() -> None:
    before = Corrections(zeros=("code postal",))
    treated = before.for_treated({}, {"siret"}, ["code postal", "siret"])
    chosen = Corrections.from_json({**treated.as_json(), "zeros": ["siret"]})

    following = chosen.for_next_file(["siret"])
    treated_again = chosen.for_treated({}, set(), ["siret"]).for_next_file(["siret"])

    assert treated.zeros == ()
    assert following.zeros == treated_again.zeros == ("code postal", "siret")
    assert following.made_from is None
