"""What a page of HTML holds for machines: JSON-LD, microdata, links. Nothing of it is run or fetched."""

import json
import re
from html.parser import HTMLParser
from typing import Any

VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
}
ADDRESSES = {
    "a": "href",
    "link": "href",
    "area": "href",
    "img": "src",
    "meta": "content",
    "time": "datetime",
    "data": "value",
}
MOST_LINKS = 5000
MOST_BLOCKS = 200
DEEPEST = 500
Attributes = list[tuple[str, str | None]]


class HtmlPage(HTMLParser):
    """`blocks` are values of JSON-LD, `things` the outermost items of microdata, `links` addresses in their order.

    `alternates` are what the page says to be the same in another form: media type and address.
    """

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Any] = []
        self.things: list[dict[str, Any]] = []
        self.links: list[str] = []
        self.alternates: list[tuple[str, str]] = []
        self._script: list[str] | None = None
        self._open: list[dict[str, Any] | None] = []
        self._words: list[tuple[int, str, list[str]]] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "a" and attributes.get("href") and len(self.links) < MOST_LINKS:
            self.links.append(attributes["href"])
        if (
            tag == "link"
            and "alternate" in attributes.get("rel", "").lower().split()
            and len(self.alternates) < MOST_LINKS
        ):
            self.alternates.append(
                (
                    attributes.get("type", "").partition(";")[0].strip().lower(),
                    attributes.get("href", ""),
                )
            )
        if (
            tag == "script"
            and attributes.get("type", "").strip().lower() == "application/ld+json"
        ):
            self._script = []
        self._microdata(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._script is not None:
            self._block("".join(self._script))
            self._script = None
        if tag in VOID or not self._open:
            return
        level = len(self._open)
        for started, name, pieces in [
            entry for entry in self._words if entry[0] == level
        ]:
            self._put(name, " ".join("".join(pieces).split()))
            self._words.remove((started, name, pieces))
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self._script.append(data)
            return
        for _, _, pieces in self._words:
            pieces.append(data)

    def _block(self, text: str) -> None:
        try:
            value = json.loads(
                re.sub(r"^\s*(?:<!--|//<!\[CDATA\[)|(?:-->|//\]\]>)\s*$", "", text)
            )
        except (ValueError, RecursionError):
            return
        if len(self.blocks) < MOST_BLOCKS:
            self.blocks.append(value)

    def _microdata(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) > DEEPEST:
            return
        thing: dict[str, Any] | None = None
        if "itemscope" in attributes:
            thing = {
                "@type": re.split(
                    r"[/#]", attributes.get("itemtype", "").strip().split(" ")[0]
                )[-1]
            }
            if attributes.get("itemid"):
                thing["@id"] = attributes["itemid"]
            if "itemprop" in attributes and any(self._open):
                self._put(attributes["itemprop"], thing)
            else:
                self.things.append(thing)
        if tag not in VOID:
            self._open.append(thing)
        if "itemprop" in attributes and thing is None:
            address = attributes.get("content") or attributes.get(
                ADDRESSES.get(tag, "content"), ""
            )
            if address or tag in VOID:
                self._put(attributes["itemprop"], address)
            else:
                self._words.append((len(self._open), attributes["itemprop"], []))

    def _put(self, name: str, value: Any) -> None:
        """Give a property to the item around."""
        holder = next(
            (
                item
                for item in reversed(self._open)
                if item is not None and item is not value
            ),
            None,
        )
        if holder is None or value == "":
            return
        for property_name in name.split():
            holder.setdefault(property_name, []).append(value)
