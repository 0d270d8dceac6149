"""What an operator has to settle: of one territory, and of the installation."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from udi.portal.installation.figures import GatheredFigures

Tone = Literal["bad", "warn"]
MINUTE = 60
FULL = 0.9
WHOLLY_FULL = 1.0
CERTIFICATE_DAYS = 21
LAST_CERTIFICATE_DAYS = 7
OVERDUE = 15 * MINUTE
OLD_BACKUP = timedelta(hours=26)
OLD_DRILL = timedelta(days=8)
OLD_FIGURES = timedelta(minutes=15)
OLD_HEARTBEAT = timedelta(minutes=5)

ARCHIVER_REMEDY = (
    "Start the unit that makes them: `systemctl start udi-archive-worker`."
)


@dataclass(frozen=True)
class OperatorAlert:
    """What is wrong (`title`, `values`), what to do (`remedy`), and how urgent it is."""

    slug: str
    tone: Tone
    title: str
    remedy: str
    values: dict[str, Any] = field(default_factory=dict)


def list_alerts(slug: str, figures: GatheredFigures) -> list[OperatorAlert]:
    """What is to be settled in one territory, the worst first."""
    alerts = [
        *_check_certificate(slug, figures),
        *_check_storage(slug, figures),
        *_check_jobs(slug, figures),
    ]
    if figures.undelivered_reports:
        alerts.append(
            OperatorAlert(
                slug,
                "warn",
                "%(count)s reports did not reach their node",
                "See with `udi node check` whether the node answers.",
                {"count": figures.undelivered_reports},
            )
        )
    return sort_alerts(alerts)


def sort_alerts(alerts: Sequence[OperatorAlert]) -> list[OperatorAlert]:
    """The worst first; alike ones stay in their order."""
    return sorted(alerts, key=lambda alert: alert.tone != "bad")


def _check_certificate(slug: str, figures: GatheredFigures) -> list[OperatorAlert]:
    if figures.certificate_missing:
        return [
            OperatorAlert(
                slug,
                "bad",
                "It has no certificate that browsers accept",
                "Run `udi-certificates request` on the machine of the proxy: it says what is refused.",
            )
        ]
    days = figures.certificate_days
    if days is None or days >= CERTIFICATE_DAYS:
        return []
    return [
        OperatorAlert(
            slug,
            "bad" if days < LAST_CERTIFICATE_DAYS else "warn",
            "The certificate expires in %(days)s days",
            "Renew it, then have the proxy read it: `nginx -s reload`.",
            {"days": days},
        )
    ]


def _check_storage(slug: str, figures: GatheredFigures) -> list[OperatorAlert]:
    full = [
        space
        for space in figures.spaces
        if space.stored_bytes >= FULL * space.quota_bytes > 0
    ]
    return [
        OperatorAlert(
            slug,
            "bad" if space.stored_bytes >= WHOLLY_FULL * space.quota_bytes else "warn",
            "The space “%(space)s” is %(percent)s %% full",
            "Give it more storage, below on the page of the territory.",
            {
                "space": space.name,
                "percent": round(100 * space.stored_bytes / space.quota_bytes),
            },
        )
        for space in full
    ]


def _check_jobs(slug: str, figures: GatheredFigures) -> list[OperatorAlert]:
    alerts = []
    if figures.overdue_seconds > OVERDUE:
        alerts.append(
            OperatorAlert(
                slug,
                "bad",
                "Jobs have waited for %(minutes)s minutes",
                "See whether the workers run: `udi doctor`.",
                {"minutes": round(figures.overdue_seconds / MINUTE)},
            )
        )
    if figures.failed_jobs:
        alerts.append(
            OperatorAlert(
                slug,
                "warn",
                "%(count)s jobs failed every attempt",
                "Put right what stopped them, then have them done again.",
                {"count": figures.failed_jobs},
            )
        )
    return alerts


def check_worker(gathered_at: datetime | None, moment: datetime) -> list[OperatorAlert]:
    """Whether the worker of the installation runs, by when it gathered figures last."""
    if gathered_at is not None and moment - gathered_at <= OLD_FIGURES:
        return []
    return [
        OperatorAlert(
            "",
            "bad",
            "The figures are not gathered any more",
            "Start the worker of the installation: `udi operator work`.",
        )
    ]


def check_archiver(seen_at: datetime | None, moment: datetime) -> list[OperatorAlert]:
    """Whether the unit that makes whole archives runs, by when it was at work last."""
    if seen_at is not None and moment - seen_at <= OLD_HEARTBEAT:
        return []
    return [
        OperatorAlert(
            "",
            "warn",
            "Archives are not made at present",
            ARCHIVER_REMEDY,
        )
    ]


def list_installation_alerts(
    backup_at: datetime | None,
    drill_at: datetime | None,
    gathered_at: datetime | None,
    archiver_at: datetime | None,
    moment: datetime,
) -> list[OperatorAlert]:
    """What is to be settled for all territories together; nothing of backups where none was ever made."""
    alerts = [*check_worker(gathered_at, moment), *check_archiver(archiver_at, moment)]
    if backup_at is not None and moment - backup_at > OLD_BACKUP:
        alerts.append(
            OperatorAlert(
                "",
                "bad",
                "No backup was made for more than a day",
                "See `journalctl -u udi-backup`, then `udi backup create`.",
            )
        )
    if backup_at is not None and (drill_at is None or moment - drill_at > OLD_DRILL):
        alerts.append(
            OperatorAlert(
                "",
                "warn",
                "No backup was proven to restore for more than eight days",
                "Run `udi backup verify`.",
            )
        )
    return sort_alerts(alerts)
