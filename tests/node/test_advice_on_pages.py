"""The advice reaches the person who publishes, at the step where they can act on it; what they answered before comes back."""

import re
from datetime import UTC

import pytest

from tests.node.counterpart import PortalDouble
from tests.node.producer import ANSWERS as ANSWERED
from tests.node.producer import Producer
from tests.node.test_outbox import Push, answer, push
from udi.kit import clock
from udi.protocol.addresses import ANSWERS
from udi.protocol.quality import assess_quality
from udi.protocol.quality_wording import LEVEL_NAMES
from udi.protocol.record import read_record

__all__ = ["answer", "push"]
TREES = "id,essence,commune,plantation\n1,chêne,Kerlévan,2019-03-01\n2,hêtre,Kerlévan,2020-04-02\n3,if,Brest,2021-05-03\n"


async def test_the_review_shows_five_bars_and_the_next_act_of_each(
    producer: Producer,
) -> None:
    dataset = await producer.draft(TREES.encode(), "arbres.csv")
    await producer.describe(
        dataset, first_day="", last_day="", frequency="", summary="Les arbres."
    )

    page = await producer.page(f"/datasets/{dataset}/review")
    advice = page.partition('id="advice"')[2].partition("</section>")[0]

    assert re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", advice) == [
        ("Trouver", "moyen"),
        ("Accéder", "bon"),
        ("Comprendre", "faible"),
        ("Réutiliser", "bon"),
        ("À jour", "faible"),
    ]
    assert re.findall(rf"/datasets/{dataset}/describe#(\w+)", advice) == [
        "area",
        "summary",
        "frequency",
    ]
    assert "Décrivez les données avec vos mots" in advice
    assert "code INSEE" in advice


async def test_the_portal_counts_the_same_quality(
    producer: Producer, portal: PortalDouble, push: Push
) -> None:
    summary = "Arbres : essence, plantation, commune."
    dataset = await producer.draft(TREES.encode(), "arbres.csv")
    await producer.publish(dataset, summary=summary)
    page = await producer.page(f"/datasets/{dataset}/review")
    await push(dataset)

    [(_, _, record, _)] = portal.pushed
    quality = assess_quality(read_record(record), clock.today(UTC))

    words = [LEVEL_NAMES[result.level]["fr"] for result in quality.bars]
    advice = page.partition('id="advice"')[2].partition("</section>")[0]
    assert words == re.findall(r"</dt><dd>([^<]+)</dd>", advice)
    assert record["update_frequency"] == "ANNUAL"
    assert record["available_formats"][0]["file_columns"] == [
        {"name": name} for name in ("id", "essence", "commune", "plantation")
    ]


@pytest.mark.thorough
async def test_each_act_leads_to_what_is_there(producer: Producer) -> None:
    dataset = await producer.publish(await producer.draft(TREES.encode(), "arbres.csv"))

    pages = {
        path: await producer.page(f"/datasets/{dataset}/{path.partition('#')[0]}")
        for path in ANSWERS.values()
    }

    assert {
        path
        for path, page in pages.items()
        if f'id="{path.partition("#")[2] or "content"}"' not in page
    } == set()


@pytest.mark.thorough
async def test_the_period_of_the_whole_file_is_proposed(producer: Producer) -> None:
    dataset = await producer.draft(TREES.encode(), "arbres.csv")

    form = await producer.page(f"/datasets/{dataset}/describe")

    assert 'value="2019-03-01"' in form
    assert 'value="2021-05-03"' in form


@pytest.mark.thorough
async def test_only_what_cannot_be_guessed_is_asked_of_the_second_file(
    producer: Producer,
) -> None:
    first = await producer.draft(TREES.encode(), "arbres_2024.csv")
    await producer.describe(
        first,
        theme="environment",
        keywords="arbre, parc",
        frequency="monthly",
        licence="odbl-1.0",
    )

    second = await producer.draft(
        TREES.encode() + b"4,orme,Brest,2022-01-01\n", "arbres_2025.csv"
    )
    other = await producer.draft(b"salle;places\nOrme;12\nChene;40\n", "salles.csv")
    like, unlike = [
        await producer.page(f"/datasets/{dataset}/describe")
        for dataset in (second, other)
    ]

    assert '<option value="environment" selected>' in like
    assert '<option value="monthly" selected>' in like
    assert 'value="arbre, parc"' in like
    for page in (like, unlike):
        assert f'value="{ANSWERED["contact"]}"' in page
        assert 'value="odbl-1.0" checked' in page
    assert '<option value="monthly" selected>' not in unlike
