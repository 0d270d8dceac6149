"""A person's browser between a program under test and a real Keycloak: two cookie jars, real forms."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import httpx
from litestar import Litestar

from tests.rules.pages import check_page
from udi.kit.tenancy import Territory
from udi.portal.identity.provision.admin import RealmAdmin

SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


class Browser:
    """Follows a login or logout from the program to Keycloak and back."""

    def __init__(self, app: Litestar, territory: Territory) -> None:
        self.territory = territory
        self.app = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url=territory.origin
        )
        self.keycloak = httpx.AsyncClient(timeout=30)

        async def drop_secure(_response: httpx.Response) -> None:
            for cookie in self.keycloak.cookies.jar:
                cookie.secure = False

        self.keycloak.event_hooks = {"response": [drop_secure]}

    async def get(self, address: str, **headers: str) -> httpx.Response:
        """A page of the program, checked as every page."""
        response = await self.app.get(address, headers=headers)
        self._check(response)
        return response

    async def post(self, address: str, **form: str) -> httpx.Response:
        """A form of the program, sent from its own page."""
        response = await self.app.post(address, data=form, headers=SAME_SITE)
        self._check(response)
        return response

    async def be(self, admin: RealmAdmin, user: str) -> None:
        """Be known to Keycloak as this person (their id), without forms."""
        token = admin.connection.token["access_token"]
        address = f"{admin.connection.server_url.rstrip('/')}/admin/realms/{admin.realm}/users/{user}/impersonation"
        response = await self.keycloak.post(
            address, headers={"Authorization": f"Bearer {token}"}
        )
        assert response.status_code == 200, response.text

    async def log_in(self, back: str = "/who") -> httpx.Response:
        """From the program's login, through a Keycloak that knows the person, to the callback's answer."""
        return await self.get(await self.callback(back))

    async def callback(self, back: str = "/who") -> str:
        """Address at which Keycloak sends a person that it knows back to."""
        leaving = await self.app.get("/login", params={"back": back})
        assert leaving.status_code == 303, leaving.text
        answer = await self.keycloak.get(leaving.headers["location"])
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def fill_forms(
        self, username: str, password: str, back: str = "/who"
    ) -> httpx.Response:
        """From the program's login through Keycloak's real forms to the answer of the last one."""
        leaving = await self.app.get("/login", params={"back": back})
        page = await self.keycloak.get(leaving.headers["location"])
        page = await self.keycloak.post(form_action(page), data={"username": username})
        return await self.keycloak.post(
            form_action(page), data={"username": username, "password": password}
        )

    async def close(self) -> None:
        await self.app.aclose()
        await self.keycloak.aclose()

    def _check(self, response: httpx.Response) -> None:
        if (
            response.headers.get("content-type", "").startswith("text/html")
            and response.content
        ):
            name = self.territory.name[response.headers["content-language"]]
            assert (
                check_page(
                    response.text,
                    url=str(response.url),
                    headers=response.headers,
                    territory=name,
                )
                == []
            )


def form_action(page: httpx.Response) -> str:
    """Where the page's form is sent."""
    match = re.search(r"<form[^>]*\baction=\"([^\"]+)\"", page.text)
    assert match, page.text
    return html.unescape(match[1])


def query_of(address: str) -> dict[str, str]:
    """The parameters of an address, each once."""
    return {
        name: values[0] for name, values in parse_qs(urlsplit(address).query).items()
    }
