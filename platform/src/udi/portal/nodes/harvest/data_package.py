"""Data Package (Frictionless): one `datapackage.json` describes a dataset by its files."""

import re
from urllib.parse import urlsplit

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.fields import Item, items, put_keywords, put_texts, read_items, rest, texts, word, words
from udi.portal.nodes.harvest.finish import make_page
from udi.portal.nodes.harvest.opening import read_json
from udi.portal.nodes.harvest.parts import Raw, add_contact, add_distribution
from udi.portal.nodes.harvest.record import Agent, Page

KNOWN = {
    "id", "name", "title", "description", "keywords", "version", "created", "homepage", "licenses", "license",
    "contributors", "sources", "resources", "profile", "$schema", "image",
}  # fmt: skip
PUBLISHERS = ("publisher", "author", "maintainer", "wrangler", "contributor")


def read(page: bytes, *, base_url: str, language: str = "en") -> Page:
    """The one dataset of the document.

    Raises:
        RefusedDocumentError: it is not JSON.
    """
    value, faults = read_json(page)
    outcomes = list(read_items([value], _package, base_url=base_url, language=language))
    return make_page(outcomes, format="data-package", faults=tuple(faults))


def _package(item: Item, draft: Draft) -> None:
    draft.identifier = word(item, "id", "name") or draft.base_url
    draft.add(draft.aliases, word(item, "name"))
    for said, tag in texts(item, "title") or [(word(item, "name"), "")]:
        draft.text(draft.title, "title", said, tag)
    put_texts(draft, item, ("description", draft.description))
    put_keywords(draft, item, "keywords")
    for each in items(item.get("licenses")):
        draft.licence = draft.licence or draft.licensed(
            "licenses", word(each, "path"), word(each, "name"), word(each, "title")
        )
    if not draft.licence and word(item, "license"):
        draft.licence = draft.licensed("license", word(item, "license"))
    draft.issued = draft.date("created", word(item, "created"))
    draft.version = draft.clean("version", word(item, "version"))
    draft.landing_page = draft.url("homepage", word(item, "homepage"))
    for each in items(item.get("sources")):
        draft.text(draft.provenance, "sources", ", ".join(filter(None, (word(each, "title"), word(each, "path")))))
    if re.match(r"https?://", word(item, "profile", "$schema")):
        draft.add(draft.conforms_to, word(item, "profile", "$schema"))
    _people(item, draft)
    for place, each in enumerate(items(item.get("resources"))):
        _resource(each, draft, f"resources[{place}]")
    rest(draft, item, KNOWN)


def _people(item: Item, draft: Draft) -> None:
    found = items(item.get("contributors"))
    for role in PUBLISHERS:
        for each in found:
            if role in {*words(each.get("roles")), word(each, "role") or "contributor"} and not draft.publisher:
                name = word(each, "organization", "title")
                draft.publisher = (
                    Agent(name={draft.language: draft.clean("contributors", name)}, url=word(each, "path"))
                    if name
                    else None
                )
    for each in found:
        role = ", ".join(words(each.get("roles"))) or word(each, "role")
        add_contact(
            draft,
            "contributors",
            name=word(each, "title"),
            email=word(each, "email"),
            url=word(each, "path"),
            role=role,
        )


def _resource(item: Item, draft: Draft, where: str) -> None:
    """A resource of several files is as many; a path that leaves the package's folder is none."""
    for path in words(item.get("path")) or words(item.get("url")):
        if not _is_safe(path):
            draft.say(kinds.URL_NOT_WEB, f"{where}.path", value=path)
            draft.keep(f"{where}.path", path)
            continue
        algorithm, _, digest = word(item, "hash").rpartition(":")
        raw = Raw(
            identifier=word(item, "name"),
            titles=texts(item, "title") or [(word(item, "name"), "")],
            descriptions=texts(item, "description"),
            download=path,
            formats=[word(item, "format")],
            media_types=[word(item, "mediatype")],
            size=item.get("bytes"),
            checksum=(algorithm, digest),
            licences=[
                text
                for each in items(item.get("licenses"))[:1]
                for text in (word(each, "path"), word(each, "name"))
                if text
            ],
            conforms_to=[schema for schema in (item.get("schema"),) if isinstance(schema, str)],
            extra={
                name: item[name]
                for name in ("schema", "dialect", "encoding")
                if isinstance(item.get(name), (dict, str))
            },
            relative=True,
        )
        add_distribution(draft, where, raw)
    if "data" in item and not item.get("path"):
        draft.keep(f"{where}.data", "…")
        draft.say(kinds.URL_MISSING, where)


def _is_safe(path: str) -> bool:
    """The standard allows web addresses and paths below the descriptor, nothing else."""
    parts = urlsplit(path)
    if parts.scheme:
        return parts.scheme in {"http", "https"}
    return not path.startswith(("/", "\\", "~")) and ".." not in re.split(r"[/\\]", path)
