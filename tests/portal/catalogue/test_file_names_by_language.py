"""Names of files in several languages: whoever reads sees theirs; DCAT and programs have them all."""

from typing import Any

from litestar import Litestar

from tests.portal.catalogue.corpus import Catalogue, described
from tests.visitors import browse

NAMES = [
    {"lang": "fr", "text": "Liste des arbres"},
    {"lang": "en", "text": "List of trees"},
]


def with_names(**changes: Any) -> dict[str, Any]:
    description = described(0)
    [file, *others] = description["available_formats"]
    named = file | {"media_name": "arbres.csv", "media_names": NAMES}
    return description | {"available_formats": [named, *others]} | changes


async def test_each_reader_sees_the_name_of_a_file_in_their_language(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(0, **with_names())
    address = f"/data/{record.id}"

    async with browse(portal_app, armor.territory) as visitor:
        for language, entry, other in (("fr", *NAMES), ("en", *reversed(NAMES))):
            page = await visitor.get(f"{address}?lang={language}")
            assert page.status_code == 200
            assert f"<h3>{entry['text']}<" in page.text
            assert f"<h3>{other['text']}<" not in page.text


async def test_programs_read_every_name_of_a_file(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(0, **with_names())
    names = {entry["lang"]: entry["text"] for entry in NAMES}

    async with browse(portal_app, armor.territory) as program:
        detail = (await program.get(f"/api/v1/datasets/{record.id}")).json()
        triples = (await program.get(f"/data/{record.id}.nt")).text
        package = await program.get(
            "/api/3/action/package_show", params={"id": str(record.id), "lang": "en"}
        )
        data_package = await program.get(f"/data/{record.id}/datapackage.json")
        croissant = await program.get(f"/data/{record.id}/croissant.json")

    assert detail["distributions"][0]["names"] == names
    assert detail["distributions"][0]["name"] == "arbres.csv"
    assert detail["record"]["available_formats"][0]["media_names"] == NAMES
    assert '"List of trees"@en' in triples
    assert '"Liste des arbres"@fr' in triples
    [resource, *_] = package.json()["result"]["resources"]
    assert resource["name"] == "List of trees"
    assert data_package.json()["resources"][0]["title"] == "Liste des arbres"
    assert croissant.json()["distribution"][0]["name"] == "Liste des arbres"
    assert resource["name_translated"] == names
