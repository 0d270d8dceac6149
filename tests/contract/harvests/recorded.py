"""Exchanges with a server, kept in a file that says where and when they were recorded, and answered again from it.

The first line of a file is about the recording; each other is one answer of the server in one of its states, in the order in
which they were asked for. The name and port of the server are replaced when it is answered.
"""

import json
import lzma
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from tests.portal.nodes.sources.conftest import Answer

EXCHANGES = Path(__file__).parent / "exchanges"
ORIGIN = "http://recorded.invalid"
STORED_HEADERS = ("content-type", "etag", "last-modified", "link")


@dataclass
class Recording:
    """What a server answers, by the state that it is in and the address that is asked."""

    about: dict[str, Any]
    answers: dict[tuple[str, str], tuple[int, dict[str, str], str]] = field(
        default_factory=dict
    )
    state: str = ""

    def take(self, server: str, path: str) -> Answer:
        """Ask the server, and keep its answer."""
        response = httpx.get(f"{server}{path}", timeout=60)
        headers = {
            name: response.headers[name]
            for name in STORED_HEADERS
            if name in response.headers
        }
        body = response.text.replace(server, ORIGIN)
        self.answers[self.state, _tidy(path)] = (response.status_code, headers, body)
        return response.status_code, headers, response.content

    def give(self, server: str, path: str) -> Answer:
        """What was answered; 404 where it was not asked."""
        status, headers, body = self.answers.get(
            (self.state, _tidy(path)), (404, {}, "")
        )
        return (
            status,
            {name: _at(server, value) for name, value in headers.items()},
            _at(server, body).encode(),
        )

    def write(self, name: str) -> None:
        """Keep it beside this module."""
        lines = [json.dumps(self.about, ensure_ascii=False)]
        for (state, path), (status, headers, body) in self.answers.items():
            entry = {
                "state": state,
                "path": path,
                "status": status,
                "headers": headers,
                "body": body,
            }
            lines.append(json.dumps(entry, ensure_ascii=False))
        content = "\n".join(lines).encode()
        EXCHANGES.mkdir(exist_ok=True)
        (EXCHANGES / f"{name}.jsonl.xz").write_bytes(lzma.compress(content))


def read_recording(name: str) -> Recording:
    """A recording that is kept beside this module."""
    first, *others = (
        lzma.decompress((EXCHANGES / f"{name}.jsonl.xz").read_bytes())
        .decode()
        .splitlines()
    )
    recording = Recording(json.loads(first))
    for line in map(json.loads, others):
        recording.answers[line["state"], line["path"]] = (
            line["status"],
            line["headers"],
            line["body"],
        )
    return recording


def _tidy(path: str) -> str:
    parts = urlsplit(path)
    if parts.query:
        return f"{parts.path}?{urlencode(sorted(parse_qsl(parts.query)))}"
    return parts.path


def _at(server: str, text: str) -> str:
    return text.replace(ORIGIN, server)
