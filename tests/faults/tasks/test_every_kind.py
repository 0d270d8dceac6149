"""That no kind of task is forgotten: what the domains register is what the trials know and try."""

import ast
from pathlib import Path

import pytest

from tests.faults.tasks.kinds import KINDS, UNTRIED
from udi.node import site as node
from udi.portal import site as portal
from udi.settings import ProgramName, Settings
from udi.ui.worker import task_handlers

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("program", ["portal", "node"])
async def test_every_kind_that_is_registered_is_in_the_table_and_no_other(
    settings: Settings, program: ProgramName
) -> None:
    build_site = {"portal": portal.build_site, "node": node.build_site}[program]
    site = build_site(settings, pages=False)

    registered = set(task_handlers(site))

    await site.services.close()
    await site.outgoing.close()
    assert registered == set(KINDS[program])


def test_every_kind_of_the_table_is_killed_in_a_trial_or_says_why_not() -> None:
    killed = {
        word.value
        for path in FOLDER.glob("test_*_tasks.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "check_kills"
        for word in ast.walk(call)
        if isinstance(word, ast.Constant) and isinstance(word.value, str)
    }

    assert {*KINDS["portal"], *KINDS["node"]} - killed == set(UNTRIED)
