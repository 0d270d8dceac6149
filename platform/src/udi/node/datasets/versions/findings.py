"""What was found in the file of a version, as its preparation keeps it, and what its producer said of it."""

from dataclasses import replace
from typing import Any

from udi.node.datasets.models import Dataset, PreparationState, Version
from udi.node.files.intake.clam import ScanState, UnscannedReason
from udi.tabular.difference.difference import Difference
from udi.tabular.editing.table_changes import LARGEST, MOST_ROWS
from udi.tabular.formats.file_kind import FODS, GZIP, ODS, XLS, XLSB, XLSX, ZIP
from udi.tabular.formats.line_settings import NO_LINES, LineSettings
from udi.tabular.messages.notes import SETTLED_END_LEFT, SETTLED_LINES_LEFT
from udi.tabular.personal.report import PersonalDataFinding
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.named_tables import NamedTable
from udi.tabular.profiles.profile import Profile
from udi.tabular.profiles.repairs import Repair
from udi.tabular.safety.document_properties import can_remove_names
from udi.tabular.safety.findings import Danger, SafetyFinding
from udi.tabular.safety.findings import SafetySeverity as Safety
from udi.tabular.schemas.declarations import DeclaredSchema, ProposedSchema
from udi.tabular.schemas.report import SchemaReport

DIFFERENCE = "difference"
WORKBOOKS = frozenset({XLSX.media_type, ODS.media_type, FODS.media_type})
"""Those whose rows are corrected in place."""
OLD_WORKBOOKS = frozenset({XLS.media_type, XLSB.media_type})
PACKED = frozenset({GZIP.media_type, ZIP.media_type})
NAMED_TABLES = "tables"
"""The tables of its file beside the main one."""
COMPARED_WITH = "with"
"""The number of the version that it is compared with, beside what `Difference.as_json` gives."""


def corrections_of(version: Version) -> Corrections:
    """What its producer said of how its file is read; a column `geometry` that has a number keeps it."""
    corrections = Corrections.from_json(
        version.preparation.corrections if version.preparation else None
    )
    return corrections.keep_geometry(Profile.from_json(version.profile).columns)


def line_settings_of(version: Version) -> LineSettings:
    """What its producer settled of its lines, without what its notes say does not hold for its file."""
    codes = {note.code for note in Profile.from_json(version.profile).notes}
    if SETTLED_LINES_LEFT in codes:
        return NO_LINES
    settings = corrections_of(version).lines
    if SETTLED_END_LEFT in codes:
        return replace(settings, below=None)
    return settings


def profile_of(dataset: Dataset) -> Profile:
    """What was understood of the newest file; of a dataset without one, nothing."""
    if dataset.newest is None:
        return Profile(media_type="", label="")
    return Profile.from_json(dataset.newest.profile)


def is_table(version: Version) -> bool:
    """Whether its file was read and is a table."""
    return (
        version.preparation is not None
        and version.preparation.state == PreparationState.READY
    )


def _list_findings(version: Version, kind: str) -> list[Any]:
    """What a kind of look found in its file; nothing before anybody looked."""
    preparation = version.preparation
    if preparation:
        return list(preparation.findings.get(kind, ()))
    return []


def personal_findings_of(version: Version) -> list[PersonalDataFinding]:
    """What its table says of people, the stops first, then what the rest of its file does."""
    return [
        PersonalDataFinding.from_json(finding)
        for finding in _list_findings(version, "personal")
    ]


def repairs_of(version: Version) -> list[Repair]:
    """What differs between its file and its mended copy, or the zeros put back; nothing where neither was asked for."""
    return [Repair.from_json(repair) for repair in _list_findings(version, "repairs")]


def named_tables_of(version: Version) -> list[NamedTable]:
    """The tables of its file beside the main one, in the order of the file; none of a file that could not be read again."""
    preparation = version.preparation
    if preparation and preparation.state != PreparationState.FAILED:
        return [
            NamedTable.from_json(table)
            for table in preparation.findings.get(NAMED_TABLES, ())
        ]
    return []


def tables_left_of(version: Version) -> list[str]:
    """The titles of the tables of its file that are not read: hidden sheets, and what is more than the bounds."""
    preparation = version.preparation
    if preparation:
        return list(preparation.findings.get("tables_left", ()))
    return []


def tables_dropped_of(version: Version) -> list[str]:
    """The titles of the tables of its file that its producer leaves out."""
    preparation = version.preparation
    if preparation:
        return list(preparation.findings.get("tables_dropped", ()))
    return []


def unsearched_parts_of(version: Version) -> list[str]:
    """The parts of its file in which nobody can look for people: pictures, PDF, what is encrypted or too large."""
    return _list_findings(version, "unsearched")


def dangers_of(version: Version) -> list[SafetyFinding]:
    """What its file hides or does, the most serious first."""
    return [
        SafetyFinding.from_json(finding)
        for finding in _list_findings(version, "safety")
    ]


