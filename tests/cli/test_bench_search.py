"""What `udi bench search` reads and says, without its half hour: descriptions, the load generator's words, refusals."""

import uuid
from pathlib import Path

import pytest

from udi.cli.load import requests
from udi.cli.load.bulk import dataset_rows, distribution_rows
from udi.cli.load.corpus import Corpus, as_rudi, questions
from udi.cli.local.errors import LocalError
from udi.protocol.record import read_record
from udi.protocol.validation import validate

SAID = """
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


def test_descriptions_of_the_corpus_are_records_that_the_portal_takes(shared_data: Path) -> None:
    corpus, namespace = Corpus(shared_data / "peers/corpus.py"), uuid.uuid4()
    producers = {slug: uuid.uuid5(namespace, slug) for slug in corpus.producers}
    entries = list(corpus.entries(0, 300))

    documents = [as_rudi(entry, producers, namespace) for entry in entries]

    assert [fault for document in documents for fault in validate(document)] == []
    records = [read_record(document) for document in documents]
    rows, media = dataset_rows(records, namespace, uuid.uuid4()), distribution_rows(records, namespace)
    assert {row["organisation_id"] for row in rows} <= set(producers.values())
    assert len(media) == sum(len(entry["resources"]) for entry in entries)
    assert {row["access"] for row in rows} == {"public", "restricted"}
    assert questions(entries, 50) == questions(entries, 50)


@pytest.mark.parametrize(("content", "said"), [(None, "no corpus"), ("", "makes no descriptions")])
def test_what_is_no_corpus_is_named(tmp_path: Path, content: str | None, said: str) -> None:
    script = tmp_path / "corpus.py"
    if content is not None:
        script.write_text(content)

    with pytest.raises(LocalError, match=said):
        Corpus(script)


def test_waits_and_refusals_are_read_in_their_units() -> None:
    figures = requests._read(SAID.format(requests=1000), {"web": 1.5, "postgres": 0.5}, 0.0)

    assert (figures.per_second, figures.p50_ms, figures.p99_ms) == (500.0, 0.85, 1200.0)
    assert figures.cpu_ms == {"web": 1.5, "postgres": 0.5}
    assert figures.cpu_ms_total == 2.0
    assert figures.refused == 7


def test_without_the_load_generator_its_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(LocalError, match="wrk"):
        requests.require_wrk()
