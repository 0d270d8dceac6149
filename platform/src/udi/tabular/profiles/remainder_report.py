"""What a search besides the main table found, and how much it may still read."""

from dataclasses import dataclass, field

from udi.tabular.personal.report import PersonalDataFinding

MOST_PARTS = 500
MOST_BYTES = 1024**3
MOST_UNSEARCHED = 50


@dataclass
class RemainderReport:
    """What was found besides the table, and the names of what nobody can look into."""

    findings: list[PersonalDataFinding] = field(default_factory=list)
    unsearched: list[str] = field(default_factory=list)

    def add_unsearched(self, place: str) -> None:
        """Say that a part was not searched."""
        if place not in self.unsearched and len(self.unsearched) < MOST_UNSEARCHED:
            self.unsearched.append(place)


@dataclass
class SearchBudget:
    """Parts and unpacked bytes that may still be read."""

    parts: int = MOST_PARTS
    size: int = MOST_BYTES

    def spend(self, size: int) -> bool:
        """Count a part; False when it is too much."""
        self.parts -= 1
        self.size -= size
        return self.parts >= 0 and self.size >= 0
