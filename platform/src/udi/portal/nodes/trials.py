"""The page on which a catalogue is tried before anything is registered: paste its address, see what would appear."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post

from udi.kit.clock import now
from udi.kit.identity import Actor, manages_any
from udi.portal.nodes.harvest.faults import FaultLevel, HarvestFault
from udi.portal.nodes.harvest.trial import (
    LONGEST_ADDRESS,
    TrialResult,
    normalise_address,
)
from udi.portal.nodes.harvest.trial_process import try_in_subprocess
from udi.portal.nodes.sources.formats import format_name
from udi.portal.nodes.sources.trial_limits import TRIAL_LIMITS
from udi.portal.tenants.queries import read_vocabularies
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes
from udi.ui.site import render, site_of

HOME = "/sources/try"


@dataclass(frozen=True)
class TrialFaultSummary:
    """A fault that comes back: in how many datasets, and the first that shows it."""

    fault: HarvestFault
    count: int


def summarise_faults(trial: TrialResult) -> list[TrialFaultSummary]:
    """What to mend, each once, the gravest and most frequent first."""
    faults_by_code: dict[tuple[FaultLevel, str], list[HarvestFault]] = {}
    all_faults = [
        *(preview.faults for preview in trial.previews),
        *(refusal.faults for refusal in trial.refused),
    ]
    for faults_of_one in all_faults:
        for fault in {fault.code: fault for fault in faults_of_one}.values():
            faults_by_code.setdefault((fault.level, fault.code), []).append(fault)
    order = list(FaultLevel)
    ordered = sorted(
        faults_by_code.values(),
        key=lambda faults: (order.index(faults[0].level), -len(faults)),
    )
    return [TrialFaultSummary(faults[0], len(faults)) for faults in ordered]


@get(HOME)
async def show_form(request: AnyRequest, member: Member) -> Response[str]:
    """The form."""
    return _show(request, member, {})


@post(HOME, status_code=200)
async def try_source(
    request: AnyRequest, member: Member, territory: CurrentTerritory
) -> Response[str]:
    """Read the first page of a catalogue, and forget it.

    Raises:
        TooManyRequestsError: this person tried many in the last hour.
    """
    address_text = str((await request.form()).get("address") or "").strip()[
        :LONGEST_ADDRESS
    ]
    address = normalise_address(address_text) if address_text else ""
    if not address:
        return _show(
            request,
            member,
            {"address_text": address_text, "is_invalid": True},
            status=422,
        )
    trials = site_of(request).services[TRIAL_LIMITS]
    trials.rates.count_request(str(member.person_id))
    language: str = request.scope["state"]["locale"]
    async with site_of(request).database.session(territory.id) as session:
        words = await read_vocabularies(session, territory.id)
    async with trials.turn:
        trial = await try_in_subprocess(
            address,
            language=language,
            found_at=now(),
            words=words,
            private_hosts=trials.private_hosts,
        )
    return _show(
        request,
        member,
        {
            "address_text": address_text,
            "address": address,
            "trial": trial,
            "lessons": summarise_faults(trial),
        },
    )


def _show(
    request: AnyRequest, member: Actor, facts: Mapping[str, Any], *, status: int = 200
) -> Response[str]:
    usual_facts = {
        "address_text": "",
        "is_invalid": False,
        "trial": None,
        "lessons": [],
        "format_name": format_name,
    }
    usual_facts["tends"] = manages_any(member)
    return render(request, "nodes/try.html", status=status, **{**usual_facts, **facts})


routes: Routes = [show_form, try_source]
