"""HTML 5 as html5lib reads it, in two thirds of its time: what is written as it should be is read at once.

html5lib asks for each character of a tag. Here a whole tag, a text, and each of the five references that templates write
is one match; whatever does not match, an error first of all, is html5lib's to read and to name.
"""

import re
from collections import deque
from collections.abc import Iterator
from html import unescape
from typing import Any

from html5lib._tokenizer import HTMLTokenizer
from html5lib.constants import tokenTypes
from html5lib.html5parser import HTMLParser

Token = dict[str, Any]
CHARACTERS = tokenTypes["Characters"]
SPACES = tokenTypes["SpaceCharacters"]
START = tokenTypes["StartTag"]
END = tokenTypes["EndTag"]
ERROR = tokenTypes["ParseError"]
SPACE = r"[ \t\n\f]"
TAG_NAME = r"[a-zA-Z][a-zA-Z0-9-]*"
REFERENCE = r"&(?:amp|lt|gt|quot|#39|#34);"
ATTRIBUTE_NAME = r"[a-zA-Z][a-zA-Z0-9_:.-]*"
QUOTED = rf'"[^"&\0]*(?:{REFERENCE}[^"&\0]*)*"'
NEXT = re.compile(
    rf"<({TAG_NAME})((?:{SPACE}+{ATTRIBUTE_NAME}(?:={QUOTED})?)*){SPACE}*(/?)>"
    rf"|</({TAG_NAME}){SPACE}*>"
    rf"|({SPACE}+)"
    r"|([^<&\0 \t\n\f][^<&\0]*)"
    rf"|({REFERENCE})"
)
"""What may stand next, as far as it was read."""
SLASH, END_NAME, BLANKS, TEXT = 3, 4, 5, 6
"""Groups of `NEXT` that are the last of what they belong to."""
ATTRIBUTE = re.compile(rf'({ATTRIBUTE_NAME})(?:="([^"]*)")?')


class QuickTokenizer(HTMLTokenizer):  # type: ignore[misc]  # html5lib is not typed
    """html5lib's, which looks first whether all of the next token stands in what was read."""

    def __iter__(self) -> Iterator[Token]:
        """The tokens, with the errors between them."""
        self.tokenQueue = deque[Token]()
        while True:
            if self.state == self.dataState and (token := self._match_next()):
                yield token
                continue
            if not self.state():
                return
            while self.stream.errors:
                yield {"type": ERROR, "data": self.stream.errors.pop(0)}
            while self.tokenQueue:
                yield self.tokenQueue.popleft()

    def _match_next(self) -> Token | None:
        stream = self.stream
        match = NEXT.match(stream.chunk, stream.chunkOffset)
        if match is None:
            return None
        group = match.lastindex
        if group == SLASH:
            token = _make_start(*match.group(1, 2, 3))
            if token is None:
                return None
            self.currentToken = token
        elif group == END_NAME:
            name = match[END_NAME].lower()
            token = {"type": END, "name": name, "data": [], "selfClosing": False}
            self.currentToken = token
        elif group == BLANKS:
            token = {"type": SPACES, "data": match[0]}
        elif group == TEXT:
            token = {"type": CHARACTERS, "data": match[0]}
        else:
            token = {"type": CHARACTERS, "data": unescape(match[0])}
        stream.chunkOffset = match.end()
        return token


def _make_start(name: str, attributes: str, slash: str) -> Token | None:
    """The token of a start tag; None if an attribute stands there twice, which is an error."""
    pairs = ATTRIBUTE.findall(attributes) if attributes else []
    if "&" in attributes:
        pairs = [(key, unescape(value)) for key, value in pairs]
    data = {key.lower(): value for key, value in pairs}
    if len(data) < len(pairs):
        return None
    return {
        "type": START, "name": name.lower(), "data": data, "selfClosing": bool(slash), "selfClosingAcknowledged": False,
    }  # fmt: skip


class QuickParser(HTMLParser):  # type: ignore[misc]  # html5lib is not typed
    """html5lib's, with the tokens of `QuickTokenizer`."""

    def __init__(self, html: str) -> None:
        super().__init__(namespaceHTMLElements=False)
        self._html = html

    def mainLoop(self) -> None:  # noqa: N802 - html5lib's name
        """Build the tree from the tokens."""
        self.tokenizer = QuickTokenizer(self._html, parser=self)
        super().mainLoop()
