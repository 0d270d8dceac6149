"""The territory's own texts: charter, legal information; and the statements of accessibility and of eco-design."""

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.portal.catalogue.markup import read_page
from udi.portal.tenants.models import Tenant
from udi.ui.declarations import Budget, accessibility, weights
from udi.ui.locale import SOURCE
from udi.ui.site import render


@get("/charter")
async def show_charter(
    request: Request[Any, Any, State], session: NamedDependency[AsyncSession], territory: NamedDependency[Territory]
) -> Response[str]:
    """The charter that producers sign."""
    texts = await session.scalar(select(Tenant.charter).where(Tenant.id == territory.id))
    return _render(request, texts)


@get("/legal")
async def show_legal(
    request: Request[Any, Any, State], session: NamedDependency[AsyncSession], territory: NamedDependency[Territory]
) -> Response[str]:
    """Who publishes this site, and how it treats personal data."""
    texts = await session.scalar(select(Tenant.legal).where(Tenant.id == territory.id))
    return _render(request, texts)


@get("/accessibility")
async def show_accessibility(request: Request[Any, Any, State], territory: NamedDependency[Territory]) -> Response[str]:
    """The statement that the French law asks for (arrêté of 20 September 2019), from what the last walk of every page found."""
    return render(request, "catalogue/accessibility.html", said=accessibility(), contact=territory.contact)


@get("/eco-design")
async def show_eco_design(request: Request[Any, Any, State], territory: NamedDependency[Territory]) -> Response[str]:
    """What visits cost, under the headings of the RGESN (2024)."""
    return render(request, "catalogue/eco-design.html", weights=weights(), budgets=Budget(), contact=territory.contact)


def _render(request: Request[Any, Any, State], texts: Mapping[str, str] | None) -> Response[str]:
    locale = request.scope["state"]["locale"]
    language = next((code for code in (locale, SOURCE, *(texts or {})) if texts and texts.get(code)), None)
    if not texts or language is None:
        raise NotFoundError
    title, body = read_page(texts[language])
    return render(request, "catalogue/text.html", title=title, body=body, language=language)


routes = [show_charter, show_legal, show_accessibility, show_eco_design]
