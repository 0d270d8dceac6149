"""A second realm of the run's Keycloak, which plays the identity services of others, and a browser that passes through it."""

import html
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import httpx

from tests.identity.browser import Browser, form_action
from tests.mails import text_of
from tests.realms import add_keys
from udi.portal.identity.provision.admin import RealmAdmin

CLIENT_SECRET = "what the provider gave"
PASSWORD = "a password of elsewhere"
FORM = re.compile(r"<form[^>]*\baction=\"([^\"]+)\"", re.IGNORECASE)
HIDDEN = re.compile(
    r"<input[^>]*\bname=\"(SAMLRequest|SAMLResponse|RelayState)\"[^>]*\bvalue=\"([^\"]*)\"",
    re.IGNORECASE,
)
LINK = re.compile(r"http://localhost:\d+/realms/\S+")


class Letters:
    """What a relay received."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        """Called by aiosmtpd."""
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.received.append(mail)
        return "250 kept"

    def link_for(self, address: str) -> str:
        """The link of the last letter to an address."""
        mails = [mail for mail in self.received if address in str(mail["To"])]
        match = LINK.search(text_of(mails[-1]))
        assert match, text_of(mails[-1])
        return match[0]


@dataclass
class OtherRealm:
    """The second realm; `admin` is of our own."""

    admin: RealmAdmin
    name: str
    issuer: str
    people: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """A call of its administration."""
        with self.admin.in_realm(self.name):
            if method == "get":
                return self.admin.get(path)
            return getattr(self.admin, method)(path, body)

    def add_person(
        self,
        email: str = "",
        *,
        names: Sequence[str] = ("Anne", "Le Gall"),
        **more: str,
    ) -> str:
        """Somebody with a password and attributes there; their address."""
        email = email or f"{secrets.token_hex(4)}@ville.example"
        user = {
            "username": secrets.token_hex(6),
            "email": email,
            "emailVerified": True,
            "enabled": True,
            "firstName": names[0],
            "lastName": names[1],
            "attributes": {key: [value] for key, value in more.items()},
            "credentials": [
                {"type": "password", "value": PASSWORD, "temporary": False}
            ],
        }
        answer = self.call("post", "users", user)
        self.people[email] = answer.headers["Location"].rpartition("/")[2]
        return email

    def change_person(self, email: str, **attributes: list[str]) -> None:
        """Give somebody other attributes."""
        path = f"users/{self.people[email]}"
        user = self.call("get", path)
        merged = {**(user.get("attributes") or {}), **attributes}
        self.call("put", path, {**user, "attributes": merged})

    def change_address(self, email: str, other: str) -> None:
        """Give somebody another address, which this realm calls verified."""
        path = f"users/{self.people[email]}"
        user = self.call("get", path)
        self.call("put", path, {**user, "email": other, "emailVerified": True})
        self.people[other] = self.people.pop(email)

    def rename_person(self, email: str, first: str, last: str) -> None:
        """Give somebody another name."""
        path = f"users/{self.people[email]}"
        user = self.call("get", path)
        self.call("put", path, {**user, "firstName": first, "lastName": last})

    def sessions_of(self, email: str) -> list[Any]:
        """The sessions that somebody has there."""
        sessions: list[Any] = self.call("get", f"users/{self.people[email]}/sessions")
        return sessions


def create_other_realm(admin: RealmAdmin, name: str) -> OtherRealm:
    """Make the realm with a client for each kind of provider; our own may call from any of its brokers."""
    server = str(admin.connection.server_url).rstrip("/")
    realm_url = f"{server}/realms/{admin.realm}"
    with admin.in_realm(name):
        admin.ensure_realm(
            add_keys({"realm": name, "enabled": True, "sslRequired": "none"})
        )
    other = OtherRealm(admin, name, f"{server}/realms/{name}")
    profile = other.call("get", "users/profile")
    other.call(
        "put", "users/profile", {**profile, "unmanagedAttributePolicy": "ENABLED"}
    )
    scopes = {scope["name"]: scope for scope in other.call("get", "client-scopes")}
    for mapper in scopes["email"]["protocolMappers"]:
        if mapper["name"] == "email verified":
            path = f"client-scopes/{scopes['email']['id']}/protocol-mappers/models"
            with admin.in_realm(name):
                admin.delete(f"{path}/{mapper['id']}")
    for scope, attribute in {
        "given_name": "firstName",
        "usual_name": "lastName",
        "siret": "siret",
        "uid": "uid",
        "idp_id": "idp_id",
    }.items():
        body = {"name": scope, "protocol": "openid-connect", "attributes": {}}
        mappers = [claim_mapper(scope, attribute)]
        other.call("post", "client-scopes", {**body, "protocolMappers": mappers})
    claims = ["given_name", "usual_name", "email", "siret", "uid", "idp_id"]
    clients = [
        web_client("agents", realm_url, optional=claims, signed=True),
        web_client("inhabitants", realm_url, optional=claims),
        web_client(
            "town",
            realm_url,
            default=["basic", "profile", "email"],
            mappers=[VERIFIED, claim_mapper("service", "service")],
        ),
        saml_client(realm_url),
    ]
    for client in clients:
        other.call("post", "clients", client)
    return other


def web_client(
    client_id: str,
    realm_url: str,
    *,
    default: Sequence[str] = ("basic",),
    optional: Sequence[str] = (),
    mappers: Sequence[dict[str, Any]] = (),
    signed: bool = False,
) -> dict[str, Any]:
    """A client by which our own realm asks; `signed`: userinfo is a JWT."""
    attributes = {"post.logout.redirect.uris": f"{realm_url}/broker/*"}
    if signed:
        attributes["user.info.response.signature.alg"] = "RS256"
    return {
        "clientId": client_id,
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": False,
        "secret": CLIENT_SECRET,
        "redirectUris": [f"{realm_url}/broker/*"],
        "defaultClientScopes": list(default),
        "optionalClientScopes": list(optional),
        "protocolMappers": list(mappers),
        "attributes": attributes,
    }


def saml_client(realm_url: str) -> dict[str, Any]:
    """Our own realm, as a directory that speaks SAML knows it."""
    names = {
        "urn:oid:0.9.2342.19200300.100.1.3": "email",
        "urn:oid:2.5.4.42": "firstName",
        "urn:oid:2.5.4.4": "lastName",
        "service": "service",
    }
    return {
        "clientId": realm_url,
        "enabled": True,
        "protocol": "saml",
        "redirectUris": [f"{realm_url}/broker/*"],
        "attributes": {
            "saml.assertion.signature": "true",
            "saml.server.signature": "true",
            "saml.client.signature": "false",
            "saml.force.post.binding": "true",
            "saml_name_id_format": "persistent",
        },
        "protocolMappers": [
            {
                "name": name,
                "protocol": "saml",
                "protocolMapper": "saml-user-attribute-mapper",
                "config": {
                    "user.attribute": attribute,
                    "attribute.name": name,
                    "attribute.nameformat": "URI Reference",
                },
            }
            for name, attribute in names.items()
        ],
    }


def claim_mapper(claim: str, attribute: str) -> dict[str, Any]:
    """An attribute of the account as a claim."""
    return {
        "name": claim,
        "protocol": "openid-connect",
        "protocolMapper": "oidc-usermodel-attribute-mapper",
        "config": {
            "user.attribute": attribute,
            "claim.name": claim,
            "jsonType.label": "String",
            "id.token.claim": "true",
            "access.token.claim": "true",
            "userinfo.token.claim": "true",
        },
    }


VERIFIED = {
    "name": "email verified",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-usermodel-property-mapper",
    "config": {
        "user.attribute": "emailVerified",
        "claim.name": "email_verified",
        "jsonType.label": "boolean",
        "id.token.claim": "true",
        "access.token.claim": "true",
        "userinfo.token.claim": "true",
    },
}


class TravellingBrowser(Browser):
    """Goes on from our Keycloak to the identity service of others, and back."""

    async def follow(self, response: httpx.Response) -> httpx.Response:
        """The first page that wants an answer, or the redirect that leads back to the program."""
        for _ in range(20):
            if response.is_redirect:
                location = response.headers["location"]
                if location.startswith(self.territory.origin):
                    return response
                response = await self.keycloak.get(location)
            elif hidden := dict(HIDDEN.findall(response.text)):
                match = FORM.search(response.text)
                assert match, response.text
                form = {name: html.unescape(value) for name, value in hidden.items()}
                response = await self.keycloak.post(html.unescape(match[1]), data=form)
            else:
                return response
        raise AssertionError(response.headers)

    async def open(self, address: str) -> httpx.Response:
        """From an address of the program to the page that wants an answer, or to the redirect back."""
        leaving = await self.app.get(address)
        assert leaving.status_code == 303, leaving.text
        return await self.follow(await self.keycloak.get(leaving.headers["location"]))

    async def send(self, page: httpx.Response, **form: str) -> httpx.Response:
        """Fill a page of an identity service."""
        assert page.status_code == 200, (page.status_code, page.text)
        return await self.follow(await self.keycloak.post(form_action(page), data=form))

    async def identify(
        self, email: str, provider: str, *, back: str = "/who"
    ) -> httpx.Response:
        """Choose a provider, log in there; what our Keycloak answers then."""
        page = await self.open(f"/login?provider={provider}&back={back}")
        return await self.send(page, username=email, password=PASSWORD)

    async def confirm(self, link: str) -> httpx.Response:
        """Open the link of a letter, and its button where there is one."""
        page = await self.follow(await self.keycloak.get(link))
        if page.status_code == 200 and (
            match := re.search(
                r'href="([^"]+)"[^>]*>[^<]*(?:Click here to proceed|Continuer|Continue|Cliquez)',
                page.text,
            )
        ):
            page = await self.follow(await self.keycloak.get(html.unescape(match[1])))
        return page

    async def arrive(self, response: httpx.Response) -> httpx.Response:
        """Back at the program: the answer of the callback."""
        assert response.is_redirect, response.text
        return await self.get(response.headers["location"])
