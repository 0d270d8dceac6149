"""`udi tenant export`, `import` and `retire`."""

import asyncio
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from udi.cli.archive.contents import PROGRAMS
from udi.cli.archive.difference import DifferenceCounts, export_difference
from udi.cli.archive.exporter import ExportResult, export_territory
from udi.cli.archive.importer import ImportResult, import_archive
from udi.cli.archive.placement import Hosts
from udi.cli.archive.retire import retire
from udi.cli.local.errors import LocalError
from udi.kit.clock import now
from udi.portal.tenants.toml.schema import HOST
from udi.settings import ProgramName, get_settings

EndRequests = Annotated[
    bool,
    typer.Option(
        "--end-requests",
        help="Although requests of people about their data are not over: no archive holds them.",
    ),
]
Since = Annotated[
    Path | None,
    typer.Option(help="Only what changed since this archive, its last one."),
]
RefuseWrites = Annotated[
    bool,
    typer.Option(
        "--refuse-writes",
        help="Refuse changes first, while everything is read: for the last archive of a move.",
    ),
]
KnownSlug = Annotated[str, typer.Argument(help="Slug of the territory.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]
TWICE = 2


def register(app: typer.Typer) -> None:
    """Add the commands to `udi tenant`."""
    app.command("export")(export_)
    app.command("import")(import_)
    app.command("retire")(retire_)


def export_(
    slug: KnownSlug,
    to: Annotated[
        Path | None,
        typer.Option(help="File to write; by default <slug>-<day>.tar, here."),
    ] = None,
    without_files: Annotated[
        bool, typer.Option("--without-files", help="Descriptions only, no file.")
    ] = False,
    suspend: Annotated[
        bool, typer.Option("--suspend", help="Close it first: for a final move.")
    ] = False,
    since: Since = None,
    refuse_writes: RefuseWrites = False,
    end_requests: EndRequests = False,
    json_: AsJson = False,
) -> None:
    """Write one signed archive of a territory, with all that it takes to live elsewhere. Changes nothing here.

    Descriptions (RUDI and DCAT-AP), files of hosted spaces, organisations and accounts without passwords, history and
    the territory's own files. It holds personal data: keep and send it accordingly. Tell the receiver the fingerprint
    of the key by another way. With --since, a difference: rows that changed, and files that are new.
    """
    target = to or Path(f"{slug}-{now().date().isoformat()}.tar")
    if since is not None and (suspend or without_files):
        raise LocalError(
            "A difference closes nothing and leaves nothing out",
            "leave out --suspend and --without-files",
        )
    if since is not None:
        result, counts = asyncio.run(
            export_difference(
                get_settings(),
                slug,
                target,
                since=since,
                refuse_writes=refuse_writes,
                end_requests=end_requests,
                tell=_Progress(),
            )
        )
        _print_difference(result, counts, as_json=json_)
    else:
        result = asyncio.run(
            export_territory(
                get_settings(),
                slug,
                target,
                with_files=not without_files,
                suspend=suspend,
                refuse_writes=refuse_writes,
                end_requests=end_requests,
                tell=_Progress(),
            )
        )
        _print_export(result, as_json=json_)


def import_(
    file: Annotated[Path, typer.Argument(help="The archive.")],
    as_host: Annotated[
        str,
        typer.Option(
            help="Hosts here, where they differ: portal=<host>,node=<host>.",
            metavar="HOSTS",
        ),
    ] = "",
    key_fingerprint: Annotated[
        str, typer.Option(help="Refuse an archive that another key signed.")
    ] = "",
    check_only: Annotated[
        bool, typer.Option("--check-only", help="Verify, and write nothing.")
    ] = False,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow",
            help="Do not open it: it stays a copy that differences bring further.",
        ),
    ] = False,
    json_: AsJson = False,
) -> None:
    """Bring a territory here from its archive. Everything is verified before anything is written; may be repeated.

    A difference goes to the copy that follows here; all its tables are compared with those of the origin before anything
    is kept, and it opens with the last one, unless --follow. The same catalogue, addresses and files; people set a new password by mail («forgotten password»). An import that
    was stopped starts again with the same command; one that was finished changes nothing.
    """
    done = import_archive(
        get_settings(),
        file,
        hosts=read_hosts(as_host),
        fingerprint=key_fingerprint,
        check_only=check_only,
        follow=follow,
        tell=_Progress(),
    )
    _print_import(done, insisted=bool(key_fingerprint), as_json=json_)


