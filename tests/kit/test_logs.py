"""One event is one line of JSON, whoever says it; a traceback stands in it, and no value of anybody."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from tests.cluster import free_ports
from udi.kit import library_logs, logs
from udi.kit.library_logs import PrintedText
from udi.kit.tracebacks import MOST_FRAMES, describe_traceback, find_place

WORDS = st.text("aé\v\N{NO-BREAK SPACE} \t=\r\n\"'", max_size=40)
"""Letters and blanks, and every sign that a line for people quotes."""
ROOT = Path(__file__).parents[2]
CANARY = "Zébulon-Quartz"
SERVER = """
import sys
from granian.constants import Interfaces
from udi.cli.serve import WebServer, pass_termination_to_forks
from udi.kit import logs
from udi.settings import get_settings

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    raise ValueError(sys.argv[2])

logs.configure_program(get_settings(), "udi-portal")
server = WebServer("unused:app", address="127.0.0.1", port=int(sys.argv[1]), interface=Interfaces.ASGI, workers=2,
    websockets=False, log_access=False, log_dictconfig=logs.find_server_logging())
pass_termination_to_forks()
server.serve(target_loader=lambda: app, wrap_loader=False)
"""


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program of Python with these settings."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform/src'}",
            "PYTHONWARNINGS": "default",
            "UDI_LOG_FORMAT": "json",
            **variables,
        },
    )


def read(text: str) -> list[dict[str, Any]]:
    """The events of some lines, each of which is an object."""
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.programs
def test_every_way_to_speak_is_one_line_of_json_without_the_value() -> None:
    done = run("-m", "tests.kit.speaking", CANARY)

    events = read(done.stderr)
    assert done.stdout == ""
    assert done.returncode == 1
    assert CANARY not in done.stderr
    assert CANARY not in json.dumps(events, ensure_ascii=False)
    assert Counter(event["event"] for event in events) == {
        "ours": 1,
        "ours caused": 1,
        "row refused": 1,
        "<str> came after 3 tries": 1,
        library_logs.WITHHELD: 1,
        "warning": 1,
        "printed traceback": 2,
        library_logs.PRINTED: 2,
        "Exception in callback": 1,
        "Task exception was never retrieved": 1,
        "uncaught exception of a thread": 1,
        "exception that cannot be raised": 1,
        "odd values": 1,
        "uncaught exception": 1,
    }
    raised = [event for event in events if "traceback" in event]
    places = [event["traceback"][-1]["frames"][-1]["function"] for event in raised]
    assert places == ["fail"] * len(raised)
    assert all(event["timestamp"] and event["level"] for event in events)


@pytest.mark.programs
def test_text_for_people_keeps_the_traceback_of_python() -> None:
    done = run("-m", "tests.kit.speaking", "value", UDI_LOG_FORMAT="text")

    assert "Traceback (most recent call last):" in done.stderr
    assert done.stdout == "value\n"


@pytest.mark.programs
def test_forked_web_workers_and_the_server_itself_write_lines_of_json() -> None:
    port = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(port), CANARY],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "platform/src"),
            "UDI_LOG_FORMAT": "json",
        },
    )
    assert process.stderr is not None
    lines = []
    started = 0
    while started < 2:
        lines.append(process.stderr.readline())
        started += "Started worker" in lines[-1]
    answer = httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
    process.send_signal(signal.SIGTERM)
    output, rest = process.communicate()

    events = read("".join(lines) + rest)
    [raised] = [event for event in events if "traceback" in event]
    assert answer.status_code == 500
    assert output == ""
    assert raised["event"] == "Application callable raised an exception"
    assert raised["traceback"][0]["type"] == "ValueError"
    assert raised["traceback"][0]["frames"][-1]["function"] == "app"
    assert CANARY not in json.dumps(events, ensure_ascii=False)
    assert library_logs.WITHHELD not in {event["event"] for event in events}


@pytest.mark.programs
def test_the_process_that_makes_calls_writes_what_ends_it_as_one_line() -> None:
    program = f"""
