"""The comments of rows that are removed from a sheet of an XLSX, emptied in the parts of its archive that hold them."""

import posixpath
import re
import zipfile
from collections.abc import Collection
from io import BytesIO

COMMENTS = re.compile(r"/(?:comments|threadedComment)$", re.IGNORECASE)
"""The end of the type of a relation between a sheet and its comments, or a thread of these."""
RELATION = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")
TYPE = re.compile(r"\sType=[\"']([^\"']*)[\"']")
TARGET = re.compile(r"\sTarget=[\"']([^\"']*)[\"']")
COMMENT = re.compile(
    rb"<(?P<name>(?:\w+:)?(?:comment|threadedComment))\s[^>]*?\bref=[\"'][A-Z]+(?P<row>[0-9]{1,7})[\"']"
    rb"[^>]*(?<!/)>.*?</(?P=name)\s*>",
    re.DOTALL,
)
TEXT = re.compile(rb"<((?:\w+:)?text)\b[^>]*(?<!/)>.*?</\1\s*>", re.DOTALL)


def empty_comments(
    content: bytes, part: str, rows: Collection[int]
) -> dict[str, bytes]:
    """The parts of a workbook with the comments of these rows of the sheet `part` emptied, by name."""
    changed = dict[str, bytes]()
    if not rows:
        return changed

    def empty(match: re.Match[bytes]) -> bytes:
        if int(match["row"]) in rows:
            return TEXT.sub(rb"<\1/>", match[0])
        return match[0]

    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = set(archive.namelist())
        for name in _find_comments(archive, part):
            if name in members:
                changed[name] = COMMENT.sub(empty, archive.read(name))
    return changed


def _find_comments(archive: zipfile.ZipFile, part: str) -> list[str]:
    """The names of the parts that hold comments of a sheet."""
    folder, _, name = part.rpartition("/")
    try:
        relations = archive.read(f"{folder}/_rels/{name}.rels").decode()
    except KeyError:
        return []
    names = []
    for relation in RELATION.findall(relations):
        kind = TYPE.search(relation)
        target = TARGET.search(relation)
        if kind and target and COMMENTS.search(kind[1]):
            path = posixpath.normpath(posixpath.join("/", folder, target[1]))
            names.append(path.lstrip("/"))
    return names
