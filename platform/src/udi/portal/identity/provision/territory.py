"""A territory at the identity service: four clients, its organisations. A machine: one client."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from udi.kit.oidc import CLIENT_SECRET, IdentityClient, client_id, subjects_client
from udi.portal.identity.provision.admin import (
    ProvisionChange,
    RealmAdmin,
    find_or_none,
)
from udi.portal.identity.provision.agents import apply_agents
from udi.portal.identity.provision.clients import (
    apply_client,
    machine_client,
    pairwise_mapper,
    subjects_client_target,
    web_client,
)
from udi.portal.identity.provision.organisations import (
    apply_organisations,
    desired_organisations,
)
from udi.settings import ProgramName, Settings

PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")


def apply_territory(
    admin: RealmAdmin,
    settings: Settings,
    *,
    slug: str,
    name: str,
    origins: Mapping[ProgramName, str],
    organisations: Iterable[tuple[str, str]],
    theme: Mapping[str, str] | None = None,
    thorough: bool = False,
) -> list[ProvisionChange]:
    """Make the clients and organisations of a territory as its files say.

    `organisations` are (slug, name) pairs; `theme` are client attributes for the login pages (`login_theme`,
    `udi.hue`); `thorough` looks at every group even where nothing seems to have changed.
    """
    changes = []
    for program in PROGRAMS:
        named = client_id(program, slug)
        client = IdentityClient(
            named, settings.client_secret(program, named), origins[program]
        )
        target = web_client(
            client,
            name=name,
            back_channel=settings.back_channel(program),
            theme=theme or {},
        )
        changes.append(apply_client(admin, target, client.origin))
    changes.append(
        _apply_subjects_client(admin, settings, slug, name, origins["node"], theme)
    )
    resources = {client_id(program, slug): origins[program] for program in PROGRAMS}
    changes.append(apply_agents(admin, slug, name, resources, theme or {}))
    wanted_ones = desired_organisations(slug, name, organisations)
    return [*changes, *apply_organisations(admin, slug, wanted_ones, thorough=thorough)]


def _apply_subjects_client(
    admin: RealmAdmin,
    settings: Settings,
    slug: str,
    name: str,
    origin: str,
    theme: Mapping[str, str] | None,
) -> ProvisionChange:
    """The client of the node by which people read answers about themselves; the salt stays as long as the node's key."""
    client = subjects_client(settings, slug, origin)
    target = subjects_client_target(
        client,
        name=name,
        back_channel=settings.back_channel("node"),
        theme=theme or {},
    )
    salt = settings.derived_key("node", f"pairwise subjects of {slug}").hex()
    return apply_client(admin, target, client.origin, pairwise_mapper(salt))


@dataclass(frozen=True)
class MachineClient:
    """A machine's client; `secret` is told once, when it is made or renewed, and kept nowhere."""

    change: ProvisionChange
    secret: str | None


def apply_machine(
    admin: RealmAdmin,
    name: str,
    audience: str,
    *,
    rotate: bool = False,
    secret: str | None = None,
) -> MachineClient:
    """Make a machine's client (its id is `name`), for tokens that `audience` accepts.

    Its secret is `secret`, where one is given; else `rotate` draws a new one.
    """
    client = admin.find_client(name)
    if secret is None and (rotate or client is None):
        secret = CLIENT_SECRET.generate()
    target = machine_client(name, secret)
    change = apply_client(admin, target, audience, existing=client)
    return MachineClient(change, secret)


def choose_secret(
    admin: RealmAdmin, settings: Settings, name: str, *, is_storable: bool
) -> str:
    """The secret of a hosted node's client that has no file: one drawn anew where it can be stored.

    Elsewhere the one that the node derives from its own key. A client keeps that one, and where none can be stored, the
    one that it has: its file may be where this process does not look.
    """
    derived = settings.client_secret("node", name)
    client = admin.get_client_id(name)
    if client is not None:
        current: str = admin.get_client_secrets(client).get("value") or ""
        if current and (current == derived or not is_storable):
            return current
    if is_storable:
        return CLIENT_SECRET.generate()
    return derived


def remove_machine(admin: RealmAdmin, name: str) -> bool:
    """Delete a machine's client; whether there was one. Tokens in hand last five minutes at most."""
    client = admin.get_client_id(name)
    if client is None:
        return False
    find_or_none(admin.delete_client, client)
    return True
