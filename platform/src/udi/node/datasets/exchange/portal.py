"""The portal as a node sees it: where it takes records, how it knows the node, how the node knows it."""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from msgspec import MsgspecError, Struct, to_builtins
from msgspec.json import decode

from udi.kit.clock import read_difference
from udi.kit.credentials import SignedDocumentKind, SignedToken, SignedTokenKind
from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError
from udi.kit.keys import verify, verify_document
from udi.kit.oidc import node_client_id
from udi.kit.program_calls import call_program
from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import Territory
from udi.kit.web_addresses import origin_of
from udi.node.datasets.exchange.account_reports import (
    AccountReport,
    read_account_report,
)
from udi.node.datasets.exchange.problem_reports import build_report, shorten_text
from udi.protocol.inbox import PATH as INBOX
from udi.protocol.inbox import InboxCountAnswer, NodeInbox
from udi.protocol.uses import PATH as USES
from udi.protocol.uses import NodeUses
from udi.settings import MissingSecretError, Settings

AGREEMENTS = "/kalim/v1/agreements"
ACCOUNTS = "/kalim/v1/accounts"
RESOURCES = "/kalim/v1/resources"
REQUESTS = "/kalim/v1/integrationRequest/search"
SLICE = 100
NOT_A_REFUSAL = {401, 408, 425, 429}
KEYS_KEPT = timedelta(hours=24).total_seconds()
KEYS_COOLDOWN = 5.0
EARLY = 30.0
LONGEST_ANSWER = 1024 * 1024


