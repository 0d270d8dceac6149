"""How people log in where a second factor is wanted: level 1 is a password, level 2 a code, a passkey or a recovery code besides.

Keycloak's own flow is copied and two steps of it replaced. A flow that is in use cannot be deleted: one that differs is built
under another name, bound, and the former deleted.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from udi.kit.errors import ProvisionError
from udi.portal.identity.provision.admin import (
    EVERYTHING,
    ProvisionChange,
    RealmAdmin,
    find_or_none,
)

USUAL = "browser"
PREFIX = "udi-browser-"
WHOLE = "whole"
LEVEL_MAX_AGE = "36000"
"""Seconds for which a level stays reached: as long as a session."""
PASSWORD = "auth-username-password-form"  # noqa: S105 - the name of a step
CONDITIONAL_FACTOR = "Conditional 2FA"
HOURS = {"loa-max-age": LEVEL_MAX_AGE}


@dataclass(frozen=True)
class Execution:
    """A step of a flow, by its provider."""

    provider: str
    requirement: str = "REQUIRED"
    config: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SubFlow:
    """Steps that belong together; `name` is completed by that of the flow, for it is unique in the realm."""

    name: str
    parts: Sequence["Execution | SubFlow"]
    requirement: str = "CONDITIONAL"


def _level(number: int) -> Execution:
    condition = {"loa-condition-level": str(number), **HOURS}
    return Execution("conditional-level-of-authentication", config=condition)


LEVELS = (
    SubFlow("level 1", (_level(1), Execution(PASSWORD))),
    SubFlow(
        "level 2",
        (
            _level(2),
            SubFlow(
                "known factor",
                (
                    Execution("conditional-user-configured"),
                    Execution("webauthn-authenticator", "ALTERNATIVE"),
                    Execution("auth-otp-form", "ALTERNATIVE"),
                    Execution("auth-recovery-authn-code-form", "ALTERNATIVE"),
                ),
            ),
            SubFlow(
                "first factor",
                (
                    Execution("conditional-sub-flow-executed"),
                    Execution("auth-otp-form"),
                ),
            ),
        ),
    ),
)


AFTER_PROVIDER_PREFIX = "udi-post-broker-"
AFTER_PROVIDER = (
    SubFlow("level 1", (_level(1), Execution("allow-access-authenticator"))),
    LEVELS[1],
)
"""After a login at an identity service of others: that is level 1, and level 2 is ours all the same."""


def apply_provider_flow(admin: RealmAdmin, *, second_factor: bool) -> str:
    """Build the flow that follows a login at an identity service of others; its alias, empty where there is no level 2.

    A former one is left by each provider of the realm, then deleted.
    """
    if not second_factor:
        return ""
    alias = f"{AFTER_PROVIDER_PREFIX}{_digest(AFTER_PROVIDER)}"
    flows = admin.get_authentication_flows()
    if any(
        flow["alias"] == alias and flow.get("description") == WHOLE for flow in flows
    ):
        return alias
    _delete(admin, alias)
    body = {"alias": alias, "providerId": "basic-flow", "topLevel": True}
    admin.create_authentication_flow({**body, "builtIn": False})
    for part in AFTER_PROVIDER:
        _add(admin, alias, part, alias)
    [built] = [
        flow for flow in admin.get_authentication_flows() if flow["alias"] == alias
    ]
    # The mark comes last: one that was built half-way is built again.
    admin.update_authentication_flow(built["id"], {**built, "description": WHOLE})
    _replace_provider_flow(admin, alias)
    return alias


def _replace_provider_flow(admin: RealmAdmin, alias: str) -> None:
    for provider in admin.get("identity-provider/instances", max=EVERYTHING) or []:
        former = str(provider.get("postBrokerLoginFlowAlias") or "")
        if former.startswith(AFTER_PROVIDER_PREFIX) and former != alias:
            path = f"identity-provider/instances/{provider['alias']}"
            admin.put(path, {**provider, "postBrokerLoginFlowAlias": alias})
    for flow in admin.get_authentication_flows():
        if flow["alias"].startswith(AFTER_PROVIDER_PREFIX) and flow["alias"] != alias:
            find_or_none(admin.delete_authentication_flow, flow["id"])


def apply_browser_flow(admin: RealmAdmin, *, second_factor: bool) -> ProvisionChange:
    """Bind the flow that is wanted; without `second_factor`, Keycloak's own."""
    bound = str(admin.get_realm(admin.realm)["browserFlow"])
    flow_alias = f"{PREFIX}{_digest(LEVELS)}" if second_factor else USUAL
    if bound == flow_alias or (not second_factor and not bound.startswith(PREFIX)):
        return ProvisionChange("login flow", bound, "unchanged")
    if second_factor:
        _delete(admin, flow_alias)
        _build(admin, flow_alias)
    admin.update_realm(admin.realm, {"browserFlow": flow_alias})
    for flow in admin.get_authentication_flows():
        if flow["alias"].startswith(PREFIX) and flow["alias"] != flow_alias:
            find_or_none(admin.delete_authentication_flow, flow["id"])
    return ProvisionChange("login flow", flow_alias, "updated")


def _digest(levels: Sequence[SubFlow]) -> str:
    return hashlib.sha256(repr(levels).encode()).hexdigest()[:8]


def _delete(admin: RealmAdmin, alias: str) -> None:
    """Delete what a former try left."""
    for flow in admin.get_authentication_flows():
        if flow["alias"] == alias:
            find_or_none(admin.delete_authentication_flow, flow["id"])


def _build(admin: RealmAdmin, alias: str) -> None:
    admin.copy_authentication_flow({"newName": alias}, USUAL)
    forms = f"{alias} forms"
    for step in _steps(admin, forms):
        if step.get("providerId") == PASSWORD or CONDITIONAL_FACTOR in str(
            step.get("displayName")
        ):
            find_or_none(admin.delete_authentication_flow_execution, step["id"])
    for part in LEVELS:
        _add(admin, forms, part, alias)


def _add(admin: RealmAdmin, parent: str, part: Execution | SubFlow, alias: str) -> None:
    before = {step["id"] for step in _steps(admin, parent)}
    if isinstance(part, SubFlow):
        name = f"{alias} {part.name}"
        body = {
            "alias": name,
            "type": "basic-flow",
            "provider": "registration-page-form",
            "description": "",
        }
        admin.create_authentication_flow_subflow(body, parent)
    else:
        admin.create_authentication_flow_execution({"provider": part.provider}, parent)
    [execution] = [step for step in _steps(admin, parent) if step["id"] not in before]
    admin.update_authentication_flow_executions(
        {**execution, "requirement": part.requirement}, parent
    )
    if isinstance(part, SubFlow):
        for child in part.parts:
            _add(admin, f"{alias} {part.name}", child, alias)
    elif config := _config(part, alias):
        name = f"{parent} {part.provider}"
        admin.create_execution_config(
            execution["id"], {"alias": name, "config": config}
        )


def _config(part: Execution, alias: str) -> dict[str, str]:
    if part.provider == "conditional-sub-flow-executed":
        return {
            "flow_to_check": f"{alias} known factor",
            "check_result": "not-executed",
        }
    return dict(part.config)


def _steps(admin: RealmAdmin, flow: str) -> list[dict[str, Any]]:
    """The steps of a flow itself, without those of its sub-flows.

    Raises:
        ProvisionError: there is no such flow.
    """
    executions = find_or_none(admin.get_authentication_flow_executions, flow)
    if executions is None:
        msg = f"Keycloak has no flow «{flow}»."
        raise ProvisionError(msg)
    return [step for step in executions if step.get("level") == 0]
