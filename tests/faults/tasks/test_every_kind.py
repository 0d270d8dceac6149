"""That no kind of task is forgotten: what the domains register is what the trials know and try."""

import ast
from pathlib import Path

import pytest

from tests.faults.tasks.kinds import KINDS, SCHEDULES, UNTRIED
from udi.node import site as node
from udi.portal import site as portal
from udi.settings import ProgramName, Settings
from udi.ui.worker import list_schedules, task_handlers

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("program", ["portal", "node"])
async def test_every_kind_that_is_registered_is_in_the_table_and_no_other(
    settings: Settings, program: ProgramName
) -> None:
    """As a program registers them that looks at links, and a node that a producer runs itself."""
    of_territories = settings.model_copy(update={"link_looks_per_hour": 1})
    of_a_producer = settings.model_copy(update={"node_name": "library"})
    queued, scheduled = await list_registered(of_territories, program)
    if program == "node":
        scheduled |= (await list_registered(of_a_producer, program))[1]

    assert queued == set(KINDS[program])
    assert scheduled == {*SCHEDULES[program], *UNTRIED[program]} - queued
    assert not queued & scheduled


async def list_registered(
    settings: Settings, program: ProgramName
) -> tuple[set[str], set[str]]:
    """The names of queued and of scheduled tasks."""
    build_site = {"portal": portal.build_site, "node": node.build_site}[program]
    site = build_site(settings, pages=False)
    names = set(task_handlers(site)), {task.name for task in list_schedules(site)}
    await site.services.close()
    await site.outgoing.close()
    return names


def list_killed(program: ProgramName) -> set[str]:
    """The kinds of a program that some trial kills."""
    calls = [
        call
        for path in FOLDER.glob("test_*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "check_kills"
    ]
    return {
        str(word.value)
        for call in calls
        if ast.literal_eval(call.args[0]) == program
        for word in ast.walk(call.args[1])
        if isinstance(word, ast.Constant)
    }


@pytest.mark.parametrize("program", ["portal", "node"])
def test_every_kind_of_the_table_is_killed_in_a_trial_or_says_why_not(
    program: ProgramName,
) -> None:
    kinds = {*KINDS[program], *SCHEDULES[program]}

    assert list_killed(program) == kinds - set(UNTRIED[program])
