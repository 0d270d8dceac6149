"""The generated files: some of each family, always the same."""

import re
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from bench.load.reading.labels import LabelledReading
from bench.load.reading.sheet_families import SHEET_FAMILIES
from bench.load.reading.text_families import TEXT_FAMILIES

FILES_A_FAMILY = 6
FAMILIES = {**TEXT_FAMILIES, **SHEET_FAMILIES}


def generated_files(most: int = FILES_A_FAMILY) -> Iterator[LabelledReading]:
    """The first `most` files of each family."""
    for family, make in FAMILIES.items():
        slug = re.sub(r"[^a-z0-9]+", "-", family.lower()).strip("-")
        for number in range(1, most + 1):
            name = f"{slug}-{number}.csv"
            draw = Random(name)  # noqa: S311 - the same files each time
            yield replace(make(draw, name), family=family)
