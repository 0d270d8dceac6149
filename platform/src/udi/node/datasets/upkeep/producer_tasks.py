"""The jobs of those who take care of their data: files made harmless, reminders of what is late."""

from datetime import date
from uuid import UUID

from udi.kit.jobs import Handlers, Job
from udi.node.datasets.actions.anonymise import (
    TREAT_VERSION,
    AnonymisationContext,
    anonymise_version,
)
from udi.node.datasets.actions.prepare import PreparationContext
from udi.node.datasets.upkeep.reminders import SEND_REMINDER, send_reminder
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.ui.site import Site


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name."""

    async def treat(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        settings = site.settings
        storage = TenantStorage(
            site.database, site.services[OBJECTS], job.tenant, "worker"
        )
        context = PreparationContext(
            storage, territory, settings.clamd_socket, settings.schemas
        )
        anonymisation = AnonymisationContext(
            context, settings.derived_key("node", "treatments"), site.pages.gettext
        )
        version = UUID(job.payload["version"])
        person = UUID(job.payload["person"])
        await anonymise_version(
            anonymisation, version, int(job.payload["revision"]), person
        )

    async def remind(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        dataset = UUID(job.payload["dataset"])
        due_on = date.fromisoformat(job.payload["due_on"])
        await send_reminder(
            site, territory, dataset, due_on, int(job.payload["number"])
        )

    return {TREAT_VERSION: treat, SEND_REMINDER: remind}
