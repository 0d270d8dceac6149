"""A territory started from what an operator says of it: files, databases, identity, invitation, then a look at it."""

import asyncio
import io
import shutil
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from udi.cli import provision
from udi.cli.checks.territories import check_host
from udi.cli.local.errors import LocalError
from udi.cli.template import copy_template
from udi.kit.errors import InvalidError, Refusal, field_error
from udi.kit.mail_relay import AddressRefusedError, EmailError, check_recipient
from udi.portal.installation.new_territory import NewTerritory, StartStage
from udi.portal.tenants.files import (
    TenantFaultsError,
    TenantFiles,
    TenantFolder,
    read_folder,
)
from udi.settings import MissingSecretError, ProgramName, Settings

LOOKS = 6
PAUSE = 1.0
"""How often, and every how many seconds, the addresses are looked at: programs read their register every two seconds."""
Tell = Callable[[StartStage], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class StartResult:
    """A territory that was started: its files, and which programs answer at its host names."""

    files: TenantFiles
    online: Mapping[ProgramName, bool]
    changes: list[tuple[str, str]]


async def start_territory(
    settings: Settings, new: NewTerritory, tell: Tell, known: str | None = None
) -> StartResult:
    """Start a territory; may be repeated, also where an earlier try was cut short.

    Nothing is made where its files would be wrong, its host names are somebody's, or the relay takes no mail to its
    first member. `tell` is called before each stage. Accounts of the demonstration are not made: real people are invited.
    `known` is the fingerprint of the files that the register has of its slug: others are never written over. The hosted
    node derives its credential: its worker reads no file of a territory that the play does not know.

    Raises:
        InvalidError: something of it cannot be; nothing was made.
        ProvisionError: the identity service refuses, or does not answer.
    """
    await tell(StartStage.FILES)
    folder = await asyncio.to_thread(make_folder, new)
    if known is not None and known != folder.fingerprint:
        reason = "“%(slug)s” was taken a moment ago."
        raise field_error("slug", reason, values={"slug": new.slug})
    await _check_relay(settings, folder, new.first_member)
    loop = asyncio.get_running_loop()

    def tell_stage(stage: StartStage) -> None:
        asyncio.run_coroutine_threadsafe(tell(stage), loop).result()

    try:
        applied = await asyncio.to_thread(
            provision.apply_folder,
            settings.model_copy(update={"demo": False}),
            folder,
            tell=tell_stage,
            stores_credential=False,
        )
    except TenantFaultsError as error:
        raise InvalidError(refusals=[_explain_fault(error)]) from error
    await tell(StartStage.ONLINE)
    return StartResult(folder.files, await look(settings, new), applied.changes)


def make_folder(new: NewTerritory) -> TenantFolder:
    """The files of a territory, from the template.

    Raises:
        InvalidError: the template, or the rules of these files, refuse an answer.
    """
    with TemporaryDirectory() as temporary:
        target = Path(temporary) / new.slug
        try:
            write_files(new.answers, target)
            return read_folder(target)
        except LocalError as error:
            reason = f"{error}"
        except TenantFaultsError as error:
            reason = f"{error.faults[0]}"
    raise field_error("", reason)


def write_files(answers: Mapping[str, str], target: Path) -> None:
    """Write the files of a territory into a folder that does not exist: whole or not at all.

    Raises:
        LocalError: the template refuses an answer.
    """
    with TemporaryDirectory() as temporary:
        repository = Path(temporary) / "made"
        copy_template(repository, answers)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.new")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(repository / "tenants" / answers["slug"], partial)
        partial.rename(target)


def pack_files(slug: str, files: TenantFiles) -> bytes:
    """The files of a territory as ZIP, in a folder of its name."""
    content = io.BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for path, file in sorted(files.items()):
            archive.writestr(f"{slug}/{path}", file)
    return content.getvalue()


async def look(settings: Settings, new: NewTerritory) -> dict[ProgramName, bool]:
    """Which programs serve a territory at its host names; nobody does while it is suspended."""
    hosts: dict[ProgramName, str] = {"portal": new.host, "node": new.node_host}
    online: dict[ProgramName, bool] = {}
    for turn in range(LOOKS):
        if turn:
            await asyncio.sleep(PAUSE)
        for program, host in hosts.items():
            finding = await check_host(
                settings, program, new.slug, host, needs_territory=True
            )
            online[program] = finding.severity == "ok"
        if all(online.values()):
            break
    return online


async def _check_relay(settings: Settings, folder: TenantFolder, address: str) -> None:
    sender = settings.mail_sender or folder.file.mail.sender
    try:
        await check_recipient(settings, sender, address)
    except AddressRefusedError as error:
        refusal = Refusal(
            "first_member",
            "The mail relay refuses this address for good (%(code)s).",
            values={"code": error.code},
        )
    except (EmailError, MissingSecretError) as error:
        refusal = Refusal(
            "first_member",
            "The invitation cannot leave: %(reason)s",
            values={"reason": str(error)},
        )
    else:
        return
    raise InvalidError(refusals=[refusal])


def _explain_fault(error: TenantFaultsError) -> Refusal:
    fault = error.faults[0]
    field = {"hosts.portal": "host", "hosts.node": "node_host"}.get(fault.where, "")
    return Refusal(field, fault.problem)
