"""Two hundred bad inputs and more: each refused in words, none an accident, nothing stored."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.node import RESOURCES, Pusher, add_organisation, make_record
from udi.portal.nodes.models import Report

MEBIBYTE = 1024 * 1024
LONG = "é" * (MEBIBYTE // 2)
NUL = "before\x00after"
TEXTS = (
    "resource_title", "theme", "storage_status", "synopsis.0.text", "summary.0.text", "synopsis.0.lang", "keywords.0",
    "producer.organization_name", "contacts.0.contact_name", "contacts.0.email", "available_formats.0.media_name",
    "available_formats.0.connector.url", "available_formats.0.file_type", "available_formats.0.checksum.hash",
    "metadata_info.api_version", "dataset_dates.updated", "global_id",
)  # fmt: skip
INVALID_VALUES = {
    "resource_title": [12, None, "", "   ", [], {}],
    "global_id": ["", "not-a-uuid", 12, None, {}],
    "synopsis": ["text", [], {}, [{}], [{"lang": "xx", "text": "y"}], None],
    "theme": ["", "astrology", 3, None, ["environment"]],
    "keywords": ["arbres", [], [1], [None], {}],
    "contacts": [[], {}, [{}], "data@north.example"],
    "contacts.0.email": ["nobody", "a@", "@b", 3, "a b@example.org"],
    "available_formats": [[], {}, [{}], [None], "csv"],
    "available_formats.0.media_type": ["file", "PAPER", 1, None],
    "available_formats.0.file_size": [-1, "1200", 1.5, 10**30, None, True],
    "available_formats.0.file_type": ["csv", "", "text/", 7],
    "available_formats.0.connector": [{}, "https://node.example", None, {"url": "javascript:alert(1)"}],
    "available_formats.0.connector.url": ["file:///etc/passwd", "node.example/x", "", "https://user:word@node.example/"],
    "available_formats.0.checksum": [{}, {"algo": "CRC32", "hash": "0"}, {"algo": "MD5"}, "0" * 64],
    "dataset_dates": [{}, {"created": "2026-11-25T08:00:00Z"}, {"created": "yesterday", "updated": "today"}, []],
    "dataset_dates.updated": ["2026-13-45T00:00:00Z", "25/11/2026", 20261125, ""],
    "storage_status": ["ONLINE", "lost", 1],
    "access_condition": [{}, [], None],
    "access_condition.licence": [{}, {"licence_type": "STANDARD", "licence_label": "wtfpl"}, {"licence_type": "CUSTOM"}],
    "access_condition.confidentiality": [{}, {"restricted_access": "yes"}, None],
    "metadata_info": [{}, [], {"api_version": "9.9.9"}, {"api_version": "1.1.0"}, {"api_version": 1.4}, {"api_version": 10**30}],
    "producer": [{}, {"organization_id": "north", "organization_name": "North"}, "North"],
}  # fmt: skip
EXTRA = {
    "geography": {
        "bounding_box": {
            "west_longitude": 400,
            "east_longitude": 0,
            "north_latitude": 1,
            "south_latitude": 2,
        }
    },
    "temporal_spread": {
        "start_date": "2026-01-02T00:00:00Z",
        "end_date": "2026-01-01T00:00:00Z",
    },
    "doi": "not a doi",
    "resource_languages": ["klingon"],
    "dataset_size": {"numbers_of_records": -5},
}


def changed(
    record: dict[str, Any], path: str, value: object, *, remove: bool = False
) -> bytes:
    """The record with one value changed or taken away."""
    document = copy.deepcopy(record)
    *parents, name = [int(part) if part.isdigit() else part for part in path.split(".")]
    target: Any = document
    for parent in parents:
        target = target[parent]
    if remove:
        del target[name]
    else:
        target[name] = value
    return json.dumps(document).encode()


def required(record: dict[str, Any]) -> list[str]:
    """Every field that cannot be left out of the smallest record, whatever its depth."""
    optional = {"media_name", "interface_contract", "gdpr_sensitive"}
    fields = []

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict):
            items = value.items()
        else:
            items = enumerate(value) if isinstance(value, list) else ()
        for name, inner in items:
            if isinstance(name, str) and name not in optional:
                fields.append(f"{path}{name}")
            walk(inner, f"{path}{name}.")

    walk(record, "")
    return fields


def bad_bodies(record: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Names and bodies made from a good record."""
    whole = json.dumps(record).encode()
    for path in required(record):
        yield f"without {path}", changed(record, path, None, remove=True)
    for path, values in INVALID_VALUES.items():
        for value in values:
            yield f"{path} = {str(value)[:30]!r}", changed(record, path, value)
    for name, value in EXTRA.items():
        yield f"{name} out of range", changed(record, name, value)
    for path in TEXTS:
        yield f"1 MB in {path}", changed(record, path, LONG)
        yield f"NUL in {path}", changed(record, path, NUL)
        yield f"lone surrogate in {path}", changed(record, path, "\ud800")
    yield "NUL in the name of a field", json.dumps({**record, "a\x00b": 1}).encode()
    yield "NaN", whole.replace(b"1200", b"NaN")
    yield "infinity", whole.replace(b"1200", b"1e999")
    yield "a number of 5,000 digits", whole.replace(b"1200", b"9" * 5000)
    yield "a version of 5,000 digits", whole.replace(b'"1.4.1"', b"9" * 5000)
    yield "cut in the middle", whole[: len(whole) // 2]
    yield "twice", whole + whole
    yield (
        "in Latin-1",
        json.dumps(record, ensure_ascii=False)
        .encode("latin-1")
        .replace(b"align", b"\xe9lign"),
    )
    yield "in UTF-16", json.dumps(record).encode("utf-16")
    yield "a list", b"[" + whole + b"]"
    yield "text", json.dumps("record").encode()
    yield "null", b"null"
    yield "nothing", b""
    yield (
        "nested 500 times",
        json.dumps({**record, "more": "@"})
        .encode()
        .replace(b'"@"', b"[" * 500 + b"]" * 500),
    )
    yield "nested 100,000 times", b"[" * 100_000
    yield (
        "larger than 2 MiB",
        json.dumps({**record, "more": "x" * (2 * MEBIBYTE)}).encode(),
    )


def check_refusal(answer: httpx.Response, name: str) -> None:
    """A 4xx problem that names field, reason and remedy for each fault."""
    assert 400 <= answer.status_code < 500, (
        f"{name}: {answer.status_code} {answer.text[:300]}"
    )
    assert answer.headers["content-type"].startswith("application/problem+json"), name
    problem = answer.json()
    assert problem["status"] == answer.status_code, name
    assert problem["title"], name
    assert problem["errors"], name
    for error in problem["errors"]:
        assert error["field"], f"{name}: {error}"
        assert error["reason"], f"{name}: {error}"
        assert error["remedy"], f"{name}: {error}"
        assert "%(" not in error["reason"] + error["remedy"], f"{name}: {error}"
    assert len(answer.content) < 100_000, name


async def test_every_bad_body_is_refused_in_words_and_nothing_is_stored(
    north: Pusher,
) -> None:
    bodies = list(bad_bodies(make_record(north.organisation)))

    for name, body in bodies:
        check_refusal(await north.post(body), name)

    assert len(bodies) >= 200
    assert await north.count_datasets() == 0
    assert await north.reports(Report.accepted) == []


async def test_every_bad_file_is_refused_in_words_and_nothing_is_stored(
    north: Pusher, shared_data: Path
) -> None:
    files = sorted(
        path for path in (shared_data / "data/bad").iterdir() if path.is_file()
    )

    for path in files:
        check_refusal(await north.post(path.read_bytes()), path.name)

    assert len(files) >= 200
    assert await north.count_datasets() == 0


async def test_the_same_bodies_do_not_change_a_dataset(north: Pusher) -> None:
    record = make_record(north.organisation)
    await north.post(record)

    for name, body in list(bad_bodies(record))[::5]:
        check_refusal(await north.put(body), name)

    assert await north.count_datasets() == 1
    assert len(await north.reports(Report.accepted)) == 1


async def test_a_report_of_a_refused_record_holds_no_word_of_it(north: Pusher) -> None:
    canary = "zanzibarine"
    record = make_record(north.organisation, resource_title=canary * 20, theme="x")
    record["contacts"][0]["contact_name"] = canary

    await north.post({**record, "dataset_dates": canary * 30})

    [report] = await north.reports()
    assert canary not in str(report.faults) + report.resource_title + report.version


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content_Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content_Type": ""}, 415),
    ],
)
async def test_a_body_that_is_not_announced_as_json_is_refused(
    north: Pusher, headers: dict[str, str], status: int
) -> None:
    answer = await north.send("POST", body=make_record(north.organisation), **headers)

    assert answer.status_code == status
    check_refusal(answer, str(headers))
    assert await north.count_datasets() == 0


