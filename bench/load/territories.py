"""Territories by the dozen: made from the template, made true, and again."""

import shutil
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from statistics import median

from udi.cli import provision, template
from udi.portal.tenants.files import TenantFolder, read_folder
from udi.settings import Settings

MODEL = "bench-00"
"""Applied first and counted nowhere: the first of all also makes the realm."""
ANSWERS = (
    "name=Banc bench-00",
    f"slug={MODEL}",
    f"host={MODEL}.localhost",
    "installation=mutualised",
    f"contact=equipe@{MODEL}.localhost",
    f"privacy_contact=dpo@{MODEL}.localhost",
)
BODIES = """
[[organisation]]
slug = "mairie"
name = "Mairie de Banc"
email = "mairie@bench-00.localhost"

[[organisation]]
slug = "agence"
name = "Agence de Banc"
email = "agence@bench-00.localhost"
"""
FEW = 5
Tell = Callable[[str], None]


def write_territories(folder: Path, count: int) -> list[TenantFolder]:
    """Make the files of the model and of `count` others, `bench-01` first, each with three organisations."""
    output_folder = folder.parent / "made"
    with redirect_stdout(StringIO()):
        template.new(output_folder, data=list(ANSWERS), defaults=True)
    shutil.move(output_folder / "tenants" / MODEL, folder / MODEL)
    with (folder / MODEL / "tenant.toml").open("a") as file:
        file.write(BODIES)
    for number in range(1, count + 1):
        _copy(folder / MODEL, folder / f"bench-{number:02}")
    return [
        read_folder(path)
        for path in sorted(
            folder.iterdir(), key=lambda path: (len(path.name), path.name)
        )
    ]


def _copy(model: Path, target: Path) -> None:
    shutil.copytree(model, target)
    for path in target.iterdir():
        path.write_text(path.read_text().replace(model.name, target.name))


def apply_each(
    settings: Settings, folders: list[TenantFolder], tell: Tell
) -> tuple[list[float], set[str]]:
    """Seconds that each took, in order, and every outcome that was said."""
    seconds = []
    outcomes = set()
    for rank, folder in enumerate(folders, 1):
        started = time.perf_counter()
        applied = provision.apply_folder(settings, folder)
        seconds.append(time.perf_counter() - started)
        outcomes |= {outcome for _, outcome in applied.changes}
        tell(f"{folder.slug}: {seconds[-1]:.2f} s ({rank} of {len(folders)})")
    return seconds, outcomes


def compare(seconds: list[float]) -> dict[str, float]:
    """The first and the last; and, since one measure is a matter of chance, the medians of the first and last five."""
    few = max(1, min(FEW, len(seconds) // 2))
    early = median(seconds[:few])
    late = median(seconds[-few:])
    return {
        "first_seconds": round(seconds[0], 3),
        "last_seconds": round(seconds[-1], 3),
        "ratio": round(seconds[-1] / seconds[0], 2),
        "median_first_seconds": round(early, 3),
        "median_last_seconds": round(late, 3),
        "median_ratio": round(late / early, 2),
        "mean_seconds": round(sum(seconds) / len(seconds), 3),
    }
