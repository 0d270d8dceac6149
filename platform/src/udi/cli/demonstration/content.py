"""What a territory publishes for demonstration: `demonstration/content.toml` beside its `tenant.toml`, read and checked."""

from pathlib import Path

import msgspec
from msgspec import Struct, field

from udi.portal.tenants.files import DEMONSTRATION

FILE = "content.toml"


class DemonstrationError(Exception):
    """The content cannot be read or published; the message says what and where."""


class DatasetContent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file and its description; `account` publishes it in `space`."""

    account: str
    space: str
    file: str
    title: str
    summary: str
    theme: str
    keywords: str
    first_day: str
    last_day: str
    frequency: str
    access: str = "public"


class PolicyContent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may ask for a restricted dataset, which is named by its file."""

    account: str
    dataset: str
    why_fr: str
    requesters: list[str]
    purposes: list[str]
    prohibitions: list[str]
    months: int
    columns: list[str]
    answer_days: int


class ProjectContent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project that everybody sees, with one picture."""

    account: str
    title: str
    summary: str
    purpose: str
    picture: str
    alternative: str


class AccessContent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for restricted data, for a project that it begins."""

    account: str
    dataset: str
    title: str
    summary: str
    purpose: str
    words: str
    months: int
    columns: list[str]


class CallContent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call for projects that is open; days count from the day of publication."""

    account: str
    title: str
    summary: str
    words: str
    criteria: list[str]
    closes_in_days: int
    results_in_days: int


class DataRequestContent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for data that nobody publishes."""

    account: str
    title: str
    words: str
    theme: str


class ApplicationContent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to join, which waits for the team."""

    account: str
    name: str
    registry_number: str
    kind: str
    email: str
    url: str


class OutlineContent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Outlines that the territory's maps stand on, and what maps say of them."""

    file: str
    source: str
    licence: str


class Content(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it."""

    datasets: list[DatasetContent] = field(name="dataset", default_factory=list)
    outlines: list[OutlineContent] = field(default_factory=list)
    projects: list[ProjectContent] = field(name="project", default_factory=list)
    policy: PolicyContent | None = None
    access_request: AccessContent | None = None
    call: CallContent | None = None
    data_request: DataRequestContent | None = None
    application: ApplicationContent | None = None


def find_content(tenant: Path) -> Path | None:
    """The folder of the content of a territory's folder, None where it has none."""
    folder = tenant / DEMONSTRATION
    return folder if (folder / FILE).is_file() else None


def read_content(folder: Path) -> Content:
    """The content of a folder.

    Raises:
        DemonstrationError: the file is wrong, or names a file that is not there.
    """
    try:
        content = msgspec.toml.decode((folder / FILE).read_bytes(), type=Content)
    except (OSError, msgspec.MsgspecError) as error:
        raise DemonstrationError(f"{folder / FILE}: {error}") from error
    files = [dataset.file for dataset in content.datasets]
    files += [outlines.file for outlines in content.outlines]
    files += [project.picture for project in content.projects]
    for name in files:
        if not (folder / name).is_file():
            raise DemonstrationError(f"{folder / FILE}: {name} is not there.")
    return content
