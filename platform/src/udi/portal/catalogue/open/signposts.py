"""Signposting (signposting.org, level 1): what the page of a dataset tells a machine in its `Link` header."""

from collections.abc import Iterator

from udi.portal.catalogue.models import AGREEMENT, Dataset
from udi.portal.catalogue.open.representations import DATASET
from udi.protocol.access import AccessRights
from udi.protocol.licences import LICENCES
from udi.protocol.triples import find_iri

ROOM = 2500
"""Characters for all links together: a reverse proxy takes 4 kB of headers, unless it is told otherwise."""
TYPES = ("https://schema.org/AboutPage", "https://schema.org/Dataset")
DOI = "https://doi.org/"


def write_signposts(dataset: Dataset, origin: str) -> str:
    """The links of a dataset: how to cite it, what describes it, what it is, its licence, and as many of its files as there is room for."""
    address = f"{origin}/data/{dataset.id}"
    links = [_link(permanent_name(dataset, origin), "cite-as")]
    links += [
        _link(form.address(address), "describedby", form.media_type, form.profile)
        for form in DATASET
    ]
    links += [_link(kind, "type") for kind in TYPES]
    if licence := licence_of(dataset):
        links.append(_link(licence, "license"))
    if dataset.access == AccessRights.PUBLIC:
        bytes_left = ROOM - sum(len(link) + 2 for link in links)
        links += _item_links(dataset, bytes_left)
    return ", ".join(links)


def _item_links(dataset: Dataset, bytes_left: int) -> Iterator[str]:
    for media in dataset.distributions:
        file_url = _encode(media.url)
        if not file_url:
            continue
        link = _link(file_url, "item", media.media_type.partition(";")[0])
        bytes_left -= len(link) + 2
        if bytes_left < 0:
            return
        yield link


def permanent_name(dataset: Dataset, origin: str) -> str:
    """What to cite: the DOI where there is one, else the permanent address."""
    doi = dataset.doi.removeprefix("doi:").removeprefix(DOI)
    doi_address = _encode(f"{DOI}{doi}") if doi else ""
    return doi_address or f"{origin}/data/{dataset.id}"


def licence_of(dataset: Dataset) -> str:
    """The address of the licence, empty when the producer gave none, and for restricted data that have an agreement's terms."""
    if dataset.licence == AGREEMENT:
        return ""
    licence = LICENCES.get(dataset.licence)
    if licence:
        return licence.url
    custom = (
        dataset.record.get("access_condition", {})
        .get("licence", {})
        .get("custom_licence_uri")
    )
    return _encode(custom or "")


def _encode(address: str) -> str:
    """An address that somebody wrote as an IRI, empty where it can be none."""
    return find_iri(address)[1:-1]


def _link(url: str, relation: str, media_type: str = "", profile: str = "") -> str:
    if media_type and '"' not in media_type:
        kind = f'; type="{media_type}"'
    else:
        kind = ""
    more = f'; profile="{profile}"' if profile else ""
    return f'<{url}>; rel="{relation}"{kind}{more}'