def new_dangers_of(dataset: Dataset, version: Version) -> list[SafetyFinding]:
    """The same without the notes that the published version before had too: a note is told once."""
    before = dataset.find_published_before(version)
    if before:
        earlier_dangers = {finding.danger for finding in dangers_of(before)}
    else:
        earlier_dangers = set[Danger]()
    return [
        finding
        for finding in dangers_of(version)
        if finding.strength is not Safety.NOTE or finding.danger not in earlier_dangers
    ]


def has_removable_names(version: Version) -> bool:
    """Whether the properties of its file give names that the node can remove."""
    named = any(finding.danger is Danger.AUTHOR for finding in dangers_of(version))
    return (
        named
        and not is_harmful(version)
        and can_remove_names(version.file.name, version.file.size)
    )


def has_virus(version: Version) -> bool:
    """Whether a virus was found in its file."""
    preparation = version.preparation
    return bool(
        preparation
        and preparation.findings.get("virus", {}).get("state") == ScanState.INFECTED
    )


def is_harmful(version: Version) -> bool:
    """Whether something in its file could harm whoever opens it: nobody receives it."""
    return has_virus(version) or any(
        finding.strength is Safety.QUARANTINE for finding in dangers_of(version)
    )


def is_being_read(version: Version) -> bool:
    """Whether the look at its file is not over."""
    return (
        version.preparation is not None
        and version.preparation.state == PreparationState.WAITING
    )


def can_anonymise(version: Version) -> bool:
    """Whether what it says of people can be taken out of its table."""
    return is_table(version) and any(
        not finding.place for finding in personal_findings_of(version)
    )


def likely_schemas_of(version: Version) -> list[ProposedSchema]:
    """The schemas that a version's table seems to follow."""
    return [
        ProposedSchema.from_json(proposal)
        for proposal in _list_findings(version, "looks_like")
    ]


def declared_schema_of(version: Version) -> DeclaredSchema | None:
    """The schema that a version's table is said to follow."""
    return corrections_of(version).schema


def is_unread(version: Version) -> bool:
    """Whether the look at its file failed, or the search for viruses did not answer."""
    preparation = version.preparation
    if preparation is None:
        return False
    unanswered = preparation.findings.get("virus", {}).get("reason") in {
        UnscannedReason.AWAY,
        UnscannedReason.TOO_SLOW,
    }
    return preparation.state == PreparationState.FAILED or unanswered


def schema_report_of(version: Version) -> SchemaReport | None:
    """What the check against its schema found, None when it is said to follow none."""
    if version.preparation:
        stored_report = version.preparation.findings.get("schema")
    else:
        stored_report = None
    if not stored_report:
        return None
    return SchemaReport.from_json(
        {name: part for name, part in stored_report.items() if name != "address"}
    )


def schema_address_of(version: Version) -> str:
    """The address of the schema that the table follows in every cell; empty when there is none, or it does not."""
    if version.preparation:
        stored_report = version.preparation.findings.get("schema")
    else:
        stored_report = None
    report = schema_report_of(version)
    if stored_report and report and report.is_right:
        address = str(stored_report.get("address", ""))
    else:
        address = ""
    if address.startswith(("https://", "http://")):
        return address
    return ""


def count_type_errors(version: Version) -> int:
    """How many cells do not fit their column, beyond those listed."""
    preparation = version.preparation
    if preparation:
        return sum(
            int(entry["count"]) for entry in preparation.findings.get("counts", ())
        )
    return 0


def compared_version_number(version: Version) -> int:
    """The number of the version that it was compared with, 0 for none."""
    return (read_difference(version) or (0,))[0]


def read_difference(version: Version) -> tuple[int, Difference] | None:
    """The number of the version before and what changed since; None when they were not compared."""
    if version.preparation:
        stored_difference = dict(version.preparation.findings.get(DIFFERENCE) or {})
    else:
        stored_difference = {}
    if stored_difference:
        return (
            int(stored_difference.pop(COMPARED_WITH)),
            Difference.from_json(stored_difference),
        )
    return None


def can_correct_rows(dataset: Dataset, version: Version | None) -> bool:
    """Whether a link to the correction of the rows of its main file, or of a part, leads somewhere.

    `version` is the newest one of that file, which is not opened for that.
    """
    if version is None or dataset.withdrawn_at or is_being_read(version):
        return False
    return not find_row_obstacle(version)


def find_row_obstacle(version: Version) -> str:
    """Why the rows of its file are not corrected here, a key of `actions.rows.UNEDITABLE`; empty when nothing is in the way."""
    if is_harmful(version):
        return "harmful"
    if corrections_of(version).made_from is not None:
        return "treated"
    profile = Profile.from_json(version.profile)
    is_text = profile.reads == "text" and version.file.media_type not in PACKED
    is_workbook = version.file.media_type in WORKBOOKS
    if is_table(version) and version.file.media_type in OLD_WORKBOOKS:
        return "old_workbook"
    if not is_table(version) or not (is_text or is_workbook):
        return "format"
    if version.file.size > LARGEST or (profile.rows or 0) > MOST_ROWS:
        return "too_large"
    return ""
