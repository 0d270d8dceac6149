"""Which territories of the installation let others show what they have, and which of them one looks through."""

from collections.abc import Iterable

from udi.kit.tenancy import Territory


def is_sharing(territory: Territory) -> bool:
    """Whether a territory lets everybody show what it publishes (`[search] shared`); nothing stands for its consent."""
    return territory.search.get("shared") is True


def list_sharing(territories: Iterable[Territory]) -> list[Territory]:
    """Those that do."""
    return [territory for territory in territories if is_sharing(territory)]


def list_partners(
    territories: Iterable[Territory], reader: Territory | None
) -> list[Territory]:
    """Those whose data one territory shows beside its own, itself left out: all that share, or those that it names.

    On the installation's own host (`reader` None), all that share.
    """
    sharing = list_sharing(territories)
    if reader is None:
        return sharing
    names = reader.search.get("territories") or []
    return [
        territory
        for territory in sharing
        if territory.id != reader.id and (not names or territory.slug in names)
    ]
