"""Licences: the table, the wordings that mean one, and how a record of RUDI's carries them."""

from collections import defaultdict

import pytest
from msgspec import structs

from tests.protocol.examples import a_record, put
from udi.protocol import licence_wordings
from udi.protocol.licence_families import FAMILIES, OPEN
from udi.protocol.licences import (
    LICENCES,
    LISTED,
    RUDI_CODES,
    RUDI_LICENCES,
    find_licence,
    find_mentioned_licence,
    list_aliases,
)
from udi.protocol.record import read_record, write_record
from udi.protocol.structures import LicenceTerms
from udi.protocol.validation import validate

EU = "http://publications.europa.eu/resource/authority/licence"
WORDINGS = {
    "etalab-2.0": ["fr-lo-2.0", "lov2", "Licence Ouverte v2.0", "Licence Ouverte / Open Licence version 2.0", "https://spdx.org/licenses/etalab-2.0.html", f"{EU}/ETALAB_2_0"],
    "etalab-1.0": ["fr-lo", "Licence Ouverte 1.0", "http://www.data.gouv.fr/Licence-Ouverte-Open-Licence"],
    "etalab": ["Licence Ouverte", "Licence ouverte / Open Licence", "Licence Etalab"],
    "odbl-1.0": ["odc-odbl", "ODbL", "ODbL-1.0", "Open Data Commons Open Database License (ODbL)", "http://opendatacommons.org/licenses/odbl/1.0/", "https://www.opendatacommons.org/licenses/odbl/1-0", f"{EU}/ODC_BL"],
    "odc-by-1.0": ["odc-by", "ODC-By-1.0", "Open Data Commons Attribution License", "http://www.opendefinition.org/licenses/odc-by"],
    "pddl-1.0": ["odc-pddl", "PDDL-1.0", "ODC PDDL", "https://opendatacommons.org/licenses/pddl/"],
    "public-domain-cc0": ["cc-zero", "CC0-1.0", "CC0 1.0 Universal", "http://creativecommons.org/publicdomain/zero/1.0/legalcode.fr", "https://creativecommons.org/publicdomain/zero/1.0/deed.pt-br", "https://w3id.org/italia/controlled-vocabulary/licences/A11:CCO10"],
    "public-domain-mark-1.0": ["http://creativecommons.org/publicdomain/mark/1.0/deed.nl", "Public Domain Mark 1.0"],
    "cc-by": ["cc-by", "CC BY", "CC-BY", "Creative Commons Attribution", "http://www.opendefinition.org/licenses/cc-by"],
    "cc-by-sa": ["cc-by-sa", "Creative Commons Attribution Share-Alike"],
    "cc-by-nc": ["cc-nc", "Creative Commons Non-Commercial (Any)", "CC BY-NC"],
    "cc-by-1.0": ["CC-BY-1.0", "http://creativecommons.org/licenses/by/1.0"],
    "cc-by-2.5": ["CC BY 2.5", "https://creativecommons.org/licenses/by/2.5/deed.es_ES"],
    "cc-by-3.0": ["cc-by-3.0", "Creative Commons Attribution 3.0 Unported"],
    "cc-by-4.0": [
        "CC-BY-4.0", "cc by 4", "CCBY40", "CC BY v4.0", "Creative Commons Attribution 4.0 International",
        "Creative Commons Attribution 4.0 International (CC BY 4.0)", "Creative Commons Namensnennung 4.0", "Creative Commons Paternité 4.0",
        "Creative Commons Reconocimiento 4.0", "Creative Commons Attribuzione 4.0 Internazionale (CC BY 4.0)",
        "https://creativecommons.org/licenses/by/4.0/legalcode", "http://creativecommons.org/licenses/by/4.0/deed.fr",
        "http://dcat-ap.de/def/licenses/cc-by/4.0", "https://w3id.org/italia/controlled-vocabulary/licences/A21_CCBY40",
        f"{EU}/CC_BY_4_0", "CC_BY_4_0",
    ],
    "cc-by-sa-4.0": ["CC BY-SA 4.0", "Creative Commons Attribution - Partage dans les Mêmes Conditions 4.0", "Creative Commons Namensnennung - Weitergabe unter gleichen Bedingungen 4.0"],
    "cc-by-nd-4.0": ["CC-BY-ND-4.0", "Creative Commons Attribution-NoDerivatives 4.0", "https://creativecommons.org/licenses/by-nd/4.0/deed.en"],
    "cc-by-nc-3.0": ["CC BY NC 3.0", "Creative Commons Attribution, pas d'utilisation commerciale 3.0"],
    "cc-by-nc-sa-4.0": ["CC BY-NC-SA 4.0", "Creative Commons Atribución-NoComercial-CompartirIgual 4.0 Internacional"],
    "cc-by-nc-nd-3.0": ["Creative Commons Attribution-NonCommercial-NoDerivs 3.0 Unported", f"{EU}/CC_BYNCND_3_0"],
    "cc-by-nc-nd-1.0": ["https://creativecommons.org/licenses/by-nd-nc/1.0/", "https://creativecommons.org/licenses/by-nc-nd/1.0/"],
    "cc-by-3.0-it": ["CC BY 3.0 IT", "https://creativecommons.org/licenses/by/3.0/it/", "Creative Commons Attribuzione 3.0 Italia"],
    "cc-by-3.0-au": ["Creative Commons Attribution 3.0 Australia"],
    "cc-by-3.0-at": ["https://creativecommons.org/licenses/by/3.0/at/deed.de", f"{EU}/CC_BY_3_0_AT"],
    "cc-by-sa-2.0-fr": ["CC BY-SA 2.0 FR", "http://creativecommons.org/licenses/by-sa/2.0/fr"],
    "dl-de-by-2.0": ["dl-de-by-2.0", "DL-DE-BY-2.0", "dl-de/by-2-0", "Datenlizenz Deutschland – Namensnennung – Version 2.0", "http://dcat-ap.de/def/licenses/dl-by-de/2.0", "https://www.govdata.de/dl-de/by-2-0"],
    "dl-de-zero-2.0": ["DL-DE-ZERO-2.0", "Datenlizenz Deutschland – Zero – Version 2.0", "http://dcat-ap.de/def/licenses/dl-zero-de/2.0"],
    "iodl-1.0": ["iodl1", "IODL v1.0"],
    "iodl-2.0": ["iodl2", "Italian Open Data License v2.0", "IODL 2.0", "http://www.dati.gov.it/iodl/2.0/"],
    "ogl-uk-1.0": ["OGL-UK-1.0"],
    "ogl-uk-2.0": ["Open Government Licence v2.0", f"{EU}/OGL_2_0"],
    "ogl-uk-3.0": ["uk-ogl", "UK Open Government Licence (OGL)", "Open Government Licence v3.0", "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"],
    "nlod-1.0": ["https://data.norge.no/nlod/no/1.0"],
    "nlod-2.0": ["NLOD 2.0", "https://data.norge.no/nlod/en/2.0", "Norsk lisens for offentlige data (NLOD) 2.0"],
    "mit": ["MIT", "MIT Licence", "https://opensource.org/licenses/MIT", "https://choosealicense.com/licenses/mit/"],
    "apache-2.0": ["Apache-2.0", "Apache License, Version 2.0", "https://www.apache.org/licenses/LICENSE-2.0.txt"],
    "gpl-3.0": ["GPL-3.0-only", "GNU GPL v3", "https://opensource.org/licenses/GPL-3.0"],
    "eupl-1.2": ["EUPL-1.2", "EUPL v1.2"],
    "gfdl": ["gfdl", "GNU Free Documentation License"],
}  # fmt: skip
SENTENCES = {
    "etalab-2.0": ["Usage libre, Licence Ouverte (version 2.0 d'avril 2017).", "Soumis à la licence Etalab : https://www.etalab.gouv.fr/licence-ouverte-open-licence/"],
    "etalab": ["Licence Ouverte / Open License (compatible ODC-BY, CC-BY 2.0)"],
    "cc-by-4.0": ["These data are under CC BY 4.0; name the town.", "Voir https://creativecommons.org/licenses/by/4.0/deed.fr."],
    "odbl-1.0": ["Données sous licence ouverte ODbL de la ville."],
    "dl-de-by-2.0": ["Nutzung nach Datenlizenz Deutschland – Namensnennung – Version 2.0, Stadt Musterdorf"],
    "cc-by": ["CC BY, sa source est la ville", "Licence CC BY de la ville"],
    "cc-by-sa-4.0": ["Data under CC BY – Share Alike 4.0 of the town"],
    "cc-by-nc": [
        "CC BY - NC", "CC BY – NC (usage non commercial)", "CC BY/NC", "CC BY  NC de la ville", "CC BY NonCommercial",
        "Données CC BY_NC de la ville", "Données CC BY — pas d’utilisation commerciale",
    ],
    "cc-by-nc-nd-4.0": ["Données CC-BY - NC - ND 4.0 de la ville"],
}  # fmt: skip
NO_MENTION = (
    "CC BY, NC",
    "CC BY, usage commercial interdit",
    "CC BY 4.0 sauf usage commercial",
    "CC BY 4.0 NC",
    "Licence ouverte, réutilisation commerciale interdite",
    "Ces données ne sont pas sous licence ODbL.",
    "These data are not under CC BY 4.0.",
    "Under CC BY 4.0 except the pictures.",
    "https://creativecommons.org/licenses/by/4.0/ – uso comercial prohibido",
    "Data under CC BY 4.0, pictures under CC BY-NC 4.0.",
    "Sie dürfen die Daten mit Quellenangabe nutzen.",
    "Free to use in the public domain of the town.",
    "For teaching only.",
)


