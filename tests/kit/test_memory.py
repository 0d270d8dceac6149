"""What was freed goes back to the machine; what one answer makes is not looked through before it is dropped."""

import subprocess
import sys

import psutil
import pytest

from udi.kit.memory import release_memory

pytestmark = pytest.mark.programs

PIECES = 100_000
SIZE = 1000
INTERVAL = 500


def memory_in_use() -> int:
    return int(psutil.Process().memory_info().rss)


def test_what_was_freed_between_what_is_kept_is_given_back() -> None:
    pieces: list[bytes | None] = [bytes(SIZE) for _ in range(PIECES)]
    pieces = [
        piece if place % INTERVAL == 0 else None for place, piece in enumerate(pieces)
    ]
    before = memory_in_use()

    release_memory()

    assert before - memory_in_use() > PIECES * SIZE / 2
    assert sum(piece is not None for piece in pieces) == PIECES // INTERVAL


@pytest.mark.parametrize(("call", "places"), [("", "2"), ("use_single_arena()", "1")])
def test_threads_take_memory_from_one_place_once_told_so(
    call: str, places: str
) -> None:
    code = """
import ctypes, threading
from udi.kit.memory import use_single_arena
{call}
malloc = ctypes.CDLL(None).malloc
malloc.restype, malloc.argtypes, places = ctypes.c_void_p, [ctypes.c_size_t], set()
take = lambda: places.add(malloc(1000) >> 40)
take()
thread = threading.Thread(target=take)
thread.start()
thread.join()
print(len(places))
"""
    done = [sys.executable, "-c", code.format(call=call)]
    output = subprocess.run(done, check=True, capture_output=True, text=True).stdout

    assert output.strip() == places, "what a thread keeps apart lies far from the rest"


def test_begin_collection_looks_through_no_objects_of_a_single_answer() -> None:
    code = """
import gc
from udi.kit.memory import begin_collection, postpone_collection
collections = []
gc.callbacks.append(lambda phase, _info: collections.append(phase))
postpone_collection()
loaded = [[] for _ in range(50_000)]
begin_collection()
answer = [[] for _ in range(6_000)]
of_one_answer = len(collections)
answers = [[] for _ in range(50_000)]
print(of_one_answer, len(collections) > 0)
"""
    command = [sys.executable, "-c", code]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert output.split() == ["0", "True"]
