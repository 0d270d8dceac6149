"""The PDF of an agreement, taken apart: its tags lead to their lines, its lines stay on their page, its text stays text."""

import json
import re
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from udi.kit import child
from udi.portal.access.agreements import pdf
from udi.portal.access.agreements.pdf import HEIGHT, MARGIN, print_pdf, write_pdf

PARAGRAPHS = [
    (True, "1. Les parties"),
    (False, "Énergie et îlots " * 500),
    (True, "2. (Fin) \\ et suite"),
    (False, "Fin."),
]


def objects_of(body: bytes) -> dict[int, str]:
    """The objects by their number."""
    matches = re.findall(rb"(\d+) 0 obj\n(.*?)\nendobj\n", body, re.DOTALL)
    return {int(number): content.decode("cp1252") for number, content in matches}


def test_each_mark_of_a_page_belongs_to_the_tag_that_names_it() -> None:
    objects = objects_of(write_pdf("Convention", PARAGRAPHS, "fr"))
    pages = [
        number
        for number, content in objects.items()
        if "/Type /Page /Parent" in content
    ]
    tags = {
        number: content
        for number, content in objects.items()
        if "/Type /StructElem" in content
    }
    [tree] = [content for content in objects.values() if "/ParentTree" in content]
    listed = dict(
        re.findall(r"(\d+) \[((?:\d+ 0 R ?)+)\]", tree.partition("/Nums [")[2])
    )

    named = {
        (pages.index(int(page)), int(mark)): number
        for number, content in tags.items()
        for page, mark in re.findall(r"/Pg (\d+) 0 R /MCID (\d+)", content)
    }
    parents = {
        (int(page), mark): int(number)
        for page, numbers in listed.items()
        for mark, number in enumerate(re.findall(r"(\d+) 0 R", numbers))
    }

    assert len(pages) > 1
    assert len(set(named.values())) == 1 + len(PARAGRAPHS)
    assert parents == named


def test_every_line_stays_inside_its_page() -> None:
    drawn = [
        content
        for content in objects_of(write_pdf("Convention", PARAGRAPHS, "fr")).values()
        if " Td (" in content
    ]
    heights = [
        float(y)
        for content in drawn
        for y in re.findall(rf"Tf {MARGIN} ([\d.]+) Td", content)
    ]
    lines = [
        line for content in drawn for line in re.findall(r"Td \((.*)\) Tj", content)
    ]

    assert all(MARGIN <= y <= HEIGHT - MARGIN for y in heights)
    assert max(map(len, lines)) < 110


def test_signs_that_end_a_text_are_written_as_text() -> None:
    body = write_pdf("Convention", PARAGRAPHS, "fr")

    assert rb"(2. \(Fin\) \\ et suite)" in body


@pytest.mark.programs
@pytest.mark.usefixtures("real_children")
async def test_print_pdf_has_it_written_by_a_child_that_reaches_no_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    launch = child.launch
    launched: list[dict[str, Any]] = []

    def watch(
        limits: str, environment: Mapping[str, str], wire: int
    ) -> subprocess.Popen[bytes]:
        launched.append(json.loads(limits))
        return launch(limits, environment, wire)

    monkeypatch.setattr(child, "launch", watch)

    printed = objects_of(await print_pdf("Convention", PARAGRAPHS, "fr"))

    expected = objects_of(write_pdf("Convention", PARAGRAPHS, "fr"))
    information = 5
    assert {number for number in expected if printed[number] != expected[number]} <= {
        information
    }
    assert [
        (limits["modules"], limits["places"], limits["file_bytes"])
        for limits in launched
    ] == [([pdf.__name__], [], 0)]