def retire_(
    slug: KnownSlug,
    archive: Annotated[
        Path | None, typer.Option(help="Its archive, made since it was suspended.")
    ] = None,
    without_archive: Annotated[
        int,
        typer.Option(
            "--without-archive",
            count=True,
            help="Say it twice to delete what is saved nowhere.",
        ),
    ] = 0,
    end_requests: EndRequests = False,
    yes_retire: Annotated[
        str, typer.Option(help="The slug again, for scripts; else it is asked.")
    ] = "",
    json_: AsJson = False,
) -> None:
    """Delete a suspended territory from this installation, for good. May be repeated.

    Rows, files, search index, organisations, clients, credentials, and the accounts that serve no other territory and
    are no operator's. Its folder in UDI_TENANTS stays: it is yours.
    """
    if archive is None and without_archive < TWICE:
        cause = "A territory is not deleted without its archive"
        raise LocalError(
            cause, "give it with --archive <file>, or say --without-archive twice"
        )
    if (yes_retire or _prompt_slug(slug)) != slug:
        raise LocalError(
            "Nothing was deleted: the slug is not the same", "type it as it is"
        )
    done = asyncio.run(
        retire(
            get_settings(),
            slug,
            archive=archive,
            end_requests=end_requests,
            tell=_Progress(),
        )
    )
    if json_:
        print(json.dumps(asdict(done) if done else {"territory": slug}))
    elif done is None:
        print(f"No territory is called «{slug}»: nothing is left to delete.")
    else:
        print(
            f"{slug} is gone: {done.rows} rows, {done.objects} objects, {done.accounts} accounts, {done.organisations} "
            f"organisations, {done.clients} clients. Remove its folder from {get_settings().tenants} yourself."
        )
        if done.kept_organisations:
            print(
                f"Left in Keycloak, for accounts that serve elsewhere are bound to them: {', '.join(done.kept_organisations)}."
            )


def read_hosts(option: str) -> Hosts:
    """The hosts of `portal=…,node=…`.

    Raises:
        LocalError: it says something else.
    """
    hosts: dict[ProgramName, str] = {}
    for part in filter(None, option.split(",")):
        program, _, host = part.strip().partition("=")
        program_name = next((name for name in PROGRAMS if name == program), None)
        if program_name is None or not HOST.match(host):
            raise LocalError(
                f"«{part}» names no host", "write --as-host portal=<host>,node=<host>"
            )
        hosts[program_name] = host
    return hosts


def _prompt_slug(slug: str) -> str:
    if not sys.stdin.isatty():
        raise LocalError(
            "There is no terminal to ask on", f"repeat the slug: --yes-retire {slug}"
        )
    return str(typer.prompt(f"This deletes {slug} for good. Type its slug", err=True))


def _print_export(done: ExportResult, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(done), indent=2))
        return
    print(
        f"{done.archive}: {done.bytes} bytes, {done.datasets} datasets, {done.files} files, {done.accounts} accounts.\n"
        f"Signed by the key {done.fingerprint}\n"
        "Give the receiver this fingerprint by another way than the archive, which holds personal data."
    )


def _print_difference(
    done: ExportResult, counts: DifferenceCounts, *, as_json: bool
) -> None:
    if as_json:
        print(json.dumps(asdict(done) | asdict(counts), indent=2))
        return
    print(
        f"{done.archive}: {done.bytes} bytes, {sum(counts.changed.values())} rows added or changed, "
        f"{sum(counts.removed.values())} removed, {done.files} files, {done.accounts} accounts.\n"
        f"Signed by the key {done.fingerprint}"
    )
    for name in sorted({*counts.changed, *counts.removed}):
        changed = counts.changed.get(name, 0)
        removed = counts.removed.get(name, 0)
        print(f"  {name:32} {changed} added or changed, {removed} removed")


def _print_import(done: ImportResult, *, insisted: bool, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(done), indent=2))
        return
    print(f"{done.territory}: {done.outcome}. Signed by the key {done.fingerprint}")
    if not insisted:
        print(
            "Compare it with what the sender told you; --key-fingerprint insists on it."
        )
    for what, count in {
        **done.rows,
        "files": done.files,
        **{f"accounts {k}": n for k, n in done.accounts.items()},
    }.items():
        if count:
            print(f"  {what:32} {count}")
    if done.compared:
        print("Compared with the origin, table by table: the same rows, by sha256.")
        for name, summary in done.compared.items():
            if summary.rows:
                print(f"  {name:32} {summary.rows} rows, {summary.sha256[:16]}")
    for credential in done.credentials:
        print(f"\nNew credential of the node «{credential['node']}», shown this once:")
        print(
            f"  client_id      {credential['client_id']}\n  client_secret  {credential['client_secret']}"
        )


class _Progress:
    """Each step on the error stream, with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, step: str) -> None:
        print(
            f"{time.monotonic() - self._start:6.1f} s  {step}",
            file=sys.stderr,
            flush=True,
        )
