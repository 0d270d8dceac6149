"""Data Package (Frictionless): one `datapackage.json` describes a dataset by its files."""

import re
from urllib.parse import urlsplit

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.distributions import (
    RawDistribution,
    add_contact,
    add_distribution,
)
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.json_fields import (
    Item,
    keep_unknown_fields,
    list_objects,
    localised_texts,
    put_keywords,
    put_texts,
    read_items,
    text_value,
    text_values,
)
from udi.portal.nodes.harvest.outcomes import make_page
from udi.portal.nodes.harvest.record import Agent, HarvestedPage
from udi.portal.nodes.harvest.untrusted_documents import read_json

KNOWN_FIELDS = {
    "id",
    "name",
    "title",
    "description",
    "keywords",
    "version",
    "created",
    "homepage",
    "licenses",
    "license",
    "contributors",
    "sources",
    "resources",
    "profile",
    "$schema",
    "image",
}
PUBLISHERS = ("publisher", "author", "maintainer", "wrangler", "contributor")


def read(page: bytes, *, base_url: str, language: str = "en") -> HarvestedPage:
    """The one dataset of the document.

    Raises:
        RefusedDocumentError: it is not JSON.
    """
    value, faults = read_json(page)
    outcomes = list(read_items([value], _package, base_url=base_url, language=language))
    return make_page(outcomes, format="data-package", faults=tuple(faults))


def _package(item: Item, draft: Draft) -> None:
    draft.identifier = text_value(item, "id", "name") or draft.base_url
    draft.add_once(draft.aliases, text_value(item, "name"))
    for title, tag in localised_texts(item, "title") or [
        (text_value(item, "name"), "")
    ]:
        draft.add_text(draft.title, "title", title, tag)
    put_texts(draft, item, ("description", draft.description))
    put_keywords(draft, item, "keywords")
    for entry in list_objects(item.get("licenses")):
        draft.licence = draft.licence or draft.parse_licence(
            "licenses",
            text_value(entry, "path"),
            text_value(entry, "name"),
            text_value(entry, "title"),
        )
    if not draft.licence and text_value(item, "license"):
        draft.licence = draft.parse_licence("license", text_value(item, "license"))
    draft.issued = draft.parse_date("created", text_value(item, "created"))
    draft.version = draft.clean_text("version", text_value(item, "version"))
    draft.landing_page = draft.parse_url("homepage", text_value(item, "homepage"))
    for entry in list_objects(item.get("sources")):
        draft.add_text(
            draft.provenance,
            "sources",
            ", ".join(
                filter(None, (text_value(entry, "title"), text_value(entry, "path")))
            ),
        )
    if re.match(r"https?://", text_value(item, "profile", "$schema")):
        draft.add_once(draft.conforms_to, text_value(item, "profile", "$schema"))
    _people(item, draft)
    for place, entry in enumerate(list_objects(item.get("resources"))):
        _resource(entry, draft, f"resources[{place}]")
    keep_unknown_fields(draft, item, KNOWN_FIELDS)


def _people(item: Item, draft: Draft) -> None:
    contributors = list_objects(item.get("contributors"))
    for role in PUBLISHERS:
        for contributor in contributors:
            if (
                role
                in {
                    *text_values(contributor.get("roles")),
                    text_value(contributor, "role") or "contributor",
                }
                and not draft.publisher
            ):
                name = text_value(contributor, "organization", "title")
                if name:
                    draft.publisher = Agent(
                        name={draft.language: draft.clean_text("contributors", name)},
                        url=text_value(contributor, "path"),
                    )
                else:
                    draft.publisher = None
    for contributor in contributors:
        role = ", ".join(text_values(contributor.get("roles"))) or text_value(
            contributor, "role"
        )
        add_contact(
            draft,
            "contributors",
            name=text_value(contributor, "title"),
            email=text_value(contributor, "email"),
            url=text_value(contributor, "path"),
            role=role,
        )


def _resource(item: Item, draft: Draft, where: str) -> None:
    """A resource of several files is as many; a path that leaves the package's folder is none."""
    for path in text_values(item.get("path")) or text_values(item.get("url")):
        if not _is_safe(path):
            draft.add_fault(kinds.URL_NOT_WEB, f"{where}.path", value=path)
            draft.keep_extra(f"{where}.path", path)
            continue
        algorithm, _, digest = text_value(item, "hash").rpartition(":")
        raw = RawDistribution(
            identifier=text_value(item, "name"),
            titles=localised_texts(item, "title") or [(text_value(item, "name"), "")],
            descriptions=localised_texts(item, "description"),
            download=path,
            formats=[text_value(item, "format")],
            media_types=[text_value(item, "mediatype")],
            size=item.get("bytes"),
            checksum=(algorithm, digest),
            licences=[
                text
                for licence in list_objects(item.get("licenses"))[:1]
                for text in (text_value(licence, "path"), text_value(licence, "name"))
                if text
            ],
            conforms_to=[
                schema for schema in (item.get("schema"),) if isinstance(schema, str)
            ],
            extra={
                name: item[name]
                for name in ("schema", "dialect", "encoding")
                if isinstance(item.get(name), (dict, str))
            },
            relative=True,
        )
        add_distribution(draft, where, raw)
    if "data" in item and not item.get("path"):
        draft.keep_extra(f"{where}.data", "…")
        draft.add_fault(kinds.URL_MISSING, where)


def _is_safe(path: str) -> bool:
    """The standard allows web addresses and paths below the descriptor, nothing else."""
    parts = urlsplit(path)
    if parts.scheme:
        return parts.scheme in {"http", "https"}
    return not path.startswith(("/", "\\", "~")) and ".." not in re.split(
        r"[/\\]", path
    )
