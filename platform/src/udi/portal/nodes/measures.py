"""Reports that did not reach their node yet, for the metrics."""

from sqlalchemy import func, select

from udi.portal.nodes.models import Delivery, Report
from udi.ui.metrics import Family, Sample
from udi.ui.site import Site

UNDELIVERED = (Delivery.PENDING, Delivery.FAILED)


async def measure_reports(site: Site) -> list[Family]:
    """How many wait and how many failed, by territory."""
    query = select(Report.delivery, func.count()).where(Report.delivery.in_(UNDELIVERED)).group_by(Report.delivery)
    samples = []
    for territory in await site.registry.list():
        async with site.database.session(territory.id) as session:
            counted = {Delivery(state): number for state, number in await session.execute(query)}
        samples += [
            Sample({"territory": territory.slug, "state": state.value}, counted.get(state, 0)) for state in UNDELIVERED
        ]
    return [Family("udi_reports_undelivered", "gauge", "Reports that their node did not take yet.", samples)]