import asyncio
from udi.kit import call_process
async def serve(): raise ValueError({CANARY!r})
call_process.serve = serve
call_process.main()
"""
    done = run("-c", program, str(512 * 1024**2))

    [event] = read(done.stderr)
    assert (event["event"], event["error"]) == ("uncaught exception", "ValueError")
    assert CANARY not in done.stderr


@pytest.mark.programs
def test_a_refused_command_says_why_in_a_line_of_json(tmp_path: Path) -> None:
    program = """
import udi.cli.execution as commands
from udi.kit import logs
from udi.settings import get_settings
def fail():
    logs.configure_program(get_settings(), "udi-portal")
    get_settings().secret("portal_client_key")
commands.run(fail)
"""
    done = run("-c", program, UDI_STATE=str(tmp_path))

    [event] = read(done.stderr)
    assert event["event"] == "command refused"
    assert "portal_client_key" in event["reason"]
    assert done.returncode == 1


def test_a_traceback_tells_causes_and_members_once_and_no_more_frames_than_it_may() -> (
    None
):
    def fall(depth: int) -> None:
        if depth:
            fall(depth - 1)
        raise LookupError(CANARY)

    try:
        fall(2 * MOST_FRAMES)
    except LookupError as error:
        lost = error
    group = ExceptionGroup(CANARY, [lost, ValueError(CANARY)])
    group.__cause__ = lost
    lost.__context__ = group

    described = describe_traceback(group)

    assert [(part["type"], part.get("relation")) for part in described] == [
        ("ExceptionGroup", None),
        ("LookupError", "cause"),
        ("ValueError", "member"),
    ]
    assert len(described[1]["frames"]) == MOST_FRAMES
    assert described[1]["left_out"] == MOST_FRAMES + 2
    assert CANARY not in json.dumps(described, ensure_ascii=False)
    assert re.fullmatch(r"tests\.kit\.test_logs:\d+", find_place(described[1:]))
    assert find_place(described) == find_place([]) == ""


def test_a_printed_traceback_is_one_event_though_lines_come_in_pieces() -> None:
    events: list[dict[str, Any]] = []
    stream = PrintedText(sys.stderr, "stderr", events.append)

    for piece in (
        "Process worker-1:\nTraceback (most rec",
        'ent call last):\n  File "/a/tasks.py", line 7, in run\n    x = 1\n        ^\n',
        f"KeyError: '{CANARY}'\n",
        "half a line",
    ):
        stream.write(piece)

    [event] = events
    frame = {"module": "tasks", "function": "run", "line": 7}
    assert event["traceback"] == [{"type": "KeyError", "frames": [frame]}]


@pytest.mark.parametrize(
    ("message", "arguments", "words"),
    [
        ("it is %(name)s", {"name": CANARY}, "it is <str>"),
        (
            "%s of %r took %.1f s",
            (CANARY, [CANARY], 1.25),
            "<str> of <list> took 1.2 s",
        ),
        ("%d", (CANARY,), "%d"),
    ],
)
def test_values_of_a_message_are_told_by_their_type(
    message: str, arguments: Any, words: str
) -> None:
    record = logging.makeLogRecord({"msg": message, "args": arguments})

    described = library_logs.fill_with_types(str(record.msg), record.args)

    assert described == words


@given(
    event=st.dictionaries(
        st.sampled_from(
            ("timestamp", "level", "event", "logger", "logger_name", "route", "error")
        ),
        WORDS,
    ),
    values=st.dictionaries(
        st.text("abc_", min_size=1),
        st.none() | st.integers() | st.floats() | WORDS | st.lists(WORDS),
        max_size=5,
    ),
)
def test_a_line_for_people_is_that_of_structlog(
    event: dict[str, str], values: dict[str, object]
) -> None:
    """Ours is written by columns of ours, since it is written for every request."""
    usual = structlog.dev.ConsoleRenderer(colors=False)
    whole_event = {**values, **event}

    line = logs.make_text_renderer()(None, "info", dict(whole_event))

    assert line == usual(None, "info", dict(whole_event))
