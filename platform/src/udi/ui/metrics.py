"""Measures of a program: requests and latency counted here, the rest computed when it is read (OpenMetrics 1.0)."""

import asyncio
import hmac
import ipaddress
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import psutil
import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.openmetrics.exposition import (
    CONTENT_TYPE_LATEST,
    generate_latest,
)
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from udi import __version__
from udi.kit import jobs, logs
from udi.kit.credentials import SecretKind
from udi.kit.schedules import list_schedule_states
from udi.kit.service_registry import Hook
from udi.settings import MissingSecretError
from udi.ui.dependencies import AnyRequest
from udi.ui.shared_metrics import WorkerMetrics

log = structlog.get_logger()
CONTENT_TYPE = CONTENT_TYPE_LATEST
LABELS = ("program", "territory", "method", "route", "status")
BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, math.inf)
"""Upper bounds of the latency histogram, in seconds."""
TOKEN = "metrics_token"  # noqa: S105 - the name of a file
METRICS_TOKEN = SecretKind(name="token of the metrics")
"""The operator’s own; it is compared, never drawn."""
FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
UNITS = ("seconds", "bytes")
STARTED = time.monotonic()
"""When this module was read. The system's own figure is in `/proc/stat`, which hardened units do not see (ProcSubset=pid)."""
Samples = Iterable[tuple[Mapping[str, str], float]]
"""Numbers of one name, each with its labels."""
Measure = Callable[[Any], Awaitable[Sequence[Metric]]]
"""Asked with the `Site` at each look; a domain contributes its own to `MEASURES`."""
MEASURES = Hook[Measure]("measures")

disable_created_metrics()


class Metrics:
    """Requests by program, territory, method, route and class of status, of all web workers of the program."""

    def __init__(self) -> None:
        self._workers = WorkerMetrics.find()
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "udi_http_requests", "Requests answered.", LABELS, registry=self._registry
        )
        self._durations = Histogram(
            "udi_http_request_duration_seconds",
            "Time to answer.",
            LABELS,
            buckets=BOUNDS,
            registry=self._registry,
        )
        self._series: dict[tuple[str, ...], tuple[Counter, Histogram]] = {}
        """Both by the values of their labels: the library keeps them too, and takes as long to find them as to count."""
        self._dropped_lines = Counter(
            "udi_log_lines_dropped",
            "Lines and spans that a receiver of the log was not sent.",
            ["receiver"],
            registry=self._registry,
        )
        logs.report_drops_to(self.count_dropped_lines)

    def count_dropped_lines(self, receiver: str, number: int) -> None:
        """Count lines of the log that a receiver was not sent."""
        self._dropped_lines.labels(receiver).inc(number)

    def count_request(self, labels: Mapping[str, str], seconds: float) -> None:
        """Count one request and how long it took; labels are in the order of `LABELS`."""
        values = tuple(labels.values())
        series = self._series.get(values)
        if series is None:
            series = (self._requests.labels(*values), self._durations.labels(*values))
            self._series[values] = series
        requests, durations = series
        requests.inc()
        durations.observe(seconds)

    def families(self) -> list[Metric]:
        """The counter of requests, and the histogram of their latency."""
        source: Collector | CollectorRegistry = self._registry
        if self._workers is not None:
            source = self._workers.collector
        families = list(source.collect())
        for family in families:
            family.unit = _unit_of(family.name)
        return families

    def measure_process(self, program: str) -> list[Metric]:
        """Version, age and memory of the program's web processes; what they share is counted once.

        Raises:
            psutil.Error: the system does not say how much memory one takes.
        """
        labels = {"program": program}
        if self._workers is not None:
            memory = self._workers.measure_memory()
        else:
            memory = psutil.Process().memory_info().rss
        build = InfoMetricFamily("udi_build", "Version that runs.", labels=["program"])
        build.add_metric([program], {"version": __version__})
        return [
            build,
            make_gauge(
                "process_resident_memory_bytes",
                "Memory of the program's web processes.",
                [(labels, memory)],
            ),
            make_gauge(
                "process_uptime_seconds",
                "Since the program was loaded.",
                [(labels, time.monotonic() - STARTED)],
            ),
        ]