class PortalUnavailableError(Exception):
    """The portal did not answer, or not as a portal does: worth another attempt. The message is shown to people."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


@dataclass(frozen=True)
class PushResponse:
    """What the portal said to a push: a report to come (`report_id`), or a refusal with its report."""

    report_id: str
    refused: dict[str, Any] | None = None


@dataclass(frozen=True)
class SignedChanges:
    """What a portal signed for a node since a revision, each as sent; `freshness` is empty where more is to come."""

    agreements: list[tuple[str, str]]
    """Agreements, and their statuses."""
    consents: list[str]
    revision: int
    """The last of them."""
    freshness: str = ""


@dataclass(frozen=True)
class PortalPeer:
    """A portal, and who this node is there: its client and the name of the secret."""

    origin: str
    client_id: str
    credential: str


Portal = Territory | PortalPeer
"""That of a territory, or a further one."""


@dataclass
class PortalClient:
    """Pushes records; keeps the access token of each portal until it expires."""

    settings: Settings
    outgoing: OutgoingClient
    _tokens: dict[PortalPeer, tuple[str, float]] = field(default_factory=dict)
    _clock_differences: dict[str, timedelta] = field(default_factory=dict)

    def find_clock_difference(self, to: Portal) -> timedelta | None:
        """By how much the clock of a portal is ahead of this machine's, by its last answer; None before any."""
        return self._clock_differences.get(self._peer_of(to).origin)

    async def push(
        self,
        to: Portal,
        method: str,
        dataset_id: UUID,
        record: Mapping[str, Any] | None,
    ) -> PushResponse:
        """Send one record, or its withdrawal.

        Raises:
            PortalUnavailableError: no answer, no credential, or an answer that says nothing about the record.
        """
        portal = self._peer_of(to)
        answer = await self._send_record(portal, method, dataset_id, record)
        if answer.status_code == 401:  # noqa: PLR2004 - the token was revoked before its time
            self._tokens.pop(portal, None)
            answer = await self._send_record(portal, method, dataset_id, record)
        if answer.is_success:
            return PushResponse(_report_id(answer.content))
        if method == "DELETE" and answer.status_code in {404, 410}:
            return PushResponse("", build_report(method, dataset_id, {}, status="OK"))
        if answer.is_client_error and answer.status_code not in NOT_A_REFUSAL:
            problem = _json_object(answer.content)
            if problem.get("errors") or problem.get("report_id"):
                return PushResponse(
                    str(problem.get("report_id") or ""),
                    build_report(method, dataset_id, problem, status="KO"),
                )
        raise PortalUnavailableError(
            "The portal answered with an error.", _describe(answer)
        )

    async def list_reported_datasets(
        self, to: Portal, since: datetime, offset: int
    ) -> tuple[list[str], int]:
        """A slice of the reports that it made since then, the newest first: the datasets they are about; how many in all.

        `since` is by the clock of this machine; the portal is asked by its own.

        Raises:
            PortalUnavailableError
        """
        moment = since + (self.find_clock_difference(to) or timedelta())
        query = urlencode(
            {"creationDateMin": moment.isoformat(), "limit": SLICE, "offset": offset}
        )
        payload = _json_object(
            (
                await self._request_authorised(self._peer_of(to), f"{REQUESTS}?{query}")
            ).content
        )
        elements = [
            element
            for element in payload.get("elements") or ()
            if isinstance(element, dict)
        ]
        return [str(element.get("global_id") or "") for element in elements], int(
            payload.get("total") or 0
        )

    async def read_report(self, to: Portal, dataset_id: UUID) -> object:
        """The newest report about a dataset, as the portal would have sent it.

        Raises:
            PortalUnavailableError
        """
        return _json_object(
            (
                await self._request_authorised(
                    self._peer_of(to), f"{RESOURCES}/{dataset_id}/report"
                )
            ).content
        )

    def _peer_of(self, to: Portal) -> PortalPeer:
        if isinstance(to, PortalPeer):
            return to
        client_id = node_client_id(to.slug, self.settings.node_name)
        return PortalPeer(_portal_origin(to), client_id, f"node_credential_{to.slug}")

    async def list_agreements(self, territory: Territory, after: int) -> SignedChanges:
        """What the portal signed for this node after a revision: agreements with their statuses, and consents.

        Raises:
            PortalUnavailableError
        """
        path = f"{AGREEMENTS}?after={after}&limit={SLICE}"
        payload = _json_object(
            (await self._request_authorised(self._peer_of(territory), path)).content
        )
        items = [
            entry for entry in payload.get("items") or () if isinstance(entry, dict)
        ]
        revision = payload.get("revision")
        return SignedChanges(
            agreements=[
                (str(entry.get("agreement") or ""), str(entry.get("status") or ""))
                for entry in items
                if "consent" not in entry
            ],
            consents=[str(entry["consent"]) for entry in items if "consent" in entry],
            revision=revision if isinstance(revision, int) else after,
            freshness=shorten_text(payload.get("freshness")),
        )

    async def report_uses(
        self, territory: Territory, hours: Mapping[UUID, datetime]
    ) -> None:
        """Say in which hour each of these credentials of projects was last shown here.

        Raises:
            PortalUnavailableError
        """
        uses = [
            {"credential": str(id_), "hour": hour.isoformat()}
            for id_, hour in hours.items()
        ]
        portal = self._peer_of(territory)
        for start in range(0, len(uses), SLICE):
            await self._request_authorised(
                portal,
                f"{AGREEMENTS}/uses",
                "POST",
                json={"uses": uses[start : start + SLICE]},
            )

    async def exchange_inbox(
        self, territory: Territory, inbox: NodeInbox
    ) -> InboxCountAnswer:
        """Tell what waits here; how much waits at the portal for the accounts that are named.

        Raises:
            PortalUnavailableError: no answer, or one that says nothing of them.
        """
        answer = await self._request_authorised(
            self._peer_of(territory), INBOX, "POST", json=to_builtins(inbox)
        )
        try:
            return decode(answer.content, type=InboxCountAnswer)
        except MsgspecError as error:
            raise PortalUnavailableError(
                "The portal's answer about what waits cannot be read."
            ) from error

    async def tell_uses(self, territory: Territory, uses: NodeUses) -> None:
        """Tell how much data were used on some days.

        Raises:
            PortalUnavailableError
        """
        portal = self._peer_of(territory)
        await self._request_authorised(portal, USES, "PUT", json=to_builtins(uses))

    async def send(self, territory: Territory, path: str, message: Struct) -> bytes:
        """Post a message of the protocol to an address of the portal; what it answers.

        Raises:
            PortalUnavailableError
        """
        answer = await self._request_authorised(
            self._peer_of(territory), path, "POST", json=to_builtins(message)
        )
        content: bytes = answer.content
        return content

    async def query_accounts(
        self,
        territory: Territory,
        subjects: Sequence[str],
        known: Sequence[str] = (),
        *,
        used: Sequence[str] = (),
    ) -> AccountReport:
        """What became of these accounts of the identity service; of one that the portal does not know yet, nothing.

        Of those that are `known` here besides, it says only which were deleted. `used` are those, among the first, with
        which somebody is logged in, or a script was at work since yesterday: an account that is used is not deleted.

        Raises:
            PortalUnavailableError
        """
        portal = self._peer_of(territory)
        answer = await self._request_authorised(
            portal,
            ACCOUNTS,
            "POST",
            json={
                "subjects": list(subjects),
                "known": list(known),
                "used": list(used),
            },
        )
        return _read_accounts(_json_object(answer.content))

    async def _request_authorised(
        self, portal: PortalPeer, path: str, method: str = "GET", **options: Any
    ) -> Any:
        headers = {"Authorization": f"Bearer {await self._token(portal)}"}
        answer = await self._request(
            method, portal.origin + path, headers=headers, **options
        )
        if answer.is_success:
            return answer
        if answer.status_code == 401:  # noqa: PLR2004 - the token was revoked before its time
            self._tokens.pop(portal, None)
        raise PortalUnavailableError(
            "The portal answered with an error.", _describe(answer)
        )

    async def _send_record(
        self,
        portal: PortalPeer,
        method: str,
        dataset_id: UUID,
        record: Mapping[str, Any] | None,
    ) -> Any:
        headers = {"Authorization": f"Bearer {await self._token(portal)}"}
        url = portal.origin + RESOURCES
        if method != "DELETE":
            return await self._request(method, url, headers=headers, json=record)
        reason = urlencode({"reason": str((record or {}).get("reason", ""))})
        return await self._request(
            method, f"{url}/{dataset_id}?{reason}", headers=headers
        )

    async def _token(self, portal: PortalPeer) -> str:
        cached_token = self._tokens.get(portal)
        if cached_token and cached_token[1] > time.monotonic():
            return cached_token[0]
        try:
            secret = self.settings.node_credential(portal.credential, portal.client_id)
        except MissingSecretError as error:
            raise PortalUnavailableError(
                "This node has no credential for the portal.", str(error)
            ) from error
        basic = base64.b64encode(
            f"{quote(portal.client_id)}:{quote(secret, safe='')}".encode()
        ).decode()
        answer = await self._request(
            "POST",
            f"{portal.origin}/oauth2/token",
            headers={"Authorization": f"Basic {basic}"},
            data={"grant_type": "client_credentials"},
        )
        granted = _json_object(answer.content)
        if not answer.is_success or not isinstance(granted.get("access_token"), str):
            raise PortalUnavailableError(
                "The portal gave this node no access.", _describe(answer)
            )
        lifetime = granted.get("expires_in")
        seconds = float(lifetime) if isinstance(lifetime, int) else 60.0
        self._tokens[portal] = (
            granted["access_token"],
            time.monotonic() + seconds - min(EARLY, seconds / 2),
        )
        return str(granted["access_token"])

    async def _request(self, method: str, url: str, **options: Any) -> Any:
        try:
            answer = await call_program(
                self.outgoing, method, url, limit=LONGEST_ANSWER, **options
            )
        except (OutgoingError, RefusedAddressError) as error:
            raise PortalUnavailableError(
                "The portal does not answer.", str(error)
            ) from error
        difference = read_difference(answer.headers.get("date", ""))
        if difference is not None:
            self._clock_differences[origin_of(url)] = difference
        return answer


