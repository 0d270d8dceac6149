"""What `udi bench search` reads and says, without its half hour: descriptions, the load generator's words, refusals."""

import io
import os
import subprocess
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from typing import Any, ClassVar

import pytest
from litestar.testing import TestClient
from rich.console import Console

from bench.load import floor, requests
from bench.load.bulk import dataset_rows, distribution_rows
from bench.load.corpus import Corpus, as_rudi, questions
from bench.load.loads import KINDS
from bench.load.peer import compare, read_peer
from bench.load.report import compare_with_framework, growth, show
from udi.cli.local.errors import LocalError
from udi.protocol.record import read_record
from udi.protocol.validation import validate

WRK_OUTPUT = """
Running 5s test @ http://127.0.0.1:8000
  Latency Distribution
     50%   850.00us
     75%    2.10ms
     90%    4.00ms
     99%    1.20s
  {requests} requests in 2.00s, 1.00MB read
  Socket errors: connect 0, read 1, write 0, timeout 2
  Non-2xx or 3xx responses: 4
"""


def test_descriptions_of_the_corpus_are_records_that_the_portal_takes(
    shared_data: Path,
) -> None:
    corpus = Corpus(shared_data / "peers/corpus.py")
    namespace = uuid.uuid4()
    producers = {slug: uuid.uuid5(namespace, slug) for slug in corpus.producers}
    entries = list(corpus.entries(0, 300))

    documents = [as_rudi(entry, producers, namespace) for entry in entries]

    assert [fault for document in documents for fault in validate(document)] == []
    records = [read_record(document) for document in documents]
    rows = dataset_rows(records, namespace, uuid.uuid4())
    media = distribution_rows(records, namespace)
    assert {row["organisation_id"] for row in rows} <= set(producers.values())
    assert len(media) == sum(len(entry["resources"]) for entry in entries)
    assert {row["access"] for row in rows} == {"public", "restricted"}
    assert questions(entries, 50) == questions(entries, 50)


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no corpus"), ("", "makes no descriptions")]
)
def test_what_is_no_corpus_is_named(
    tmp_path: Path, content: str | None, message: str
) -> None:
    script = tmp_path / "corpus.py"
    if content is not None:
        script.write_text(content)

    with pytest.raises(LocalError, match=message):
        Corpus(script)


def test_waits_and_refusals_are_read_in_their_units() -> None:
    figures = requests._read(
        WRK_OUTPUT.format(requests=1000), {"web": 1.5, "postgres": 0.5}, 0.0
    )

    assert (figures.per_second, figures.p50_ms, figures.p99_ms) == (500.0, 0.85, 1200.0)
    assert figures.cpu_ms == {"web": 1.5, "postgres": 0.5}
    assert figures.cpu_ms_total == 2.0
    assert figures.refused == 7


def test_of_several_rounds_the_middle_counts_and_all_refusals() -> None:
    rounds = [
        requests._read(
            WRK_OUTPUT.format(requests=number), {"web": spent, "postgres": 0.1}, 0.0
        )
        for number, spent in ((1000, 2.0), (400, 3.0), (900, 1.8))
    ]

    middle = requests.middle(rounds)

    assert (middle.requests, middle.per_second, middle.refused) == (2300, 450.0, 21)
    assert middle.cpu_ms == {"web": 2.0, "postgres": 0.11}


def test_without_the_load_generator_its_package_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(LocalError, match="wrk"):
        requests.require_wrk()


def peer_file(folder: Path, **changed: object) -> Path:
    """What to ask another portal, with some values changed."""
    (folder / "searches.txt").write_text("/dataset?q=eau\n/dataset?q=arbres\n")
    values = {
        "name": "Other 1.0",
        "base": "http://127.0.0.1:5001",
        "datasets": 1000,
        **changed,
    }
    pid = values.pop("pid", os.getpid())
    kind = values.pop("kind", "search page")
    lines = [
        f"{name} = {value!r}" for name, value in values.items() if value is not None
    ]
    file = folder / "peer.toml"
    file.write_text(
        "\n".join(
            [
                *lines,
                f"processes = {{ web = {pid} }}",
                "[paths]",
                f'"{kind}" = "searches.txt"',
            ]
        )
    )
    return file


def test_a_peer_is_read_with_its_addresses(tmp_path: Path) -> None:
    peer = read_peer(peer_file(tmp_path), KINDS)

    assert (peer.name, peer.host, peer.datasets) == (
        "Other 1.0",
        "127.0.0.1:5001",
        1000,
    )
    assert peer.paths == {"search page": ["/dataset?q=eau", "/dataset?q=arbres"]}
    assert peer.memory()["web"] > 10**6


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": None}, "does not say"),
        ({"datasets": "many"}, "does not say"),
        ({"base": "https://portal.example"}, "not on this machine"),
        ({"kind": "front page"}, "none of ours"),
        ({"pid": 2**22 + 1}, "does not run"),
    ],
)
def test_what_cannot_be_asked_of_a_peer_is_named(
    tmp_path: Path, changed: dict[str, object], message: str
) -> None:
    with pytest.raises(LocalError, match=message):
        read_peer(peer_file(tmp_path, **changed), KINDS)


