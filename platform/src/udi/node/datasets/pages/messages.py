"""Words for a page: translated refusals, and choices of a form."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from litestar import Request
from litestar.datastructures import State

from udi.kit.errors import Refusal, UdiError
from udi.node.datasets.descriptions.description import AREAS, FREQUENCIES
from udi.node.datasets.models import PartRole
from udi.node.datasets.records.rudi import form_field
from udi.protocol.explanations import explain_code
from udi.protocol.languages import LANGUAGES
from udi.protocol.themes import THEMES
from udi.ui.locale import localise
from udi.ui.site import site_of

PageRequest = Request[Any, Any, State]
FREQUENCY_NAMES = {
    "never": "Never: it is an archive",
    "continuous": "All the time",
    "daily": "Every day",
    "weekly": "Every week",
    "monthly": "Every month",
    "quarterly": "Every three months",
    "yearly": "Every year",
    "irregular": "Irregularly",
}
AREA_NAMES = {
    "file": "The area that the file shows",
    "territory": "The whole territory",
    "none": "Not stated",
}
EVENT_NAMES = {
    "dataset.created": "File dropped",
    "dataset.started": "Dataset of links started",
    "dataset.described": "Description changed",
    "version.added": "New version dropped",
    "version.discarded": "Pending version discarded",
    "version.cleared": "Published despite a warning",
    "version.stopped": "Automatic publication blocked",
    "rows.corrected": "Rows corrected on the page",
    "version.treated": "Personal data removed from the file",
    "schema.declared": "Model declared",
    "schema.given_up": "Model given up",
    "version.corrected": "Reading of the file corrected",
    "dataset.published": "Published",
    "dataset.restricted": "Restricted (previously open to everyone)",
    "dataset.opened": "Open to everyone (previously restricted)",
    "dataset.accepted": "Accepted by the portal",
    "dataset.refused": "Refused by the portal",
    "dataset.withdrawn": "Withdrawn",
    "dataset.off_portal": "Removed from the portal",
    "dataset.withdrawn_by_team": "Withdrawn by the territory’s team",
    "dataset.shown_elsewhere": "Accepted by another portal",
    "dataset.refused_elsewhere": "Refused by another portal",
    "dataset.off_elsewhere": "Removed from another portal",
    "dataset.withdrawn_elsewhere": "Withdrawn by the team of another portal",
    "dataset.discarded": "Draft discarded",
    "delivery.retried": "Sent again",
    "source.set": "Automatic update from a link started",
    "source.stopped": "Automatic update from a link stopped",
    "source.paused": "Automatic update paused: somebody must look at the link",
    "source.paused_by_person": "Automatic update from a link paused",
    "source.key_confirmed": "Key of the server confirmed",
    "version.removed": "Version removed",
    "versions.retention_changed": "Number of versions to keep changed",
    "view.saved": "Opening view of the data chosen",
    "view.removed": "Opening view of the data removed",
    "column.role_changed": "Role of a column corrected",
    "column.units_changed": "Units of columns corrected",
    "dataset.erasing": "Erasure requested",
    "dataset.erased": "Erased",
    "part.added": "File or link added",
    "part.version_added": "New version of another file dropped",
    "part.treated": "Personal data removed from another file",
    "part.version_discarded": "New version of another file discarded",
    "part.rows_corrected": "Rows of another file corrected on the page",
    "part.described": "Title or place of a file or link changed",
    "file.dated": "Period of the main file changed",
    "part.ready": "File or link ready to be published with the dataset",
    "part.published": "File or link published",
    "part.stopped": "Automatic publication of a file blocked",
    "part.version_removed": "Version of another file removed",
    "part.removed": "File or link removed",
    "right.given": "Shared",
    "right.taken": "No longer shared",
}
PART_ROLE_NAMES: dict[str, str] = {
    PartRole.DATA: "Data",
    PartRole.DOCUMENTATION: "Documentation",
    PartRole.ARCHIVE: "Archive",
    PartRole.LINK: "Link",
    PartRole.SERVICE: "Service (API)",
}
ROLE_NAMES = {
    "reader": "Read the dataset, drafts included",
    "editor": "Change the dataset, without publishing",
}


def locale_of(request: PageRequest) -> str:
    """The reader's language."""
    return str(request.scope["state"]["locale"])


def translator(request: PageRequest) -> Callable[[str], str]:
    """Translates a message into the reader's language."""
    pages = site_of(request).pages
    locale = locale_of(request)
    return lambda message: pages.gettext(locale, message)


def field_errors(request: PageRequest, refusals: Iterable[Refusal]) -> dict[str, str]:
    """What is wrong, by field, in the reader's language; the first thing said of a field."""
    say = translator(request)
    errors = dict[str, str]()
    for refusal in refusals:
        words = " ".join(filter(None, (say(refusal.reason), say(refusal.remedy))))
        errors.setdefault(
            refusal.field, words % refusal.values if refusal.values else words
        )
    return errors


def refusal_errors(request: PageRequest, error: UdiError, field: str) -> dict[str, str]:
    """The same for a refusal as a whole, shown at one field."""
    say = translator(request)
    words = " ".join(filter(None, (say(error.detail), say(error.remedy))))
    return field_errors(request, error.refusals) or {
        field: words % error.values if error.values else words
    }


def form_choices(request: PageRequest) -> dict[str, list[tuple[str, str]]]:
    """The options of the lists of a description, in the reader's language."""
    say = translator(request)
    locale = locale_of(request)
    return {
        "themes": sorted(
            ((code, localise(theme.label, locale)) for code, theme in THEMES.items()),
            key=lambda o: o[1],
        ),
        "languages": [
            (code, localise(language.label, locale))
            for code, language in LANGUAGES.items()
        ],
        "frequencies": [(code, say(FREQUENCY_NAMES[code])) for code in FREQUENCIES],
        "areas": [(code, say(AREA_NAMES[code])) for code in AREAS],
    }


def portal_faults(
    request: PageRequest, report: Mapping[str, Any] | None
) -> list[dict[str, str]]:
    """What the portal refused: the question it is about, what it means, what to do, the portal's own words."""
    say = translator(request)
    faults = []
    for error in (report or {}).get("integration_errors") or ():
        explanation = explain_code(error.get("error_code", ""))
        faults.append(
            {
                "field": form_field(error.get("field_name", "")),
                "meaning": say(explanation.meaning),
                "remedy": say(explanation.remedy),
                "words": error.get("error_message", ""),
                "code": error.get("error_code", ""),
                "path": error.get("field_name", ""),
            }
        )
    return faults