@dataclass
class PortalKeys:
    """The keys with which each portal signs, kept a day and asked again when an unknown one signs."""

    outgoing: OutgoingClient
    _cached_keys: dict[str, tuple[dict[str, Any], float]] = field(default_factory=dict)

    async def verify_token(
        self,
        territory: Territory,
        token: str,
        kind: SignedTokenKind,
        *,
        origin: str = "",
    ) -> SignedToken:
        """What the territory's portal, or the further one at this address, says in a token of this kind for this node.

        Raises:
            InvalidSignatureError: not signed by the portal, of another kind, not for this node, or out of date.
            OutgoingError: the portal's keys are not known and cannot be fetched.
        """
        portal = origin or _portal_origin(territory)
        keys = await self._keys(portal, token)
        return verify(token, keys, kind=kind, issuer=portal, audience=territory.origin)

    async def verify_signed_document(
        self, territory: Territory, token: str, kind: SignedDocumentKind
    ) -> dict[str, Any]:
        """What the territory's portal says in a document of this kind (`typ`) made for this node; raises the same."""
        portal = _portal_origin(territory)
        keys = await self._keys(portal, token)
        return verify_document(
            token, keys, kind=kind, issuer=portal, audience=territory.origin
        )

    async def _keys(self, portal: str, token: str) -> dict[str, Any]:
        keys, fetched = self._cached_keys.get(portal, ({}, 0.0))
        age = time.monotonic() - fetched if keys else KEYS_KEPT
        if age >= KEYS_KEPT or (
            age >= KEYS_COOLDOWN and not _has_signing_key(keys, token)
        ):
            keys = await self._fetch(portal, keys)
        return keys

    async def _fetch(
        self, portal: str, cached_key_set: dict[str, Any]
    ) -> dict[str, Any]:
        try:
            answer = await call_program(
                self.outgoing,
                "GET",
                f"{portal}/.well-known/jwks.json",
                limit=LONGEST_ANSWER,
            )
            key_set = _json_object(answer.content)
        except (OutgoingError, RefusedAddressError) as error:
            if cached_key_set:
                return cached_key_set
            msg = "The portal's keys cannot be read."
            raise OutgoingError(msg) from error
        if not answer.is_success or not isinstance(key_set.get("keys"), list):
            return cached_key_set
        self._cached_keys[portal] = (key_set, time.monotonic())
        return key_set