def row(portal: str, datasets: int, per_second: float, cpu: float) -> dict[str, Any]:
    return {
        "asked": "search page", "portal": portal, "datasets": datasets, "territories": 1, "per_second": per_second,
        "p50_ms": 1.0, "p99_ms": 2.0, "cpu_ms": {"web": cpu}, "cpu_ms_total": cpu, "other": 0.0, "refused": 0,
        "rounds": {"per_second": [per_second - 9, per_second, per_second + 5], "p99_ms": [2.0], "cpu_ms_total": [cpu]},
    }  # fmt: skip


def test_compare_with_framework_takes_the_page_of_the_same_size() -> None:
    figures = [
        row("caches off", 100, 90.0, 3.0),
        row("as shipped", 100, 900.0, 1.0),
        row("caches off", 1000, 90.0, 4.0),
        {**row("a handler alone", 100, 999.0, 0.5), "asked": floor.PAGE_KIND},
        {**row("a handler alone", 1000, 999.0, 2.0), "asked": floor.PAGE_KIND},
    ]

    compared = compare_with_framework(figures)

    assert [(entry["datasets"], entry["times"]) for entry in compared] == [
        (100, 6.0),
        (1000, 2.0),
    ]


def test_growth_and_the_peer_are_compared_within_one_run(tmp_path: Path) -> None:
    peer = read_peer(peer_file(tmp_path), KINDS)
    figures = [
        row("as shipped", 100, 900.0, 1.0), row("Other 1.0", 1000, 40.0, 30.0), row("as shipped", 1000, 480.0, 1.5),
    ]  # fmt: skip

    grown = growth(figures)
    comparison = compare(figures, peer)

    assert grown == [
        {
            "asked": "search page",
            "portal": "as shipped",
            "from": 100,
            "to": 1000,
            "cpu": 1.5,
        }
    ]
    assert comparison == [
        {"asked": "search page", "portal": "as shipped", "requests": 12.0, "cpu": 20.0}
    ]
    assert [
        growth_row["from"]
        for growth_row in growth([{**figures[0], "territories": 50}, *figures[1:]])
    ] == []
    report = {
        "figures": figures,
        "growth": grown,
        "framework": [],
        "beside": comparison,
        "peer_memory_bytes": {"web": 3 * 2**20},
    }
    output = print_report(report)
    assert "from 100 to 1000 datasets, processor time × 1.5." in output
    assert "12.0 times the requests a second" in output
    assert "480.0 (471.0–485.0)" in output
    assert "…" not in print_report(report, width=80)
    assert "Memory of the other portal: web 3 MiB." in output


def print_report(figures: dict[str, Any], width: int = 200) -> str:
    """The whole report as a person reads it."""
    machine = {
        "processor": "x",
        "cores": 2,
        "memory_bytes": 24 * 10**9,
        "load_before": 0.1,
        "load_after": 2.0,
    }
    step = {
        "datasets": 1000,
        "territories": 1,
        "memory_bytes": {"web": 1},
        "database_bytes": 1,
        "index_bytes": 1,
        "fill_seconds": 1.0,
        "index_seconds": 1.0,
    }
    row = {"records": 16, "per_second": 300.0, "cpu_ms": {"web": 3.0}}
    pushed = {"pushed": {"one by one": row}, "seen_p50_ms": 90, "seen_max_ms": 200}
    buffer = io.StringIO()
    whole = {
        **figures,
        "steps": [step],
        "push": pushed,
        "memory_bytes": {"at rest": {"web": 1}},
        "machine": machine,
        "versions": {},
    }
    show(whole, Console(file=buffer, width=width))
    return buffer.getvalue()


def test_a_handler_alone_answers_as_much_as_a_page_of_results() -> None:
    with TestClient(floor.create()) as client:
        assert len(client.get("/").content) == floor.LENGTH
        assert client.get("/health").status_code == 200
        page = client.get("/page", headers={"Accept-Encoding": "gzip"})
        assert page.headers["Content-Encoding"] == "gzip"
        assert page.text.count("<li><h2>") == floor.RESULTS


class Hosts(BaseHTTPRequestHandler):
    """Answers, and notes which host was asked for what."""

    requests: ClassVar[set[tuple[str, str]]] = set()
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.requests.add((self.headers["Host"], self.path))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is said of each."""


@pytest.mark.thorough
@pytest.mark.programs
@pytest.mark.skipif(
    which("wrk") is None, reason="the load generator wrk is not on this machine"
)
def test_each_address_is_asked_of_its_own_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "WARMING", 1)
    addresses = [
        (f"bench-{number:02}.localhost:8000", f"/data?q=eau+{number}")
        for number in range(4)
    ]
    with ThreadingHTTPServer(("127.0.0.1", 0), Hosts) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        try:
            figures = requests.load(
                base, addresses, {"this": os.getpid()}, clients=2, seconds=1
            )
        finally:
            server.shutdown()

    assert figures.refused == 0
    assert Hosts.requests == set(addresses)


@pytest.mark.programs
def test_processes_named_after_others_are_counted_apart() -> None:
    code = "import time; print('ready', flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", code, "one-of-ours"], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        whole = requests.memory(os.getpid())
        named = requests.memory_named(os.getpid(), ("one-of-ours",))
        none = requests.memory_named(os.getpid(), ("nobody",))
        child.kill()

    assert 0 < named < whole
    assert none == 0
