"""The advice reaches the person who publishes, at the step where they can act on it; what they answered before comes back."""

import re

from tests.node.producer import ANSWERS as ANSWERED
from tests.node.producer import Producer
from udi.protocol.addresses import ANSWERS
from udi.protocol.quality import CRITERIA

TREES = "id,essence,commune,plantation\n1,chêne,Kerlévan,2019-03-01\n2,hêtre,Kerlévan,2020-04-02\n3,if,Brest,2021-05-03\n"


async def test_the_review_says_the_score_and_what_would_raise_it_most_useful_first(
    producer: Producer,
) -> None:
    dataset = await producer.draft(TREES.encode(), "arbres.csv")
    await producer.describe(dataset, first_day="", last_day="", keywords="arbre")

    page = await producer.page(f"/datasets/{dataset}/review")
    advice = page.partition('id="advice"')[2].partition("</section>")[0]

    assert re.search(r"\d{3} points sur 405", advice)
    points = [int(figure) for figure in re.findall(r"(\d+) points? de plus", advice)]
    assert points
    assert points == sorted(points, reverse=True)
    assert f'href="/datasets/{dataset}/describe#first_day"' in advice
    assert f'href="/datasets/{dataset}/describe#keywords"' in advice
    assert "code INSEE" in advice


async def test_each_piece_of_advice_leads_to_a_question_that_is_there(
    producer: Producer,
) -> None:
    dataset = await producer.draft(TREES.encode(), "arbres.csv")
    await producer.describe(
        dataset,
        first_day="",
        last_day="",
        keywords="arbre",
        frequency="",
        summary="Les arbres.",
    )

    page = await producer.page(f"/datasets/{dataset}/review")
    form = await producer.page(f"/datasets/{dataset}/describe")

    fields = set(re.findall(rf"/datasets/{dataset}/describe#(\w+)", page))
    assert fields >= {"first_day", "keywords", "frequency", "summary"}
    assert [field for field in fields if f'id="{field}"' not in form] == []


async def test_what_the_portal_leads_to_is_there(producer: Producer) -> None:
    dataset = await producer.publish(await producer.draft(TREES.encode(), "arbres.csv"))

    pages = {
        path: await producer.page(f"/datasets/{dataset}/{path.partition('#')[0]}")
        for path in ANSWERS.values()
    }

    assert set(ANSWERS) <= set(CRITERIA)
    assert {
        path
        for path, page in pages.items()
        if f'id="{path.partition("#")[2] or "content"}"' not in page
    } == set()


async def test_the_period_of_the_whole_file_is_proposed(producer: Producer) -> None:
    dataset = await producer.draft(TREES.encode(), "arbres.csv")

    form = await producer.page(f"/datasets/{dataset}/describe")

    assert 'value="2019-03-01"' in form
    assert 'value="2021-05-03"' in form


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
