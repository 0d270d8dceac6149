"""The page that greets."""

from litestar import Response, get

from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.site import Site, render


@get("/hello")
async def show_greeting(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[str]:
    """A greeting of the territory of this address."""
    return render(request, "hello/greeting.html", territory=territory)


def list_routes(_site: Site) -> Routes:
    """The addresses of this domain."""
    return [show_greeting]
