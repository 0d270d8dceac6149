"""The figures of a territory for operators: numbers and the state of its machinery, never what people wrote in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class TaskFailure(msgspec.Struct, frozen=True):
    """Jobs of one kind that failed every attempt."""

    program: str
    task: str
    count: int
    since: datetime
    """When the last of them was queued."""


class SpaceFigures(msgspec.Struct, frozen=True):
    """The space of one producer on the hosted node; a limit of None is the installation's."""

    slug: str
    name: str
    stored_bytes: int
    quota_bytes: int
    requests_per_minute: int | None
    jobs_at_once: int | None
    uploads_at_once: int | None


class GatheredFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One territory, as it was when it was gathered; uses are those of the calendar month (UTC)."""

    people: int
    """Who logged in at least once and did not leave."""
    team: int
    datasets: int
    """Published ones."""
    files: int
    stored_bytes: int
    quota_bytes: int
    downloads: int
    api_calls: int
    bytes_sent: int
    gigabyte_days: float
    job_seconds: float
    waiting_jobs: int
    overdue_seconds: float
    """Since the oldest waiting job should have begun."""
    failed_jobs: int
    refused_addresses: int
    """People whose mail address refused a mail for good."""
    undelivered_reports: int
    share: float | None = None
    """Of the costs of the installation, from 0 to 1; None where nothing was used."""
    certificate_days: int | None = None
    """Before the certificate of the portal ends, 0 once it has; None where there is none, or it could not be read."""
    certificate_missing: bool = False
    """Whether browsers refuse its portal or its node: no authority gave the certificate, or nobody trusts it."""
    version: str = ""
    backup_at: datetime | None = None
    drill_at: datetime | None = None
    failures: tuple[TaskFailure, ...] = ()
    spaces: tuple[SpaceFigures, ...] = ()
    login_providers: tuple[dict[str, Any], ...] = ()
    """Identity services of others, as tables of its files; no secret is in them."""
    login_directories: tuple[dict[str, Any], ...] = ()
    login_secrets: tuple[str, ...] = ()
    """Names of those whose secret is among the secrets of the worker."""

    @property
    def fill(self) -> float:
        """How much of the storage of its producers is used, from 0."""
        if self.quota_bytes:
            return self.stored_bytes / self.quota_bytes
        return 0.0


def share_costs(
    figures: Mapping[UUID, GatheredFigures],
) -> dict[UUID, GatheredFigures]:
    """The same figures with the share of each territory: the mean of its shares of what was used at all.

    Storage (gigabytes × days), bytes sent, calls (downloads and API) and seconds of heavy jobs count alike.
    """
    used = {
        id_: _list_quantities(territory_figures)
        for id_, territory_figures in figures.items()
    }
    totals = [sum(column) for column in zip(*used.values(), strict=True)]
    counted = [place for place, total in enumerate(totals) if total > 0]
    if not counted:
        return dict(figures)
    shares = {
        id_: sum(quantities[place] / totals[place] for place in counted) / len(counted)
        for id_, quantities in used.items()
    }
    return {
        id_: msgspec.structs.replace(territory_figures, share=round(shares[id_], 4))
        for id_, territory_figures in figures.items()
    }


def _list_quantities(figures: GatheredFigures) -> Sequence[float]:
    return (
        figures.gigabyte_days,
        figures.bytes_sent,
        figures.downloads + figures.api_calls,
        figures.job_seconds,
    )
