"""Readings of sources as entries of a feed: how each ended, what it found, and the first things to mend."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from udi.kit.tenancy import Territory
from udi.portal.catalogue.atom import (
    MEDIA_TYPE,
    NAMESPACE,
    OLDEST,
    add_text,
    format_instant,
)
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.models import CatalogueSource, RunOutcome, SourceRun
from udi.portal.nodes.sources.queries import SourceFaultSummary
from udi.portal.nodes.sources.schemas import PATH, Translate
from udi.portal.organisations.models import Organisation
from udi.ui.locale import localise

Entry = tuple[CatalogueSource, SourceRun, Sequence[SourceFaultSummary]]


def write_readings(
    entries: Sequence[Entry],
    producer: Organisation,
    territory: Territory,
    *,
    language: str,
    say: Translate,
    page: str,
    address: str,
) -> bytes:
    """The feed; its identifier is that of its page, since its own address is a secret that may be renewed."""
    origin = territory.origin
    feed = Element("feed", {"xmlns": NAMESPACE, "xml:lang": language})
    add_text(feed, "id", f"{origin}{page}#{producer.slug}")
    add_text(
        feed,
        "title",
        f"{say('Readings of catalogues')} – {producer.name} – {localise(territory.name, language)}",
    )
    ended = (run.ended_at for _, run, _ in entries if run.ended_at)
    add_text(feed, "updated", format_instant(max(ended, default=OLDEST)))
    add_text(SubElement(feed, "author"), "name", localise(territory.name, language))
    add_text(feed, "generator", "Urban Data Interface")
    SubElement(feed, "link", rel="self", type=MEDIA_TYPE, href=f"{origin}{address}")
    SubElement(feed, "link", rel="alternate", type="text/html", href=f"{origin}{page}")
    for source, run, lessons in entries:
        _add_entry(feed, source, run, lessons, origin, say)
    document: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def _add_entry(
    feed: Element,
    source: CatalogueSource,
    run: SourceRun,
    lessons: Sequence[SourceFaultSummary],
    origin: str,
    say: Translate,
) -> None:
    entry = SubElement(feed, "entry")
    page = f"{origin}/sources/{source.id}"
    add_text(entry, "id", run.id.urn)
    add_text(
        entry,
        "title",
        say("%(host)s: %(outcome)s")
        % {"host": host_of(source.address), "outcome": outcome_label(run, say)},
    )
    add_text(entry, "updated", format_instant(run.ended_at or run.started_at))
    SubElement(entry, "link", rel="alternate", type="text/html", href=page)
    api = f"{origin}{PATH}/{source.id}/readings/{run.id}"
    SubElement(entry, "link", rel="related", type="application/json", href=api)
    SubElement(entry, "category", term=run.outcome)
    add_text(
        entry,
        "summary",
        " ".join([_counts(run, say), *(_lesson(lesson, say) for lesson in lessons)]),
    )


def outcome_label(run: SourceRun, say: Translate) -> str:
    """How a reading ended, in words."""
    return {
        RunOutcome.COMPLETE: say("read completely"),
        RunOutcome.UNCHANGED: say("nothing new"),
        RunOutcome.PARTIAL: say("read partially"),
        RunOutcome.VANISHED: say("many datasets were missing, nothing was withdrawn"),
        RunOutcome.FAILED: say("could not be read"),
    }[RunOutcome(run.outcome)]


def _counts(run: SourceRun, say: Translate) -> str:
    counts = ("found", "created", "updated", "refused", "withdrawn", "missing")
    template = say(
        "%(found)s found, %(created)s new, %(updated)s changed, %(refused)s refused, %(withdrawn)s withdrawn, %(missing)s not there."
    )
    return template % {name: getattr(run, name) for name in counts}


def _lesson(lesson: SourceFaultSummary, say: Translate) -> str:
    message, remedy = lesson.fault.translate(say)
    field = f"{lesson.fault.field} – " if lesson.fault.field else ""
    return f"{field}{message} {remedy} ({lesson.count})"
