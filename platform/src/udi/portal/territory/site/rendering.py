"""What each page of the site's editing shows around its own form: the tabs, the state of the draft, the errors."""

from collections.abc import Mapping
from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.territory.site.queries import SiteState, read_state
from udi.ui.dependencies import AnyRequest
from udi.ui.site import render

PATH = "/territory/site"


async def render_site(
    request: AnyRequest,
    session: AsyncSession,
    template: str,
    *,
    state: SiteState | None = None,
    errors: Mapping[str, str] | None = None,
    **context: Any,
) -> Response[str]:
    """A page of the site's editing; with `errors`, refused as 422."""
    if state is None:
        state = await read_state(session)
    return render(
        request,
        f"territory/{template}.html",
        status=422 if errors else 200,
        state=state,
        site_path=PATH,
        errors=dict(errors or {}),
        **context,
    )
