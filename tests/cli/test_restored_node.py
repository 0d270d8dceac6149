"""How a producer's own node is brought back: its database waits for no disk until it is whole, then all of it is written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.own_node.joining import make_joining
from udi.cli.local import postgres
from udi.cli.local.postgres import Binaries, Cluster
from udi.cli.own import node_processes, restoration
from udi.cli.own.folder import FILE, OwnNode

UNSYNCED = {"fsync=off", "synchronous_commit=off", "full_page_writes=off"}
FILLED = ["started, no disk waited for", "filled", "compared", "stopped"]


class Restoration:
    """What is done to bring a node back, in its order; nothing is started."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.done = list[str]()
        self.folder = folder
        node = OwnNode(folder, 8011, make_joining("http://localhost:8011"))
        node.save()
        self._text = (folder / FILE).read_text()
        patch.setattr(node_processes, "hold_folder", lambda *_: nullcontext())
        patch.setattr(node_processes, "start_database", self._start)
        patch.setattr(node_processes, "prepare_database", self._start)
        patch.setattr(restoration.migrations, "upgrade_to", lambda *_: None)
        patch.setattr(restoration, "load_tables", self._note("filled"))
        patch.setattr(restoration, "_finish_restore", self._note("announced"))
        patch.setattr(restoration.asyncio, "run", lambda _: None)
        patch.setattr(restoration, "_compare_content", self._note("compared"))
        patch.setattr(node_processes, "keep_database", self._note("on the disk"))

    def _note(self, what: str) -> Callable[..., None]:
        def note(*_: object) -> None:
            is_node = (self.folder / FILE).exists()
            self.done.append(f"{what}, a node" if is_node else what)

        return note

    @contextmanager
    def _start(self, *_: object, is_synced: bool = True) -> Iterator[None]:
        self._note("started" if is_synced else "started, no disk waited for")()
        yield
        self._note("stopped")()

    def run(self, *, keep: bool) -> None:
        restic: Any = SimpleNamespace(
            read_text=lambda *_: self._text, restore=lambda *_, **_options: None
        )
        saved: Any = SimpleNamespace(copied=SimpleNamespace(revision="one"))
        restoration._restore(restic, "latest", saved, self.folder, keep=keep)


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Restoration:
    return Restoration(tmp_path, monkeypatch)


def test_a_folder_is_a_node_again_once_all_of_it_is_on_the_disk(
    trial: Restoration,
) -> None:
    trial.run(keep=True)

    assert trial.done == [
        *FILLED,
        "on the disk",
        "started, a node",
        "announced, a node",
        "stopped, a node",
    ]


def test_a_drill_is_never_written_to_the_disk_nor_a_node(trial: Restoration) -> None:
    trial.run(keep=False)

    assert trial.done == FILLED


@pytest.mark.parametrize(("is_synced", "unsynced"), [(True, set()), (False, UNSYNCED)])
def test_a_database_that_is_kept_waits_for_its_disk(
    tmp_path: Path, unsynced: set[str], *, is_synced: bool
) -> None:
    binaries = Binaries(tmp_path, 15)
    cluster = Cluster(binaries, tmp_path / "data", 8014, "unused", is_synced=is_synced)

    assert UNSYNCED & set(cluster.command()) == unsynced
    assert ("--no-sync" in cluster._initdb(tmp_path / "secret")) is not is_synced


def test_a_database_is_written_to_the_disk_by_the_tool_that_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = list[list[str]]()
    monkeypatch.setattr(
        postgres, "run_tool", lambda command, **_options: commands.append(command)
    )

    Cluster(Binaries(tmp_path, 15), tmp_path / "data", 8014, "unused").sync()

    assert commands == [
        [str(tmp_path / "initdb"), "--sync-only", f"--pgdata={tmp_path / 'data'}"]
    ]
