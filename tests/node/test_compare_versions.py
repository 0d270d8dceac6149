"""What a new version changes is told before it is published, and to everybody after: numbers, never a cell."""

import httpx
import pytest

from tests.node.producer import Producer

ROWS = [f"{number};place {number};{number * 3}" for number in range(1, 31)]
FIRST = "id;nom;places\n" + "\n".join(ROWS) + "\n"
CHANGED = [*ROWS[1:4], "5;place renouvelée;99", *ROWS[5:], "40;place neuve;7"]
SECOND = "id;nom;places;quartier\n" + "\n".join(f"{row};Nord" for row in CHANGED) + "\n"


async def two_versions(producer: Producer) -> str:
    dataset = await producer.draft(FIRST.encode(), "places.csv")
    await producer.publish(dataset)
    await producer.send(
        SECOND.encode(), "places.csv", path=f"/datasets/{dataset}/versions"
    )
    return dataset


async def test_a_new_version_is_compared_before_it_is_published(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await two_versions(producer)
    difference_path = f"/datasets/{dataset}/versions/2/difference"

    reviewed = await producer.page(f"/datasets/{dataset}/review")
    difference_page = await producer.page(difference_path)
    closed = await passer_by.get(difference_path)
    await producer.client.post(f"/datasets/{dataset}/publish")
    opened = await passer_by.get(difference_path)
    await producer.client.post(
        f"/datasets/{dataset}/withdraw", data={"reason": "Erreur"}
    )

    for page in (reviewed, difference_page, opened.text):
        assert "1 ligne ajoutée" in page
        assert "1 ligne retirée" in page
        assert "1 ligne modifiée" in page
        assert "quartier" in page
    assert "place renouvelée" in difference_page
    assert "place renouvelée" not in opened.text
    assert f'href="{difference_path}"' in await producer.page(f"/datasets/{dataset}")
    assert closed.status_code == 404
    assert opened.status_code == 200
    assert (await passer_by.get(difference_path)).status_code == 404


async def test_the_first_version_has_nothing_before_it(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish()

    page = await producer.page(f"/datasets/{dataset}/versions/1/difference")

    assert "n’a pas été comparée" in page
    assert (
        await passer_by.get(f"/datasets/{dataset}/versions/1/difference")
    ).status_code == 200
    assert (
        await producer.client.get(f"/datasets/{dataset}/versions/7/difference")
    ).status_code == 404


@pytest.mark.thorough
async def test_a_comparison_that_is_too_heavy_keeps_nothing_back(
    producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("udi.node.datasets.actions.compare.SECONDS", 0.001)

    dataset = await two_versions(producer)

    assert "n’a pas été comparée" in await producer.page(
        f"/datasets/{dataset}/versions/2/difference"
    )
    assert "Ce tableau" not in await producer.page(f"/datasets/{dataset}/check")
