"""That what is compared after a kill is all that a kill may leave: each fault that it could leave is made by hand, and named."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from tests.faults.interruptions import CALL_STEP, TAKEN
from tests.faults.outside import Outside
from tests.faults.tasks.killing import find_differences
from tests.faults.trials import Outcome, Trials
from tests.node.conftest import producer, publisher, services, space
from tests.node.producer import Producer
from tests.portal.notifications.conftest import Relay
from udi.kit.tenancy import Territory
from udi.settings import Settings

__all__ = ["producer", "publisher", "services", "space"]
DOUBLE_A_ROW = (
    "INSERT INTO app.dataset_event (id, tenant_id, dataset_id, action, detail)"
    " SELECT gen_random_uuid(), tenant_id, dataset_id, action, detail FROM app.dataset_event WHERE tenant_id = $1 LIMIT 1"
)
LOSE_ROWS = "DELETE FROM app.dataset_event WHERE tenant_id = $1"
HOLD_A_TASK = (
    "INSERT INTO queue.pgqueuer (priority, entrypoint, payload, status, heartbeat, execute_after)"
    " VALUES (0, 'push_dataset', convert_to(json_build_object('tenant', $1::uuid)::text, 'UTF8'), 'picked', now(), now())"
)
HOLD_A_SCHEDULE = (
    "INSERT INTO queue.pgqueuer_schedules (entrypoint, expression, next_run, status, heartbeat)"
    " SELECT 'sweep_objects', '0 0 1 1 *', now() + interval '1 day', 'picked', now() WHERE $1::uuid IS NOT NULL"
)
MAIL, OTHER_MAIL = (
    f"Message-ID: <{name}@demo.example>\r\nTo: x@demo.example\r\n\r\nBonjour".encode()
    for name in ("first", "second")
)


@dataclass
class Scene:
    """A territory of a node with a dataset, and what was true in a run that nobody interrupted."""

    trials: Trials
    database: asyncpg.Connection
    outside: Outside
    whole: Outcome
    tenant: UUID
    objects: Path

    async def find(self) -> list[str]:
        """What differs now; then all is put back."""
        differences = find_differences(self.whole, await self.trials.describe(), 1)
        await self.trials.restore()
        return [fault.partition(": ")[0] for fault in differences]

    async def find_after(self, statement: str) -> list[str]:
        """What differs once something was written."""
        await self.database.execute(statement, self.tenant)
        return await self.find()


@pytest.fixture
async def scene(
    settings: Settings,
    postgres: str,
    demo: Territory,
    producer: Producer,
    outside: Outside,
    tmp_path: Path,
) -> AsyncIterator[Scene]:
    await producer.publish()
    server, name = postgres.rpartition("/")[0], settings.database_names["node"]
    database = await asyncpg.connect(f"{server}/{name}")
    trials = Trials(settings, "node", demo, outside, tmp_path, database, sweep)
    await trials.save()
    await trials.restore()
    outside.relay.raw.append(MAIL)
    whole = await trials.describe()
    objects = Path(settings.object_store_url) / str(demo.id)
    yield Scene(trials, database, outside, whole, demo.id, objects)
    await trials.put_back()
    await database.close()


async def sweep() -> None:
    """Nothing is left over."""


async def test_find_differences_names_each_fault_that_a_kill_may_leave(
    scene: Scene,
) -> None:
    unchanged = await scene.find()
    doubled = await scene.find_after(DOUBLE_A_ROW)
    lost = await scene.find_after(LOSE_ROWS)
    held = await scene.find_after(HOLD_A_TASK)
    running = await scene.find_after(HOLD_A_SCHEDULE)
    [stored, *_] = [path for path in scene.objects.rglob("*") if path.is_file()]
    (stored.parent / "00000000-0000-4000-8000-000000000000").write_bytes(b"x")
    orphan = await scene.find()
    stored.unlink()
    gone = await scene.find()

    assert unchanged == []
    assert doubled == ["dataset_event too much"]
    assert set(lost) == {"dataset_event lacks"}
    assert held == ["push_dataset is still held, or waits"]
    assert running == ["sweep_objects is still held, or waits"]
    assert orphan == ["object too much"]
    assert gone == ["object lacks"]


@pytest.mark.parametrize(
    ("mails", "expected"),
    [
        ([MAIL, MAIL], []),
        ([], ["mail lacks"]),
        ([OTHER_MAIL], ["mail lacks", "mail too often"]),
        ([MAIL, OTHER_MAIL], ["mail too often"]),
        ([MAIL, MAIL, MAIL], ["mail too often"]),
    ],
    ids=["twice", "lost", "another identifier", "one more", "thrice"],
)
def test_find_differences_knows_a_mail_by_its_identifier(
    mails: list[bytes], expected: list[str]
) -> None:
    before = Outside(relay=Relay(raw=[MAIL])).list_mails()
    after = Outside(relay=Relay(raw=mails)).list_mails()

    assert name(make_outcome(mails=before), make_outcome(mails=after)) == expected


def test_find_differences_names_a_mail_that_leaves_again_with_another_identifier() -> (
    None
):
    """Two that differ in nothing but what is new in each run read alike."""
    once = make_outcome(mails=["<digest-…>"], ids=["<digest-…>"])
    again = make_outcome(mails=["<digest-…>"] * 2, ids=["<digest-…>"])
    other = make_outcome(mails=["<digest-…>"] * 2, ids=["<digest-…>"] * 2)

    assert name(once, again) == []
    assert name(once, other) == ["mail has another identifier"]


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, ["call lacks"]), (1, []), (4, []), (5, ["call too often"])],
)
def test_find_differences_lets_each_task_call_once_more_for_a_kill(
    number: int, expected: list[str]
) -> None:
    """Of two tasks about one thing, the second saw that the first had called: no kill, one call."""
    steps = [("deliver_consent", TAKEN), ("deliver_consent", f"before {CALL_STEP}")]
    steps += [("deliver_consent", TAKEN), ("tell_call", TAKEN)]

    faults = name(
        make_outcome(steps=steps, calls=1), make_outcome(steps=steps, calls=number)
    )

    assert faults == expected
    assert name(
        make_outcome(steps=steps, calls=0), make_outcome(steps=steps, calls=1)
    ) == ["call too often"]


def test_find_differences_names_a_task_that_failed_for_good() -> None:
    assert find_differences(make_outcome(), make_outcome(held=["tell_call"]), 1) == [
        "tell_call failed for good"
    ]


def make_outcome(
    *,
    mails: Sequence[str] = (),
    ids: Sequence[str] = (),
    calls: int = 0,
    steps: Sequence[tuple[str, str]] = (),
    held: Sequence[str] = (),
) -> Outcome:
    """What is true of a territory in which nothing else happened."""
    return Outcome(
        rows={},
        held=list(held),
        left=[],
        mails=Counter(mails),
        mail_ids=Counter(ids),
        calls=Counter({"PUT /api/v1/agreements/1 ": calls} if calls else {}),
        objects=Counter(),
        steps=list(steps),
    )


def name(whole: Outcome, killed: Outcome) -> list[str]:
    """The faults after one kill, without what they are about."""
    return [fault.partition(": ")[0] for fault in find_differences(whole, killed, 1)]
