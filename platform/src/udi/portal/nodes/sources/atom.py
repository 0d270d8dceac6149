"""Readings of sources as entries of a feed: how each ended, what it found, and the first things to mend."""

from collections.abc import Sequence

from udi.kit.tenancy import Territory
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.models import CatalogueSource, RunOutcome, SourceRun
from udi.portal.nodes.sources.queries import SourceFaultSummary
from udi.portal.nodes.sources.schemas import PATH, Translate
from udi.portal.organisations.models import Organisation
from udi.ui.atom import MEDIA_TYPE, Category, Entry, Feed, Link
from udi.ui.locale import localise

Reading = tuple[CatalogueSource, SourceRun, Sequence[SourceFaultSummary]]


def write_readings(
    readings: Sequence[Reading],
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
    author = localise(territory.name, language)
    return Feed(
        id=f"{origin}{page}#{producer.slug}",
        title=f"{say('Readings of catalogues')} – {producer.name} – {author}",
        author=author,
        language=language,
        links=[
            Link("self", f"{origin}{address}", MEDIA_TYPE),
            Link("alternate", f"{origin}{page}", "text/html"),
        ],
        entries=[_entry(*reading, origin, say) for reading in readings],
    ).write()


def _entry(
    source: CatalogueSource,
    run: SourceRun,
    lessons: Sequence[SourceFaultSummary],
    origin: str,
    say: Translate,
) -> Entry:
    page = f"{origin}/sources/{source.id}"
    api = f"{origin}{PATH}/{source.id}/readings/{run.id}"
    values = {"host": host_of(source.address), "outcome": outcome_label(run, say)}
    return Entry(
        id=run.id.urn,
        title=say("%(host)s: %(outcome)s") % values,
        updated=run.ended_at or run.started_at,
        links=[
            Link("alternate", page, "text/html"),
            Link("related", api, "application/json"),
        ],
        categories=[Category(run.outcome)],
        summary=" ".join(
            [_counts(run, say), *(_lesson(lesson, say) for lesson in lessons)]
        ),
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
    counts = ("total", "created", "updated", "refused", "withdrawn", "missing")
    template = say(
        "%(total)s found, %(created)s new, %(updated)s changed, %(refused)s refused, %(withdrawn)s withdrawn, %(missing)s not there."
    )
    return template % {name: getattr(run, name) for name in counts}


def _lesson(lesson: SourceFaultSummary, say: Translate) -> str:
    message, remedy = lesson.fault.translate(say)
    field = f"{lesson.fault.field} – " if lesson.fault.field else ""
    return f"{field}{message} {remedy} ({lesson.count})"
