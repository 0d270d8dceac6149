"""Somebody in front of portal and node of this machine: logs in by the identity service's forms, and sends forms."""

import html
import re
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx

from udi.cli.demonstration.content import DemonstrationError

HOME = "127.0.0.1"
FORM = re.compile(r'<form[^>]*\baction="([^"]+)"')
MOST_STEPS = 10
PATIENCE = 60.0


class LocalTransport(httpx.AsyncHTTPTransport):
    """Connects names that end in `.localhost` to this machine: the system may not know them."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the machine, with the name in `Host`."""
        name = request.url.host
        if name == "localhost" or name.endswith(".localhost"):
            # A request of its own: cookies and redirections go by the name.
            request = httpx.Request(
                request.method,
                request.url.copy_with(host=HOME),
                headers=request.headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        return await super().handle_async_request(request)


class Visitor:
    """A browser without scripts, of one account."""

    def __init__(self, portal: str, node: str) -> None:
        self.portal = portal
        self.node = node
        self._client = httpx.AsyncClient(
            transport=LocalTransport(),
            timeout=PATIENCE,
            headers={"Accept": "text/html"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def log_in(self, username: str, password: str) -> None:
        """Log in at the portal, then at the node, which the identity service needs no password for.

        Raises:
            DemonstrationError: it does not let them in.
        """
        page = await self._follow(f"{self.portal}/login?back=/my-space")
        for fields in (
            {"username": username},
            {"username": username, "password": password},
        ):
            if "/realms/" in str(page.url):
                page = await self._submit(page, fields)
        if "/realms/" in str(page.url):
            raise DemonstrationError(f"{username} could not log in.")
        await self._follow(f"{self.node}/login?back=/")

    async def get(self, address: str) -> httpx.Response:
        """A page as it is answered."""
        return await self._client.get(address)

    async def post(
        self,
        address: str,
        data: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Send a form as its own page would; the answer, whatever it is."""
        return await self._client.post(
            address, data=data, files=files, headers={"Sec-Fetch-Site": "same-origin"}
        )

    async def submit(
        self,
        address: str,
        data: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
    ) -> str:
        """Send a form that must be taken; where it leads, as an address or a path.

        Raises:
            DemonstrationError: it is refused.
        """
        answer = await self.post(address, data, files)
        if answer.status_code != HTTPStatus.SEE_OTHER:
            raise DemonstrationError(
                f"{address} answered {answer.status_code}: {_reason(answer.text)}"
            )
        return str(answer.headers["location"])

    async def _follow(self, address: str) -> httpx.Response:
        """A page, through redirections; cookies of forms stay with their host."""
        page = await self._get_insecure(address)
        for _ in range(MOST_STEPS):
            if not page.has_redirect_location:
                return page
            page = await self._get_insecure(
                str(page.url.join(page.headers["location"]))
            )
        raise DemonstrationError(f"{address} leads nowhere.")

    async def _get_insecure(self, address: str) -> httpx.Response:
        page = await self._client.get(address)
        self._keep_cookies()
        return page

    async def _submit(
        self, page: httpx.Response, fields: Mapping[str, str]
    ) -> httpx.Response:
        form = FORM.search(page.text)
        if form is None:
            raise DemonstrationError(f"{page.url.path} has no form.")
        answer = await self._client.post(html.unescape(form[1]), data=fields)
        self._keep_cookies()
        if answer.has_redirect_location:
            return await self._follow(str(answer.url.join(answer.headers["location"])))
        return answer

    def _keep_cookies(self) -> None:
        """The identity service marks cookies for TLS even on this machine, where browsers send them all the same."""
        for cookie in self._client.cookies.jar:
            cookie.secure = False


def _reason(page: str) -> str:
    """What a refusal says, without its markup."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())[:300]
