"""The European score of a dataset that the catalogue shows, and the edits that would raise it.

Counted from the record, as the node counts it; a criterion of files holds when one of them holds it. Addresses are
not called here: those that are given count as answering.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from udi.protocol.access import AccessRights
from udi.protocol.formats import FORMATS
from udi.protocol.quality import CRITERIA, FULL, Score, format_criteria, score
from udi.protocol.record import Record
from udi.protocol.vocabulary import MediaKind

OUT_OF = 5
ALWAYS = frozenset({"publisher", "modified", "access_rights", "access_rights_from_vocabulary", "dcat_ap"})
"""The portal accepts no record without these, and writes valid DCAT-AP of each."""
TOGETHER = (
    ("keyword",), ("theme",), ("spatial",), ("temporal",), ("contact_point",), ("licence", "licence_from_vocabulary"),
    ("download_url", "download_url_answers"), ("access_url_answers",),
    ("format", "format_from_vocabulary", "media_type", "non_proprietary", "machine_readable"),
    ("byte_size",), ("issued",), ("rights",),
)  # fmt: skip
"""Criteria that one edit gives together; pages have words for each by its first name."""
CLOSED = frozenset({"download_url", "licence", "byte_size"})
"""Edits, by their first criterion, that are not for restricted data: nobody downloads them, no open licence holds for
them, and their size is not published."""


@dataclass(frozen=True)
class Edit:
    """One thing to do, by a name that the page has words for, and the points that it adds."""

    name: str
    points: int


@dataclass(frozen=True)
class Judgement:
    """What a description is worth, and what would raise it, the most useful first."""

    score: Score
    edits: tuple[Edit, ...]

    @property
    def tiles(self) -> int:
        """The score out of `OUT_OF`, rounded down so that the highest is said only of the full score."""
        return self.score.points * OUT_OF // FULL


def judge(record: Record) -> Judgement:
    """Judge a record; what a restricted dataset cannot have is not asked of it."""
    held = score({*ALWAYS, *_of_description(record), *_of_files(record)})
    return Judgement(held, tuple(sorted(_edits(record, held), key=lambda edit: -edit.points)))


def _edits(record: Record, held: Score) -> Iterator[Edit]:
    for names in TOGETHER:
        points = sum(CRITERIA[name].points for name in names if name not in held.held)
        closed = names[0] in CLOSED and record.access is AccessRights.RESTRICTED
        if points and not closed:
            yield Edit(names[0], points)


def _of_description(record: Record) -> set[str]:
    said, licence = record.constraints, record.licence.known
    held = {
        "keyword": bool(record.keywords),
        "theme": bool(record.theme),
        "spatial": record.geography is not None,
        "temporal": record.period is not None,
        "licence": bool(licence or record.licence.link) and not record.licence.is_agreement,
        "licence_from_vocabulary": bool(licence and licence.authority),
        "contact_point": any(contact.email for contact in record.contacts),
        "rights": any((said.usage, said.reference, said.mention, said.access, said.other)),
        "issued": record.dates.published is not None,
    }
    return {name for name, holds in held.items() if holds}


def _of_files(record: Record) -> set[str]:
    is_open = record.access is AccessRights.PUBLIC
    files = [media for media in record.media if media.kind is MediaKind.FILE]
    held = {
        "access_url_answers": bool(record.media),
        "download_url": bool(files) and is_open,
        "download_url_answers": bool(files) and is_open,
        "byte_size": any(media.size is not None for media in record.media),
    }
    of_formats = set[str]()
    for media in record.media:
        known = FORMATS.get(media.format)
        of_formats |= format_criteria(known.authority if known else "", media.media_type)
    return {name for name, holds in held.items() if holds} | of_formats