@pytest.mark.parametrize(
    ("wording", "code"),
    [(wording, code) for code, wordings in WORDINGS.items() for wording in wordings],
)
def test_a_wording_means_its_licence(wording: str, code: str) -> None:
    licence = find_licence(wording)

    assert licence
    assert licence.code == code


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        (sentence, code)
        for code, sentences in SENTENCES.items()
        for sentence in sentences
    ],
)
def test_a_sentence_names_its_licence(sentence: str, code: str) -> None:
    licence = find_mentioned_licence(sentence)

    assert licence
    assert licence.code == code


@pytest.mark.parametrize("sentence", NO_MENTION)
def test_a_sentence_that_names_no_licence_or_several_means_none(sentence: str) -> None:
    assert find_mentioned_licence(sentence) is None


def test_each_alias_leads_to_one_licence_only() -> None:
    codes_by_key: dict[tuple[bool, str], set[str]] = defaultdict(set)
    for code, wording in list_aliases():
        is_address = licence_wordings.is_address(wording)
        fold = (
            licence_wordings.address_key if is_address else licence_wordings.words_key
        )
        codes_by_key[is_address, fold(wording)].add(code)
        licence = find_licence(wording)
        assert licence
        assert licence.code == code, wording

    assert [key for key, codes in codes_by_key.items() if len(codes) > 1] == []


