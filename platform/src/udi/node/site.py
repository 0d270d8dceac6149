"""The node, for its web workers (`app`) and its worker (`work`), made of the domains that are found."""

from pathlib import Path

from udi import protocol
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.territories.models import Tenant
from udi.settings import Settings
from udi.ui import login
from udi.ui.dependencies import AnyRequest
from udi.ui.mcp.authorization import agent_of
from udi.ui.site import Site, assemble_site

LOCALES = [
    Path(protocol.__file__).parent / "locale",
    Path(__file__).parent / "locale",
]
"""Folders of translations of the program itself."""


def list_navigation(
    site: Site, request: AnyRequest, territory: Territory
) -> list[tuple[str, str]]:
    """The portal's data, and where one publishes."""
    actor: Actor | None = request.scope["state"].get("actor")
    say = site.pages.translator(request)
    if actor:
        spaces = [slug for slug in sorted(actor.memberships) if actor.may_publish(slug)]
    else:
        spaces = []
    publish = f"/spaces/{spaces[0]}" if len(spaces) == 1 else "/"
    if site.settings.own_node:
        return [
            (say("Data"), "/"),
            (say("Publish"), publish if actor else "/login"),
            (say("The portal"), territory.links["portal"]),
        ]
    return [
        (say("Data"), f"{territory.links['portal']}/data"),
        (say("Publish"), publish),
    ]


async def find_visitor(request: AnyRequest) -> Actor | None:
    """Who asks: by a session, or by a program that reasons for them."""
    if (agent := agent_of(request.scope)) is not None:
        return agent.actor
    return await login.find_actor(request)


def build_site(settings: Settings, *, pages: bool = True) -> Site:
    """What the node is made of, for web workers or (without `pages`) for the worker."""
    return assemble_site(
        "node",
        settings,
        Tenant,
        pages=pages,
        locales=LOCALES,
        find_actor=find_visitor,
        own_navigation=list_navigation,
        confined=True,
    )
