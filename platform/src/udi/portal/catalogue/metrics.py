"""How fresh the search index of this machine is, and what cannot be had of what is linked, for the metrics."""

from prometheus_client.core import Metric
from sqlalchemy import func, select

from udi.kit.territory_reads import read_territories
from udi.portal.catalogue.links.health import MISSING
from udi.portal.catalogue.models import Link, LinkState
from udi.portal.catalogue.search.feed import cursor_age
from udi.ui.metrics import make_gauge
from udi.ui.site import Site

AMISS = (*sorted(MISSING), LinkState.MOVED, LinkState.REFUSED)


async def measure_index(site: Site) -> list[Metric]:
    """Nothing where no index was ever made."""
    age = cursor_age(site.settings)
    ages = [] if age is None else [age]
    return [
        make_gauge(
            "udi_search_index_age_seconds",
            "Since the search index was last true.",
            [({}, seconds) for seconds in ages],
        )
    ]


async def measure_links(site: Site) -> list[Metric]:
    """How many addresses are not simply reachable, by territory."""
    query = (
        select(Link.state, func.count().label("number"))
        .where(Link.state.not_in(("reachable", "unchecked")))
        .group_by(Link.state)
    )
    counts = await read_territories(site.database, query)
    samples = []
    for territory in await site.registry.list():
        counted = {
            LinkState(row["state"]): row["number"]
            for row in counts.get(territory.id, ())
        }
        samples += [
            (
                {"territory": territory.slug, "state": state.value},
                counted.get(state, 0),
            )
            for state in AMISS
        ]
    return [
        make_gauge(
            "udi_links_amiss",
            "Addresses of files and services that are not simply reachable.",
            samples,
        )
    ]
