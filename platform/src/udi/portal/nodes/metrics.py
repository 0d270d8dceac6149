"""Reports that did not reach their node yet, and the key that signs them, for the metrics."""

from prometheus_client.core import Metric
from sqlalchemy import func, select

from udi.kit.clock import now
from udi.kit.keys import key_ages
from udi.kit.territory_reads import read_territories
from udi.portal.nodes.models import Report, ReportDeliveryState
from udi.settings import MissingSecretError
from udi.ui.metrics import make_gauge
from udi.ui.site import Site

UNDELIVERED = (ReportDeliveryState.PENDING, ReportDeliveryState.FAILED)


async def measure_reports(site: Site) -> list[Metric]:
    """How many wait and how many failed, by territory."""
    query = (
        select(Report.delivery, func.count().label("number"))
        .where(Report.delivery.in_(UNDELIVERED))
        .group_by(Report.delivery)
    )
    counts = await read_territories(site.database, query)
    samples = []
    for territory in await site.registry.list():
        counted = {
            ReportDeliveryState(row["delivery"]): row["number"]
            for row in counts.get(territory.id, ())
        }
        samples += [
            (
                {"territory": territory.slug, "state": state.value},
                counted.get(state, 0),
            )
            for state in UNDELIVERED
        ]
    return [
        make_gauge(
            "udi_reports_undelivered",
            "Reports that their node did not take yet.",
            samples,
        )
    ]


async def measure_key(site: Site) -> list[Metric]:
    """Age of the key that signs now; nothing where its file cannot be read any more."""
    try:
        drawn = [
            key.made_at
            for key in key_ages(site.settings.get_secret_path("signing_keys"))
            if key.signs
        ]
    except (MissingSecretError, ValueError):
        drawn = []
    ages = [(now() - drawn_at).total_seconds() for drawn_at in drawn]
    return [
        make_gauge(
            "udi_signing_key_age_seconds",
            "Since the key that signs was drawn.",
            [({}, age) for age in ages],
        )
    ]
