"""`udi tenant apply`: the files of territories, made true everywhere."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

import typer

from udi.cli import output, provision, provisioner, tenant_versions
from udi.cli.local.errors import LocalError
from udi.cli.tenant_check import exit_with_faults, find_folder, read_tenant
from udi.portal.tenants.applied_files import NewerVersionError, read_mark
from udi.portal.tenants.files import TenantFaultsError
from udi.settings import get_settings

Outcomes = list[tuple[str, str]]
"""Each thing, and what became of it."""
app = typer.Typer(no_args_is_help=True)
"""The group `tenant` with this command alone."""


def register(group: typer.Typer) -> None:
    """Add the command to `udi tenant`."""
    group.command()(apply)


def apply(
    slugs: Annotated[
        list[str],
        typer.Argument(
            metavar="SLUG...", help="Slugs of territories, or paths of their folders."
        ),
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite what pages published since.")
    ] = False,
    changed: Annotated[
        bool,
        typer.Option(
            "--changed",
            help="Leave alone those that were applied with the same files, settings and program.",
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Make a territory's files true: databases, identity, hosted node. May be repeated.

    Refused, with the differences, where the team published on pages what these files do not know. Of several territories
    one that is refused is named, and the others are applied.
    """
    settings = get_settings()
    refused: list[str] = []
    bring = provision.apply_changed if changed else provision.apply_with
    with provisioner.open_provisioner(settings) as shared:
        apply_one = partial(_apply_one, shared, bring, force=force)
        if len(slugs) == 1:
            changes = apply_one(slugs[0])
        else:
            changes, refused = _apply_several(apply_one, slugs)
    changes += provision.apply_installation(settings)
    rows = [{"what": what, "outcome": outcome} for what, outcome in changes]
    output.show(
        rows,
        {"what": "What", "outcome": "Outcome"},
        as_json=json,
        empty="Nothing to apply.",
    )
    if refused:
        print(f"Not applied: {', '.join(refused)}.", file=sys.stderr)
        raise typer.Exit(1)


def _apply_one(
    shared: provisioner.Provisioner,
    bring: Callable[..., provision.ApplyResult],
    slug: str,
    *,
    force: bool,
) -> Outcomes:
    """Apply one territory; what changed."""
    folder = read_tenant(shared.settings, slug)
    mark = read_mark(find_folder(shared.settings, slug))
    try:
        applied = bring(shared, folder, mark, force=force)
    except TenantFaultsError as error:
        exit_with_faults(error)
    except NewerVersionError as error:
        raise tenant_versions.explain_newer_version(folder.slug, error) from error
    for warning in applied.warnings:
        print(warning, file=sys.stderr)
    return applied.changes


def _apply_several(
    apply_one: Callable[[str], Outcomes], slugs: Sequence[str]
) -> tuple[Outcomes, list[str]]:
    """Apply territories one after the other; what changed, by territory, and those that were refused."""
    changes = []
    refused = []
    for slug in slugs:
        try:
            applied = apply_one(slug)
        except typer.Exit:
            refused.append(slug)
        except LocalError as error:
            print(error, file=sys.stderr)
            refused.append(slug)
        else:
            changes += [(f"{slug}: {what}", outcome) for what, outcome in applied]
    return changes, refused


register(app)
