"""Names that people and attackers give to files."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.node.producer import Producer
from udi.kit.file_names import clean_name, content_disposition


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("associations 2026.csv", "associations 2026.csv"),
        ("Données été.csv", "Données été.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\bilan.csv", "bilan.csv"),
        ("a\x00b\r\nX-Header: 1.csv", "abX-Header 1.csv"),
        ("\u202egnp.csv", "gnp.csv"),
        ('"><script>.csv', "script.csv"),
        (".htaccess", "htaccess"),
        ("..", "data"),
        ("", "data"),
        ("/", "data"),
        ("\ud800.csv", "csv"),
        ("x" * 300 + ".csv", "x" * 116 + ".csv"),
    ],
)
def test_a_name_is_kept_without_what_harms(given_name: str, expected: str) -> None:
    assert clean_name(given_name) == expected


@given(st.text(max_size=400))
def test_any_name_becomes_one_that_a_header_and_a_folder_take(name: str) -> None:
    safe_name = clean_name(name)

    assert 0 < len(safe_name) <= 120
    assert not set(safe_name) & set('/\\\x00\r\n"')
    assert not safe_name.startswith(".")
    content_disposition(safe_name).encode("ascii")


async def test_a_hostile_name_reaches_the_reader_harmless(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(name='..\\"é\u202e;x.csv'))

    answer = await passer_by.get(f"/datasets/{dataset}/file")

    assert answer.status_code == 200
    assert (
        answer.headers["content-disposition"]
        == "attachment; filename=\"ex.csv\"; filename*=UTF-8''%C3%A9x.csv"
    )