async def test_json_with_a_charset_or_a_suffix_is_read(north: Pusher) -> None:
    for kind in ("application/json; charset=utf-8", "application/ld+json"):
        answer = await north.send(
            "POST", body=make_record(north.organisation), Content_Type=kind
        )
        assert answer.status_code == 200, answer.text


async def test_a_body_longer_than_announced_limits_is_refused_while_it_arrives(
    north: Pusher,
) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b" " * (100 * 1024)

    answer = await north.client.post(
        RESOURCES, content=endless(), headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 413
    check_refusal(answer, "endless")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_an_address_that_is_no_id_is_refused(north: Pusher, method: str) -> None:
    for name in ("not-a-uuid", "1", "..%2f", "%00"):
        check_refusal(
            await north.send(
                method, f"{RESOURCES}/{name}", make_record(north.organisation)
            ),
            name,
        )


async def test_a_foreign_producer_is_refused(north: Pusher, south: Pusher) -> None:
    answer = await north.post(make_record(south.organisation))

    assert answer.status_code == 403
    check_refusal(answer, "foreign producer")
    assert [error["code"] for error in answer.json()["errors"]] == ["ERR-112"]
    assert await north.count_datasets() == 0


async def test_an_unknown_producer_is_refused(north: Pusher) -> None:
    answer = await north.post(make_record(north.node.id))

    assert answer.status_code == 422
    check_refusal(answer, "unknown producer")
    assert [error["code"] for error in answer.json()["errors"]] == ["ERR-113"]


async def test_another_nodes_dataset_cannot_be_taken_changed_or_withdrawn(
    north: Pusher, south: Pusher
) -> None:
    theirs = make_record(south.organisation)
    await south.post(theirs)
    mine = {
        **theirs,
        "producer": {
            "organization_id": str(north.organisation),
            "organization_name": "North",
        },
    }

    answers = {
        "taken": await north.post(mine),
        "changed": await north.put(mine),
        "withdrawn": await north.delete(theirs["global_id"]),
    }

    for name, answer in answers.items():
        check_refusal(answer, name)
    codes = {
        name: [error["code"] for error in answer.json()["errors"]]
        for name, answer in answers.items()
    }
    assert codes == {
        "taken": ["ERR-304"],
        "changed": ["ERR-111"],
        "withdrawn": ["ERR-111"],
    }
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "taken": 409, "changed": 403, "withdrawn": 403,
    }  # fmt: skip
    assert (await south.put(theirs)).status_code == 200


async def test_a_word_of_another_territory_is_no_producer_here(
    north: Pusher, other: Any
) -> None:
    elsewhere = north.node.id
    await add_organisation(north.site, other, elsewhere, "elsewhere")

    answer = await north.post(make_record(elsewhere))

    assert [error["code"] for error in answer.json()["errors"]] == ["ERR-113"]
