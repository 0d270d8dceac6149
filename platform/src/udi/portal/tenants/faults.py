"""What is wrong in a territory's files."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TenantFault:
    """One thing wrong in a territory's files: which file, where in it (key or line), what, and what to do."""

    file: str
    where: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}, {self.where}: {self.problem} {self.remedy}".strip()


class TenantFaultsError(Exception):
    """A territory's files are wrong; `faults` has every fault found."""

    def __init__(self, faults: list[TenantFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults
