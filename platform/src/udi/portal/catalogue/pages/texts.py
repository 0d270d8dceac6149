"""The territory's own texts: charter, legal information; and the statements of accessibility and of eco-design."""

from typing import Literal

from litestar import Response, get
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.portal.tenants.texts import find_text
from udi.ui.declarations import PageBudget, accessibility, weights
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Session
from udi.ui.site import render


@get("/charter")
async def show_charter(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[str]:
    """The charter that producers sign."""
    return await _render(request, session, territory, "charter")


@get("/legal")
async def show_legal(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[str]:
    """Who publishes this site, and how it treats personal data."""
    return await _render(request, session, territory, "legal")


@get("/accessibility")
async def show_accessibility(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[str]:
    """The statement that the French law asks for (arrêté of 20 September 2019), from what the last walk of every page found."""
    return render(
        request,
        "catalogue/accessibility.html",
        evaluation=accessibility(),
        contact=territory.contact,
    )


@get("/eco-design")
async def show_eco_design(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[str]:
    """What visits cost, under the headings of the RGESN (2024)."""
    return render(
        request,
        "catalogue/eco-design.html",
        weights=weights(),
        budgets=PageBudget(),
        contact=territory.contact,
    )


async def _render(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    name: Literal["charter", "legal"],
) -> Response[str]:
    text = await find_text(
        session, territory.id, name, request.scope["state"]["locale"]
    )
    if text is None:
        raise NotFoundError
    return render(
        request,
        "catalogue/text.html",
        title=text.title,
        body=text.body,
        language=text.language,
    )


routes = [show_charter, show_legal, show_accessibility, show_eco_design]
