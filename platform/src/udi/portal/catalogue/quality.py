"""The European score of a dataset that the catalogue shows, and the edits that would raise it.

Counted from the record, as the node counts it; a criterion of files holds when one of them holds it. Addresses are
not called here: those that are given count as answering.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from udi.protocol.access import AccessRights
from udi.protocol.description_meaning import says_something
from udi.protocol.formats import FORMATS
from udi.protocol.quality import CRITERIA, FULL, Score, format_criteria, score_criteria
from udi.protocol.record import Record
from udi.protocol.vocabulary import MediaKind

OUT_OF = 5
ALWAYS = frozenset(
    {
        "publisher",
        "modified",
        "access_rights",
        "access_rights_from_vocabulary",
        "dcat_ap",
    }
)
"""The portal accepts no record without these, and writes valid DCAT-AP of each."""
TOGETHER = (
    ("keyword",),
    ("theme",),
    ("spatial",),
    ("temporal",),
    ("contact_point",),
    ("licence", "licence_from_vocabulary"),
    ("download_url", "download_url_answers"),
    ("access_url_answers",),
    (
        "format",
        "format_from_vocabulary",
        "media_type",
        "non_proprietary",
        "machine_readable",
    ),
    ("byte_size",),
    ("issued",),
    ("rights",),
)
"""Criteria that one edit gives together; pages have words for each by its first name."""
CLOSED = frozenset({"download_url", "licence", "byte_size"})
"""Edits, by their first criterion, that are not for restricted data: nobody downloads them, no open licence holds for
them, and their size is not published."""


@dataclass(frozen=True)
class QualityImprovement:
    """One thing to do, by a name that the page has words for, and the points that it adds."""

    name: str
    points: int


@dataclass(frozen=True)
class QualityAssessment:
    """What a description is worth, and what would raise it, the most useful first."""

    score: Score
    edits: tuple[QualityImprovement, ...]

    @property
    def tiles(self) -> int:
        """The score out of `OUT_OF`, rounded down so that the highest is said only of the full score."""
        return self.score.points * OUT_OF // FULL


def assess_quality(record: Record) -> QualityAssessment:
    """Judge a record; what a restricted dataset cannot have is not asked of it."""
    quality_score = score_criteria(
        {*ALWAYS, *_description_criteria(record), *_file_criteria(record)},
        is_described=_is_described(record),
    )
    return QualityAssessment(
        quality_score,
        tuple(
            sorted(_list_edits(record, quality_score), key=lambda edit: -edit.points)
        ),
    )


def _is_described(record: Record) -> bool:
    """Whether the text says something in one of its languages."""
    return any(
        says_something(summary, record.titles.get(language, record.title))
        for texts in (record.summary, record.synopsis)
        for language, summary in texts.items()
    )


def _list_edits(record: Record, quality_score: Score) -> Iterator[QualityImprovement]:
    for names in TOGETHER:
        points = sum(
            CRITERIA[name].points
            for name in names
            if name not in quality_score.criteria
        )
        closed = names[0] in CLOSED and record.access is AccessRights.RESTRICTED
        if points and not closed:
            yield QualityImprovement(names[0], points)


def _description_criteria(record: Record) -> set[str]:
    constraints = record.constraints
    licence = record.licence.standard_licence
    checks = {
        "keyword": bool(record.keywords),
        "theme": bool(record.theme),
        "spatial": record.geography is not None,
        "temporal": record.period is not None,
        "licence": bool(licence or record.licence.link)
        and not record.licence.is_agreement,
        "licence_from_vocabulary": bool(licence and licence.authority),
        "contact_point": any(contact.email for contact in record.contacts),
        "rights": any(
            (
                constraints.usage,
                constraints.reference,
                constraints.mention,
                constraints.access,
                constraints.other,
            )
        ),
        "issued": record.dates.published is not None,
    }
    return {name for name, holds in checks.items() if holds}


def _file_criteria(record: Record) -> set[str]:
    is_open = record.access is AccessRights.PUBLIC
    files = [media for media in record.media if media.kind is MediaKind.FILE]
    checks = {
        "access_url_answers": bool(record.media),
        "download_url": bool(files) and is_open,
        "download_url_answers": bool(files) and is_open,
        "byte_size": any(media.size is not None for media in record.media),
    }
    of_formats = set[str]()
    for media in record.media:
        file_format = FORMATS.get(media.format)
        of_formats |= format_criteria(
            file_format.authority if file_format else "", media.media_type
        )
    return {name for name, holds in checks.items() if holds} | of_formats