class CollectedFamilies(Collector):
    """Numbers that were already taken, as a collector of the library."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """The numbers."""
        return self._families


def make_gauge(name: str, text: str, samples: Samples) -> Metric:
    """A gauge whose unit is the end of its name; an empty label is left out."""
    gauge = GaugeMetricFamily(name, text, unit=_unit_of(name))
    for labels, value in samples:
        named = {label: content for label, content in labels.items() if content}
        gauge.add_sample(name, named, value)
    return gauge


def make_counter(name: str, text: str, samples: Samples) -> Metric:
    """A counter that something else counted; an empty label is left out."""
    counter = CounterMetricFamily(name, text)
    for labels, value in samples:
        named = {label: content for label, content in labels.items() if content}
        counter.add_sample(f"{name}_total", named, value)
    return counter


def _unit_of(name: str) -> str:
    return next((unit for unit in UNITS if name.endswith(f"_{unit}")), "")


def render_metrics(families: Iterable[Metric]) -> str:
    """The text of an answer."""
    registry = CollectorRegistry()
    registry.register(CollectedFamilies(families))
    text: bytes = generate_latest(registry)
    return text.decode()


async def measure_site(site: Any) -> str:
    """Everything that a program tells; what cannot be asked now is left out, and said."""
    families = await asyncio.to_thread(site.metrics.families)
    failed = 0
    for ask in (
        measure_process,
        measure_jobs,
        measure_schedules,
        *site.services.contributions(MEASURES),
    ):
        try:
            families += await ask(site)
        except (SQLAlchemyError, OSError, psutil.Error) as error:
            log.warning(
                "measure failed", measure=ask.__name__, error=type(error).__name__
            )
            failed += 1
    families.append(
        make_gauge(
            "udi_measures_failed",
            "Measures that could not be taken.",
            [({"program": site.program}, failed)],
        )
    )
    return render_metrics(families)


async def measure_process(site: Any) -> Sequence[Metric]:
    """Version, age and memory of the program."""
    measured: Sequence[Metric] = site.metrics.measure_process(site.program)
    return measured


async def measure_jobs(site: Any) -> list[Metric]:
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
        ({**labels, "state": state}, getattr(queue, state))
        for labels, queue in rows
        for state in ("waiting", "held")
    ]
    ages = [(labels, queue.age) for labels, queue in rows]
    late = [(labels, queue.overdue) for labels, queue in rows]
    return [
        make_gauge("udi_jobs", "Jobs in the queue.", counted),
        make_gauge("udi_jobs_age_seconds", "Age of the oldest waiting job.", ages),
        make_gauge(
            "udi_jobs_overdue_seconds",
            "How late the oldest job that may begin is.",
            late,
        ),
    ]


async def measure_schedules(site: Any) -> list[Metric]:
    """How the scheduled tasks of the worker go."""
    async with site.database.platform_session() as session:
        states = await list_schedule_states(session)
    rows = [
        (
            {
                "program": site.program,
                "schedule": state.name,
                "machine": state.machine,
            },
            state,
        )
        for state in states
    ]
    ages = [(labels, state.age) for labels, state in rows if state.age is not None]
    return [
        make_counter(
            "udi_schedule_runs",
            "Runs of a scheduled task.",
            [(labels, state.runs) for labels, state in rows],
        ),
        make_counter(
            "udi_schedule_failures",
            "Runs of a scheduled task that failed.",
            [(labels, state.failures) for labels, state in rows],
        ),
        make_gauge(
            "udi_schedule_failed_in_a_row",
            "Runs of a scheduled task that failed since the last that did not.",
            [(labels, state.failed_in_a_row) for labels, state in rows],
        ),
        make_gauge(
            "udi_schedule_duration_seconds",
            "What the last run of a scheduled task took.",
            [(labels, state.seconds) for labels, state in rows],
        ),
        make_gauge(
            "udi_schedule_age_seconds",
            "Since a scheduled task last succeeded.",
            ages,
        ),
        make_gauge(
            "udi_schedule_overdue_seconds",
            "How late a scheduled task is.",
            [(labels, state.overdue) for labels, state in rows],
        ),
    ]


def may_read(request: AnyRequest) -> bool:
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
    own_hosts = {"localhost", request.app.state.site.settings.installation_host}
    return _is_loopback(request.client.host if request.client else "") and (
        host in own_hosts or _is_loopback(host)
    )


def _find_token(request: AnyRequest) -> str | None:
    try:
        return str(request.app.state.site.settings.secret(TOKEN)) or None
    except MissingSecretError:
        return None


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