PORTAL_KEYS = ServiceKey[PortalKeys]("portal keys", "datasets")
PORTAL_CLIENT = ServiceKey[PortalClient]("client of portals", "datasets")


def read_issuer(token: str) -> str:
    """Who a token says signed it, before that is proved; empty when it says nobody."""
    try:
        body = token.split(".")[1]
        return str(
            json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["iss"]
        )
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return ""


def _has_signing_key(keys: Mapping[str, Any], token: str) -> bool:
    try:
        head = token.partition(".")[0]
        kid = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return True
    return any(
        isinstance(key, dict) and key.get("kid") == kid for key in keys.get("keys", ())
    )


def _portal_origin(territory: Territory) -> str:
    return territory.links.get("portal", "").rstrip("/")


def _read_accounts(payload: Mapping[str, Any]) -> AccountReport:
    try:
        return read_account_report(payload)
    except (KeyError, TypeError, ValueError) as error:
        raise PortalUnavailableError(
            "The portal's answer about accounts cannot be read."
        ) from error


def _report_id(content: bytes) -> str:
    try:
        return str(UUID(str(json.loads(content))))
    except ValueError as error:
        raise PortalUnavailableError("The portal's answer names no report.") from error


def _describe(answer: Any) -> str:
    """Status and reason of an answer that is no success, for whoever reads the log."""
    reason = shorten_text(_json_object(answer.content).get("detail"))
    return ": ".join(filter(None, [f"status {answer.status_code}", reason]))


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        payload = json.loads(content)
    except ValueError:
        return {}
    if isinstance(payload, dict):
        return payload
    return {}
