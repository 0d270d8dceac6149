"""What territories are applied with, one after the other: connections that stay open, and the realm, made true once."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar

from udi.cli.applied_marks import AppliedMarks, read_marks
from udi.kit.db import Database
from udi.portal.identity.provision import admin, realm
from udi.portal.identity.provision.memberships import apply_members_account
from udi.settings import Settings

T = TypeVar("T")


class Provisioner:
    """What applies of one process share. To connect, and to look at the realm, takes longer than to look at a territory."""

    def __init__(self, settings: Settings, runner: asyncio.Runner) -> None:
        self.settings = settings
        self.portal = Database(settings, "portal")
        self.node = Database(settings, "node")
        self._runner = runner
        self._has_realm = False

    @cached_property
    def identity(self) -> admin.RealmAdmin:
        """The identity service, asked with a token that is renewed when its time is over."""
        return admin.connect(self.settings)

    @cached_property
    def applied(self) -> AppliedMarks:
        """What each territory was applied with, as it was when this was first read."""
        return self.run(
            read_marks(self.settings, self.portal, self.node, self.identity)
        )

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something that asks the databases, on the loop that their connections belong to."""
        return self._runner.run(work)

    def apply_realm(self) -> list[admin.ProvisionChange]:
        """Make the realm and the account that changes members; nothing once that went well.

        Raises:
            ProvisionError: the identity service refuses, or does not answer.
        """
        if self._has_realm:
            return []
        changes = [
            *realm.apply_realm(self.identity, self.settings),
            apply_members_account(self.identity, self.settings),
        ]
        self._has_realm = True
        return changes

    async def close(self) -> None:
        """Close the connections to the databases."""
        await self.portal.close()
        await self.node.close()


@contextmanager
def open_provisioner(settings: Settings) -> Iterator[Provisioner]:
    """A provisioner whose connections live as long as the block; it serves one thread, where no loop runs."""
    with asyncio.Runner() as runner:
        provisioner = Provisioner(settings, runner)
        try:
            yield provisioner
        finally:
            runner.run(provisioner.close())
