"""What a hostile program asks of a table: each parameter of each door, with words of every kind, the same each time."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

COLUMNS = [
    "name",
    "a__b",
    '"; DROP TABLE t; --',
    "n",
    "x.y",
    "since",
    "seen",
    "ok",
    "été",
    "limit",
]
WORDS = [
    "'", '"', "' OR 1=1 --", "'; DROP TABLE t; --", '") UNION SELECT * FROM duckdb_settings() --', "\x00", "\x1b[2J",
    "%", "_", "\\", "\\'", "$1", "?", "{}", "${jndi:ldap://x}", "../../etc/passwd", "/etc/passwd", "<script>", "é" * 300,
    "\U0001f333" * 50, "\u202e", "0", "-1", "1e308", "-1e-308", "9" * 500, "0x10", "NaN", "Infinity", "1_000", "١٢", "²",
    "1" * 19, str(2**63), str(-(2**63)), "2024-02-31", "0000-00-00", "9999-12-31", "10000-01-01", "2024-01-31T25:61:61",
    "2024-01-31T00:00:00+99:99", "1970-01-01T00:00:00Z", "true", "TRUE ", "null", "", " ", "(", ")", "()", "(((((", ",",
    ",,,,,", '"a"b,"', "a" * 3000, "read_csv('/etc/passwd')", "[1,2]", "{'a': 1}", "date '2024-01-01'", "r", "c0", "t",
    "9" * 5000, "a\r\nSet-Cookie: x=1", "%s%n%(x)s", "\ufeff", "e\u0301", "ﬀ", "ı", "\x7f\x85\u2028", "-0", "+5", " 5 ",
]  # fmt: skip
OPERATIONS = [
    "exact", "differs", "contains", "notcontains", "in", "notin", "less", "greater", "strictly_less", "strictly_greater",
    "isnull", "isnotnull", "sort", "groupby", "count", "avg", "min", "max", "sum", "SUM", "exec", "", "sort__sort", "__",
]  # fmt: skip
OTHERS = [
    "page",
    "page_size",
    "columns",
    "or",
    "select",
    "limit",
    "order",
    "and",
    "__id",
    "__line",
]
RAW = [
    "%ff%fe", "%c0%ae", "%ed%a0%80", "%f4%90%80%80", "%", "%zz", "%u0041", "%00", "a=%e9", "\xff\xfe", "=", "&&&&", ";",
    "a;b=c", "+", "é", "%25252e", "#", "name__exact=%80", "columns=%ff", "or=%28%ff", "a[]=1", "a[b]=1&a[b]=2",
]  # fmt: skip
BOXES = [
    "-180,-90,180,90", "-2,47,-1,49", "170,-10,-170,10", "0,0,0,0", "1,2,3", "1,2,3,4,5", "1,2,3,4,5,6", "-2,48,-2,48",
    "nan,nan,nan,nan", "inf,-inf,inf,-inf", "1e400,0,0,0", "180,90,-180,-90", "-2,49,-1,47", "a,b,c,d", ",,,", "-1e-320,0,1,1",
    "0,0,1," + "1" * 400, "1,2,3,4;DROP", "\u0661,2,3,4", "-180,-90,-180,90", "1_0,2,3,4", ",".join("1" * 5000),
]  # fmt: skip
MOMENTS = [
    "2024-01-01", "../2024-01-01", "2024-01-01/..", "../..", "/", "//", "2024-12-31/2024-01-01", "0001-01-01", "9999-12-31",
    "9999-12-31T23:59:59Z/..", "0001-01-01T00:00:00+14:00", "2024-W01-1", "20240101", "2024-01-01T00:00:00.123456789Z",
    "2024-01-01T24:00:00", "2024-02-30", "infinity", "-infinity", "epoch", "now", "2024-01-01T00:00:00+23:59:59.999999",
]  # fmt: skip
NUMBERS = [
    "1",
    "10",
    "1000",
    "0",
    "-1",
    "1001",
    "999999999",
    "10000000",
    "10000001",
    "9" * 30,
    "1.5",
    "1e3",
    "",
    "٣",
]
DOORS = [
    "",
    "profile/",
    "swagger/",
    "data",
    "data/exe/",
    "data/../../x",
    "data/%2e%2e/",
    "data/csv",
    "data/\x01/",
    "data//",
]
EXPORTS = ["csv", "json", "ndjson", "parquet", "arrow", "xlsx", "geojson"]
HEADERS = {
    "Accept-Language": ["", "xx", "fr;q=9,en;q=-1", ",;=,;=", "*" * 4000], "Accept": ["", "a/b;q=x", "text/csv,,"],
    "If-None-Match": ["*", '"', 'W/"x', '"a",' * 500], "If-Modified-Since": ["never", "Thu, 99 Foo 99999", ""],
    "Range": ["bytes=5-2", "bytes=-", "bytes=-0", "bytes=a-b", "bytes=0-1,3-4", "bytes=" + "9" * 400 + "-", "rows=0-1"],
    "X-Forwarded-For": ["nowhere", "::ffff:1.2.3.4", "," * 500], "Cookie": ["lang=../../x; a=" + "b" * 3000, "=;=;"],
    "If-Range": ["x", '"'],
}  # fmt: skip


@dataclass(frozen=True)
class Hostile:
    """A request: its door, the raw path and query, and a header that nobody asked for."""

    door: str
    target: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Answer:
    """What the program said."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""


