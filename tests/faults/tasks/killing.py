"""Kills a worker in the middle of tasks, and compares what is true afterwards with what is true where nobody was killed."""

from collections import Counter
from collections.abc import Collection

from tests.faults.interruptions import CALL_STEP, TAKEN
from tests.faults.tasks.kinds import KINDS, SCHEDULES, place_of
from tests.faults.trials import Outcome, Trials, WholeRun, list_failures
from udi.settings import ProgramName

LONGEST = 600


async def kill_at_one_step(
    trials: Trials, program: ProgramName, kinds: Collection[str]
) -> int:
    """One life after the other, each killed in another kind: at one of its steps, the same in each run; how many kills."""
    whole = await trials.run_whole(sorted(kinds))
    check_whole(program, whole)
    turns = [
        (kind, place_of(program, kind) % len(steps) + 1)
        for kind, steps in whole.steps.items()
    ]
    killed = await trials.run(turns)
    differences = find_differences(whole.outcome, killed, len(turns))
    assert not differences, f"{turns}: {differences}"
    return len(turns)


async def kill_at_every_step(
    trials: Trials, program: ProgramName, kinds: Collection[str]
) -> int:
    """Each kind alone, from the same beginning, killed at each of its steps; how many kills."""
    faults = []
    kills = 0
    for kind in sorted(kinds):
        whole = await trials.run_whole([kind])
        check_whole(program, whole)
        for number, name in enumerate(whole.steps[kind], 1):
            killed = await trials.run([(kind, number)])
            kills += 1
            differences = find_differences(whole.outcome, killed, 1)
            if differences:
                faults.append(f"{kind}, {number}. {name}: {differences}")
    assert not faults, "\n".join(faults)
    return kills


def check_whole(program: ProgramName, whole: WholeRun) -> None:
    """Nothing failed, and each kind had its effect: what is compared with it would else prove nothing."""
    failures = [*list_failures(whole.outcome), *whole.outcome.held]
    assert not failures, failures
    expected = {**KINDS[program], **SCHEDULES[program]}
    for kind, effects in whole.effects.items():
        assert expected[kind] in effects, (kind, effects, whole.steps[kind])


def find_differences(whole: Outcome, killed: Outcome, kills: int) -> list[str]:
    """What a kill changed for good: rows, objects, mails and calls that lack, or are there too often; tasks that do not end."""
    faults = [f"{kind} failed for good" for kind in killed.held]
    faults += [f"{kind} is still held, or waits" for kind in killed.left]
    for table in sorted({*whole.rows, *killed.rows}):
        faults += _compare(
            table, whole.rows.get(table, Counter()), killed.rows.get(table, Counter())
        )
    faults += _compare("object", whole.objects, killed.objects)
    faults += [f"mail lacks: {text}" for text in whole.mails - killed.mails]
    again = {text: killed.mail_ids[text] for text in whole.mail_ids}
    faults += [
        f"mail has another identifier: {text}"
        for text in Counter(again) - whole.mail_ids
    ]
    faults += [
        f"mail too often: {text}" for text in killed.mails - _repeat(whole.mails, kills)
    ]
    faults += _compare_calls(whole, killed, kills)
    return [fault[:LONGEST] for fault in faults]


def _compare_calls(whole: Outcome, killed: Outcome, kills: int) -> list[str]:
    """Two tasks about one thing both call, or the second sees that the first did: so many as there are may say the same."""
    callers = {kind for kind, name in whole.steps if name == f"before {CALL_STEP}"}
    tasks = sum(kind in callers and name == TAKEN for kind, name in whole.steps)
    most = _repeat(
        Counter({text: max(number, tasks) for text, number in whole.calls.items()}),
        kills,
    )
    lacking = [
        f"call lacks: {text}" for text in whole.calls.keys() - killed.calls.keys()
    ]
    return lacking + [f"call too often: {text}" for text in killed.calls - most]


def _repeat(whole: Counter[str], kills: int) -> Counter[str]:
    """How often something may leave: once more for each kill."""
    return Counter({text: number * (kills + 1) for text, number in whole.items()})


def _compare(what: str, expected: Counter[str], actual: Counter[str]) -> list[str]:
    lacking = [f"{what} lacks: {text}" for text in expected - actual]
    added = [f"{what} too much: {text}" for text in actual - expected]
    return lacking + added
