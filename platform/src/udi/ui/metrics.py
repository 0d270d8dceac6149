"""What a program tells of itself: requests and latency counted here, the rest asked when somebody looks (OpenMetrics 1.0)."""

import hmac
import ipaddress
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import psutil
import structlog
from litestar import Request
from litestar.datastructures import State
from sqlalchemy.exc import SQLAlchemyError

from udi import __version__
from udi.kit import jobs
from udi.kit.credentials import SecretKind
from udi.kit.service_registry import Hook
from udi.settings import MissingSecretError

log = structlog.get_logger()
CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, math.inf)
"""Upper bounds of the latency histogram, in seconds."""
TOKEN = "metrics_token"  # noqa: S105 - the name of a file
METRICS_TOKEN = SecretKind(name="token of the metrics")
"""The operator’s own; it is compared, never drawn."""
FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
UNITS = ("seconds", "bytes")
Labels = tuple[tuple[str, str], ...]
STARTED = time.monotonic()
"""When this module was read. The system's own figure is in `/proc/stat`, which hardened units do not see (ProcSubset=pid)."""


@dataclass(frozen=True)
class MetricSample:
    """One number."""

    labels: Mapping[str, str]
    value: float
    suffix: str = ""


@dataclass(frozen=True)
class MetricFamily:
    """Numbers of one name."""

    name: str
    kind: Literal["counter", "gauge", "histogram", "info"]
    help: str
    samples: Sequence[MetricSample]


Measure = Callable[[Any], Awaitable[Sequence[MetricFamily]]]
"""Asked with the `Site` at each look; a domain contributes its own to `MEASURES`."""
MEASURES = Hook[Measure]("measures")


@dataclass
class Metrics:
    """Requests of this process, by program, territory, method, route and class of status."""

    counts: dict[Labels, list[int]] = field(default_factory=dict)
    sums: dict[Labels, float] = field(default_factory=dict)

    def count_request(self, labels: Mapping[str, str], seconds: float) -> None:
        """Count one request and how long it took."""
        key = tuple(labels.items())
        counts = self.counts.setdefault(key, [0] * len(BOUNDS))
        counts[next(rank for rank, bound in enumerate(BOUNDS) if seconds <= bound)] += 1
        self.sums[key] = self.sums.get(key, 0.0) + seconds

    def families(self) -> list[MetricFamily]:
        """The counter of requests, and the histogram of their latency."""
        counted = [
            MetricSample(dict(key), sum(counts), "_total")
            for key, counts in self.counts.items()
        ]
        timed = [
            sample
            for key, counts in self.counts.items()
            for sample in self._histogram(key, counts)
        ]
        return [
            MetricFamily("udi_http_requests", "counter", "Requests answered.", counted),
            MetricFamily(
                "udi_http_request_duration_seconds",
                "histogram",
                "Time to answer.",
                timed,
            ),
        ]

    def _histogram(self, key: Labels, counts: Sequence[int]) -> Iterable[MetricSample]:
        reached = 0
        for bound, count in zip(BOUNDS, counts, strict=True):
            reached += count
            yield MetricSample({**dict(key), "le": _number(bound)}, reached, "_bucket")
        yield MetricSample(dict(key), reached, "_count")
        yield MetricSample(dict(key), self.sums[key], "_sum")


def render_metrics(families: Iterable[MetricFamily]) -> str:
    """The text of an answer."""
    lines = []
    for family in families:
        lines.append(f"# TYPE {family.name} {family.kind}")
        lines += [
            f"# UNIT {family.name} {unit}"
            for unit in UNITS
            if family.name.endswith(f"_{unit}")
        ]
        lines.append(f"# HELP {family.name} {_escape(family.help)}")
        lines += [
            f"{family.name}{s.suffix}{_labels(s.labels)} {_number(s.value)}"
            for s in family.samples
        ]
    return "\n".join([*lines, "# EOF", ""])


def _labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join(
        f'{name}="{_escape(value)}"' for name, value in labels.items() if value
    )
    if pairs:
        return f"{{{pairs}}}"
    return ""


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf"
    if isinstance(value, int):
        return str(value)
    return repr(float(value))


async def measure_site(site: Any) -> str:
    """Everything that a program tells; what cannot be asked now is left out, and said."""
    families = [*site.metrics.families(), *_measure_process(site.program)]
    failed = 0
    for ask in (measure_jobs, *site.services.contributions(MEASURES)):
        try:
            families += await ask(site)
        except (SQLAlchemyError, OSError) as error:
            log.warning(
                "measure failed", measure=ask.__name__, error=type(error).__name__
            )
            failed += 1
    samples = [MetricSample({"program": site.program}, failed)]
    return render_metrics(
        [
            *families,
            MetricFamily(
                "udi_measures_failed",
                "gauge",
                "Measures that could not be taken.",
                samples,
            ),
        ]
    )


def _measure_process(program: str) -> list[MetricFamily]:
    process = psutil.Process()
    labels = {"program": program}
    memory = [MetricSample(labels, process.memory_info().rss)]
    return [
        MetricFamily(
            "udi_build",
            "info",
            "Version that runs.",
            [MetricSample({**labels, "version": __version__}, 1, "_info")],
        ),
        MetricFamily(
            "process_resident_memory_bytes", "gauge", "Memory of this process.", memory
        ),
        MetricFamily(
            "process_uptime_seconds",
            "gauge",
            "Age of this process.",
            [MetricSample(labels, time.monotonic() - STARTED)],
        ),
    ]


async def measure_jobs(site: Any) -> list[MetricFamily]:
    """The queue of each territory; one without a job counts nought."""
    async with site.database.platform_session() as session:
        queues = {queue.tenant: queue for queue in await jobs.list_queues(session)}
    rows = []
    for territory in await site.registry.list():
        labels = {"program": site.program, "territory": territory.slug}
        rows.append(
            (
                labels,
                queues.get(territory.id)
                or jobs.QueueState(territory.id, 0, 0, 0.0, 0.0),
            )
        )
    counted = [
        MetricSample({**labels, "state": state}, getattr(queue, state))
        for labels, queue in rows
        for state in ("waiting", "held")
    ]
    ages = [MetricSample(labels, queue.age) for labels, queue in rows]
    late = [MetricSample(labels, queue.overdue) for labels, queue in rows]
    return [
        MetricFamily("udi_jobs", "gauge", "Jobs in the queue.", counted),
        MetricFamily(
            "udi_jobs_age_seconds", "gauge", "Age of the oldest waiting job.", ages
        ),
        MetricFamily(
            "udi_jobs_overdue_seconds",
            "gauge",
            "How late the oldest job that may begin is.",
            late,
        ),
    ]


def may_read(request: Request[Any, Any, State]) -> bool:
    """Whether the numbers are for this client: on the machine itself, past no proxy, or with the secret token."""
    if (token := _find_token(request)) is not None:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(
            credentials.strip().encode(), token.encode()
        ):
            return True
    if any(name in request.headers for name in FORWARDED):
        return False
    host = request.url.hostname or ""
    here = {"localhost", request.app.state.site.settings.installation_host}
    return _is_loopback(request.client.host if request.client else "") and (
        host in here or _is_loopback(host)
    )


def _find_token(request: Request[Any, Any, State]) -> str | None:
    try:
        return str(request.app.state.site.settings.secret(TOKEN)) or None
    except MissingSecretError:
        return None


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
