"""The content that `udi up` publishes for demonstration: whole, of several kinds, and refused in words where it is wrong."""

from pathlib import Path

import pytest

from udi.cli.demonstration.content import (
    FILE,
    DemonstrationError,
    find_content,
    read_content,
)
from udi.cli.outline_files import OutlineFile, OutlineSelection, read_outlines

DEMO = Path(__file__).parents[2] / "tenants/demo"


def test_the_demonstration_has_content_of_each_kind() -> None:
    folder = find_content(DEMO)

    assert folder is not None
    content = read_content(folder)
    kinds = {Path(dataset.file).suffix for dataset in content.datasets}
    assert {".csv", ".geojson", ".xlsx"} <= kinds
    assert [
        dataset.file for dataset in content.datasets if dataset.access == "restricted"
    ] == [content.policy.dataset if content.policy else ""]
    assert all(project.alternative for project in content.projects)
    assert content.call is not None
    assert content.data_request is not None
    assert content.access_request is not None
    assert content.application is not None


def test_the_demonstration_ships_outlines_with_codes_names_and_a_licence() -> None:
    folder = find_content(DEMO)
    assert folder is not None
    [outlines] = read_content(folder).outlines

    units = read_outlines(OutlineFile(folder / outlines.file), OutlineSelection())

    assert outlines.source
    assert outlines.licence
    assert len({unit.code for unit in units}) == len(units) > 20
    assert "Landréac" in {unit.name for unit in units}


def test_accounts_of_the_content_are_demonstration_accounts() -> None:
    folder = find_content(DEMO)
    assert folder is not None
    content = read_content(folder)
    territory = (DEMO / "tenant.toml").read_text()

    steps = [*content.datasets, *content.projects, content.call, content.data_request]
    accounts = {step.account for step in steps if step is not None}

    assert [name for name in accounts if f'username = "{name}"' not in territory] == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[dataset", "content.toml"),
        ("[[dataset]]\nfile = 'a.csv'", "missing required field"),
        ("surprise = 1", "unknown field"),
        (
            "[[project]]\naccount='a'\ntitle='a'\nsummary='a'\npurpose='a'\n"
            "picture='gone.png'\nalternative='a'",
            "gone.png is not there",
        ),
    ],
)
def test_content_that_is_wrong_is_refused_in_words(
    tmp_path: Path, text: str, reason: str
) -> None:
    (tmp_path / FILE).write_text(text)

    with pytest.raises(DemonstrationError, match=reason):
        read_content(tmp_path)


def test_a_territory_without_content_has_none(tmp_path: Path) -> None:
    assert find_content(tmp_path) is None