async def send(app: Any, host: str, hostile: Hostile) -> Answer:
    """Give a request to the program byte by byte as a server would: a decent client would correct its address first."""
    path, _, query = hostile.target.partition(b"?")
    headers = {"host": host, "sec-fetch-site": "same-origin", **hostile.headers}
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": unquote(path), "raw_path": path, "query_string": query, "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 9), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    answer = Answer()
    gone = asyncio.Event()
    received = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in received:
            return message
        await gone.wait()
        return {"type": "http.disconnect"}

    async def take(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {
                name.decode(): value.decode() for name, value in message["headers"]
            }
        else:
            answer.content += message.get("body", b"")
            if not message.get("more_body"):
                gone.set()

    await app(scope, receive, take)
    return answer


class Attacker:
    """Makes requests about one table; the same seed makes the same ones."""

    def __init__(self, resource: str, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - the same requests each time
        self.resource = resource

    def request(self) -> Hostile:
        """The next request."""
        doors: dict[Callable[[], tuple[str, str, str]], int] = {
            self._rows: 500, self._places: 330, self._place: 60, self._export: 15, self._elsewhere: 95,
        }  # fmt: skip
        door, path, query = self.chance.choices(list(doors), list(doors.values()))[0]()
        target = path + (f"?{query}" if query else "")
        return Hostile(door, target.replace("#", "%23").encode(), self._headers())

    def _rows(self) -> tuple[str, str, str]:
        return "data", f"/api/resources/{self.resource}/data/", self._question()

    def _export(self) -> tuple[str, str, str]:
        query = self.chance.choice(
            [self._question(), "page=2", "n__greater=3", "été__groupby&n__max"]
        )
        return (
            "export",
            f"/api/resources/{self.resource}/data/{self.chance.choice(EXPORTS)}/",
            query,
        )

    def _places(self) -> tuple[str, str, str]:
        query = "&".join(
            self._about_places()
            for _ in range(self.chance.choice([0, 1, 1, 1, 2, 2, 3, 6, 250]))
        )
        return "places", f"/ogc/{self.resource}/collections/data/items", query

    def _place(self) -> tuple[str, str, str]:
        word = quote(self.chance.choice([*NUMBERS, *WORDS]), safe="")
        inner = self.chance.choice(
            [
                f"data/items/{word}",
                f"{word}/items",
                word,
                f"{word}/items/1",
                "data/items/1/2",
            ]
        )
        return (
            "place",
            f"/ogc/{self.resource}/collections/{inner}",
            self.chance.choice(["", *RAW]),
        )

    def _elsewhere(self) -> tuple[str, str, str]:
        other_resource = self.chance.choice(
            [
                self.resource,
                self.resource.upper(),
                self.resource[:-1],
                "0" * 32,
                "%00",
                "é",
                "*",
            ]
        )
        resource = self.chance.choice([self.resource, other_resource])
        doors = [
            *(f"/api/resources/{resource}/{door}" for door in DOORS),
            f"/ogc/{resource}/api",
            f"/ogc/{resource}",
        ]
        return (
            "elsewhere",
            quote(self.chance.choice(doors), safe="/%"),
            self._question(),
        )

    def _headers(self) -> dict[str, str]:
        if self.chance.random() > 0.1:
            return {}
        name = self.chance.choice(list(HEADERS))
        return {name: self.chance.choice(HEADERS[name])}

    def _question(self) -> str:
        return "&".join(
            self._parameter()
            for _ in range(self.chance.choice([0, 1, 1, 1, 2, 2, 3, 6, 250]))
        )

    def _parameter(self) -> str:
        names = [*COLUMNS, "__id", self.chance.choice(WORDS)]
        kind = self.chance.random()
        word = self.chance.choice(WORDS)
        if kind < 0.1:
            return f"{self.chance.choice(OTHERS)}={quote(self.chance.choice([word, *NUMBERS]), safe='')}"
        name = f"{quote(self.chance.choice(names), safe='')}__{self.chance.choice(OPERATIONS)}"
        if kind < 0.2:
            return f"or={quote(self._condition(names, 0), safe='')}"
        if kind < 0.35:
            return name
        if kind < 0.4:
            return self._noise()
        values = {"sort": self.chance.choice(["asc", "desc", word])}
        return f"{name}={quote(values.get(name.rpartition('__')[2], word), safe='')}"

    def _condition(self, names: list[str], depth: int) -> str:
        if depth < 6 and self.chance.random() < 0.5:
            parts = [
                self._condition(names, depth + 1)
                for _ in range(self.chance.randint(0, 3))
            ]
            return f"{self.chance.choice(['', 'or', 'and', 'not'])}({','.join(parts)})"
        return f"{self.chance.choice(names)}__{self.chance.choice(OPERATIONS)}.{self.chance.choice(WORDS)}"

    def _about_places(self) -> str:
        word = self.chance.choice(WORDS)
        values_by_name = {
            "bbox": BOXES, "datetime": MOMENTS, "limit": NUMBERS, "offset": NUMBERS, "f": ["json", "geojson", "html"],
            "bbox-crs": ["http://www.opengis.net/def/crs/OGC/1.3/CRS84", "EPSG:2154"], "crs": ["EPSG:4326", "[EPSG:0]"],
            "filter": ["n>3", "INTERSECTS(geometry,POINT(0 0))"], "sortby": ["-n"], "filter-lang": ["cql2-text"],
        }  # fmt: skip
        kind = self.chance.random()
        if kind < 0.6:
            name = self.chance.choice(list(values_by_name))
            return f"{name}={quote(self.chance.choice([*values_by_name[name], word]), safe=',/:')}"
        if kind < 0.9:
            return (
                f"{quote(self.chance.choice(COLUMNS), safe='')}={quote(word, safe='')}"
            )
        return self._noise()

    def _noise(self) -> str:
        if self.chance.random() < 0.5:
            return self.chance.choice(RAW)
        return "".join(
            self.chance.choice("%&=_+,()\"'\\ab0.")
            for _ in range(self.chance.randint(1, 60))
        )