@pytest.mark.parametrize("name", ["authority", "spdx", "ckan", "url"])
def test_each_code_and_address_is_of_one_licence_only(name: str) -> None:
    values = [getattr(licence, name) for licence in LICENCES.values()]
    given = [value for value in values if value]

    assert len(given) == len(set(given))


def test_the_table_has_its_families_and_the_eight_of_rudi() -> None:
    families = {licence.family for licence in LICENCES.values()}

    assert families - {""} == set(FAMILIES)
    assert set(FAMILIES) > OPEN
    assert tuple(RUDI_LICENCES) == RUDI_CODES
    assert {"cc-by-4.0", "odbl-1.0", "mit", "pddl-1.0"} <= {
        code for code, licence in LICENCES.items() if licence.is_open
    }
    assert not any(
        licence.is_open
        for code, licence in LICENCES.items()
        if "-nc" in code or "-nd" in code
    )


@pytest.mark.parametrize("code", [*LISTED, "cc-by-3.0-it", "cc-by-nc-sa-2.1-es"])
def test_a_licence_is_written_and_known_again(code: str) -> None:
    record = structs.replace(read_record(a_record()), licence=LicenceTerms(code=code))

    document = write_record(record)

    assert validate(document) == []
    assert read_record(document).licence == LicenceTerms(code=code)
    kind = document["access_condition"]["licence"]["licence_type"]
    assert (kind == "STANDARD") is (code in RUDI_CODES)


def test_a_licence_in_the_words_of_a_producer_keeps_them_and_is_known() -> None:
    terms = {
        "licence_type": "CUSTOM",
        "custom_licence_label": [{"lang": "fr", "text": "La licence de la ville"}],
        "custom_licence_uri": "https://creativecommons.org/licenses/by/4.0/deed.fr",
    }

    record = read_record(put(a_record(), "access_condition.licence", terms))

    assert record.licence.name == {"fr": "La licence de la ville"}
    assert record.licence.standard_licence is LICENCES["cc-by-4.0"]
    assert write_record(record)["access_condition"]["licence"] == terms
