"""How old the last backup is, and the last proof that one restores, for the metrics."""

from prometheus_client.core import Metric

from udi.kit.backups import BackupRun, read_state
from udi.kit.clock import now
from udi.kit.postgresql import is_external
from udi.ui.metrics import Samples, make_gauge
from udi.ui.site import Site


async def measure_backups(site: Site) -> list[Metric]:
    """Nothing on a machine where no backup is made; of databases that others run, that they back them up."""
    if is_external(site.settings):
        words = "Whether others run the databases, and back them up."
        return [make_gauge("udi_backup_elsewhere", words, [({}, 1)])]
    state = read_state(site.settings)
    if state is None:
        return []
    gauges: list[tuple[str, str, Samples]] = [
        (
            "udi_backup_age_seconds",
            "Since the last whole backup ended.",
            _age(state.created),
        ),
        (
            "udi_backup_verified_age_seconds",
            "Since a backup was last proven to restore.",
            _age(state.verified),
        ),
        (
            "udi_backup_refused",
            "Whether the last proof failed.",
            [({}, int(state.refused is not None))],
        ),
    ]
    return [make_gauge(name, words, samples) for name, words, samples in gauges]


def _age(noted: BackupRun | None) -> Samples:
    if noted is None:
        return []
    return [({}, (now() - noted.at).total_seconds())]
