"""`udi demonstrate`: publish the content of the demonstration on an installation of this machine that runs."""

import asyncio
from pathlib import Path

import httpx
import typer

from udi.cli import provision
from udi.cli.demonstration.content import (
    Content,
    DemonstrationError,
    find_content,
    read_content,
)
from udi.cli.demonstration.publication import Journal, Publication
from udi.cli.local.state import is_running
from udi.cli.outline_files import OutlineFile, OutlineSelection, read_outlines
from udi.cli.outlines import OutlineImport, import_outlines
from udi.settings import Settings, get_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demonstrate)


def demonstrate() -> None:
    """Publish the demonstration's content where `udi up` runs; what is published already stays as it is."""
    settings = get_settings().model_copy(update={"demo": True})
    if not is_running(settings):
        typer.echo(
            "`udi up` does not run here: start it, it publishes the demonstration’s content itself.",
            err=True,
        )
        raise typer.Exit(1)
    try:
        asyncio.run(publish_content(settings))
    except (DemonstrationError, OSError, httpx.HTTPError) as error:
        typer.echo(f"The demonstration is not complete: {error}", err=True)
        raise typer.Exit(1) from error


async def publish_content(settings: Settings) -> None:
    """Publish what each territory's folder has for demonstration.

    Raises:
        DemonstrationError: a content is wrong, or a step of it is refused.
    """
    passwords = {
        account.username: account.password
        for account in provision.list_demo_accounts(settings)
    }
    for address in provision.list_territory_addresses(settings):
        folder = find_content(settings.tenants / address.slug)
        if folder is not None:
            content = read_content(folder)
            path = settings.state / f"demonstration-{address.slug}.json"
            journal = Journal.read(path)
            await _import_outlines(settings, content, folder, address.slug, journal)
            await Publication(
                content,
                folder,
                address.portal,
                address.node,
                passwords,
                journal,
                typer.echo,
            ).run()


async def _import_outlines(
    settings: Settings, content: Content, folder: Path, slug: str, journal: Journal
) -> None:
    for part in content.outlines:
        step = f"outlines {part.file}"
        if step not in journal.done:
            file = OutlineFile(folder / part.file)
            units = await asyncio.to_thread(read_outlines, file, OutlineSelection())
            outlines = OutlineImport(
                file.path.stem, part.source, part.licence, slug, units
            )
            await import_outlines(settings, outlines)
            journal.note(step, file.path.stem)
            typer.echo(step)
