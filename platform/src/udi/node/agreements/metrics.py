"""Since when the portal was not heard about agreements, for the metrics."""

from prometheus_client.core import Metric
from sqlalchemy import func, literal, or_, select

from udi.kit.territory_reads import read_territories
from udi.node.agreements.models import AgreementCursor
from udi.node.agreements.queries import select_under_agreements
from udi.ui.metrics import make_gauge
from udi.ui.site import Site


async def measure_agreements(site: Site) -> list[Metric]:
    """By territory whose node asks for agreements, since the portal last answered; nothing where it never did."""
    concerned = or_(*(query.exists() for query in select_under_agreements()))
    age = func.extract("epoch", func.now() - AgreementCursor.answered_at)
    query = select(func.greatest(age, literal(0)).label("age")).where(
        concerned, AgreementCursor.answered_at.is_not(None)
    )
    rows_by_territory = await read_territories(site.database, query)
    samples = [
        ({"territory": territory.slug}, float(row["age"]))
        for territory in await site.registry.list()
        for row in rows_by_territory.get(territory.id, ())
    ]
    return [
        make_gauge(
            "udi_agreements_age_seconds",
            "Since the portal last answered about agreements.",
            samples,
        )
    ]
