"""What a person does: ask that their organisation publish here, correct what they asked, take it back."""

from dataclasses import dataclass, replace

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import (
    ConflictError,
    InvalidError,
    Refusal,
    Refusals,
    TooManyRequestsError,
)
from udi.kit.identity import Actor
from udi.kit.mail_addresses import is_mail_address
from udi.kit.web_addresses import is_web_address
from udi.portal import audit
from udi.portal.organisations.joining import registries
from udi.portal.organisations.joining.identity_checks import (
    FIELD,
    check_number,
    legal_person_key,
    list_identity_checks,
)
from udi.portal.organisations.joining.queries import (
    find_by_registry_number,
    find_open_duplicate,
)
from udi.portal.organisations.joining.transitions import (
    APPLICATION,
    OPEN,
    ApplicationEvent,
)
from udi.portal.organisations.models import (
    KINDS,
    Application,
    ApplicationState,
    HostingChoice,
    Organisation,
)
from udi.portal.organisations.queries import find_organisation

NOTIFY_APPLICATION = "tell_application"
MOST_OPEN = 5
LONGEST_NAME = 150
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('joining ' || app.current_tenant()::text, 0))"


@dataclass(frozen=True)
class ApplicationInput:
    """What the form says of an organisation, as it was typed."""

    name: str = ""
    country: str = registries.FRANCE
    registry_number: str = ""
    kind: str = ""
    email: str = ""
    url: str = ""
    choice: str = HostingChoice.HOSTED
    charter: bool = False

    def tidy(self) -> "ApplicationInput":
        """The same without what a keyboard or a copy adds."""
        return replace(
            self,
            name=" ".join(self.name.split()),
            country=self.country if self.country in list_identity_checks() else "",
            registry_number=registries.normalise_number(self.registry_number),
            email=self.email.strip(),
            url=self.url.strip(),
        )


def check_application(application_input: ApplicationInput) -> None:
    """Look at what was typed, tidied.

    Raises:
        InvalidError: a field is wrong, each named.
    """
    refusals = [
        *_check_identity(application_input),
        *_check_contact(application_input),
    ]
    if application_input.choice not in set(HostingChoice):
        refusals.append(
            Refusal(
                "choice",
                "Where the data will be is missing.",
                "Choose one of the three.",
            )
        )
    if not application_input.charter:
        refusals.append(
            Refusal(
                "charter",
                "The charter is for everybody who publishes here.",
                "Read it, then tick the box.",
            )
        )
    if refusals:
        raise InvalidError("Nothing was sent yet.", refusals=refusals)


def _check_identity(application_input: ApplicationInput) -> list[Refusal]:
    """What is wrong with the name, the number of the register and the kind."""
    refusals = Refusals()
    if not (
        0 < len(application_input.name) <= LONGEST_NAME
        and application_input.name.isprintable()
    ):
        refusals.refuse(
            "name",
            "The official name is missing, or very long.",
            "Give 1 to 150 characters.",
        )
    if refusal := check_number(
        application_input.country, application_input.registry_number
    ):
        refusals.append(refusal)
    if application_input.kind and application_input.kind not in KINDS:
        refusals.refuse(
            "kind",
            "There is no such kind of organisation.",
            "Choose one of the list, or none.",
        )
    return refusals


def _check_contact(application_input: ApplicationInput) -> list[Refusal]:
    """What is wrong with the mail address and the web address."""
    refusals = Refusals()
    if not is_mail_address(application_input.email):
        refusals.refuse(
            "email",
            "This is not a mail address.",
            "Give one such as data@town.example, which a service reads.",
        )
    if application_input.url and not is_web_address(application_input.url):
        refusals.refuse(
            "url",
            "This is not a web address.",
            "Write it as https://www.town.example.",
        )
    return refusals


async def submit_application(
    session: AsyncSession,
    actor: Actor,
    application_input: ApplicationInput,
    *,
    language: str,
    claims: Organisation | None = None,
) -> Application:
    """Ask the territory's team that an organisation publish here; it is notified by mail.

    `claims`: the organisation that it is, which nobody has claimed yet; also found by its registry number.

    Raises:
        InvalidError: a field is wrong, or the organisation is here, or asked for already.
        TooManyRequestsError: the person has as many requests open as one may.
    """
    check_application(application_input := application_input.tidy())
    await session.execute(text(LOCK))
    conditions = (Application.person_id == actor.person_id, Application.state.in_(OPEN))
    if (
        await session.scalar(select(func.count()).where(*conditions)) or 0
    ) >= MOST_OPEN:
        raise TooManyRequestsError(
            "You have %(most)s requests that wait for an answer, which is the maximum.",
            remedy="Withdraw one, or wait for the team’s answer.",
            values={"most": MOST_OPEN},
        )
    application = Application(
        person_id=actor.person_id, language=language, submitted_at=now(), revision=1
    )
    _fill(application, application_input)
    application.claims_id = claims.id if claims else None
    await _reject_duplicate(session, actor, application)
    session.add(application)
    await session.flush()
    await _notify_team(session, application)
    audit.record(session, actor, "application.submitted", application.id)
    return application


async def correct_application(
    session: AsyncSession,
    actor: Actor,
    application: Application,
    application_input: ApplicationInput,
    *,
    language: str,
) -> None:
    """Send a request again, corrected; the team reads the new one.

    Raises:
        InvalidError: a field is wrong, or the organisation is here, or asked for already.
        ConflictError: it was approved or taken back.
    """
    state = APPLICATION.next_state(application.state, ApplicationEvent.CORRECT)
    check_application(application_input := application_input.tidy())
    await session.execute(text(LOCK))
    former = (application.country, application.registry_number)
    _fill(application, application_input)
    if (application.country, application.registry_number) != former:
        await _forget_other_number(session, application)
    with session.no_autoflush:
        await _reject_duplicate(session, actor, application)
    application.state = state
    application.submitted_at = now()
    application.language = language
    application.revision += 1
    await session.flush()
    await _notify_team(session, application)
    audit.record(session, actor, "application.corrected", application.id)


async def withdraw_application(
    session: AsyncSession, actor: Actor, application: Application
) -> None:
    """Take a request back.

    Raises:
        ConflictError: it was decided, or taken back before.
    """
    application.state = APPLICATION.next_state(
        application.state, ApplicationEvent.WITHDRAW
    )
    application.decided_at = now()
    await session.flush()
    audit.record(session, actor, "application.withdrawn", application.id)


def _fill(application: Application, application_input: ApplicationInput) -> None:
    application.state = application.state or ApplicationState.SUBMITTED
    for name in (
        "name",
        "country",
        "registry_number",
        "kind",
        "email",
        "url",
        "choice",
    ):
        setattr(application, name, getattr(application_input, name))


async def _forget_other_number(session: AsyncSession, application: Application) -> None:
    """An application under another number is no longer for the organisation of the former one."""
    with session.no_autoflush:
        claimed = await find_organisation(session, application.claims_id)
    if claimed and claimed.registry_number:
        theirs, ours = (
            (one.country, legal_person_key(one.country, one.registry_number))
            for one in (claimed, application)
        )
        if theirs != ours:
            application.claims_id = None


async def _reject_duplicate(
    session: AsyncSession, actor: Actor, application: Application
) -> None:
    """One organisation stands here once."""
    existing = await find_by_registry_number(
        session, application.country, application.registry_number
    )
    if existing is not None and existing.unclaimed:
        application.claims_id = existing.id
    elif existing is not None:
        refusal = Refusal(
            FIELD,
            "%(name)s has this number and is here already.",
            "Ask to become a member of it: whoever manages it decides.",
            values={"name": existing.name},
        )
        raise InvalidError("This organisation is here already.", refusals=[refusal])
    twin = await find_open_duplicate(session, application)
    if twin is None:
        return
    if twin.person_id == actor.person_id:
        raise ConflictError(
            "You asked for this organisation already, and the team has still to answer.",
            remedy="Look at your request under “Join as a producer”: you can correct it there.",
        )
    refusal = Refusal(
        FIELD if application.registry_number else "name",
        "Somebody asked for this organisation already, and the team has still to answer.",
        "Write to the team if you should be the one; once it is here, ask to become a member.",
    )
    raise InvalidError(
        "A request for this organisation exists already.", refusals=[refusal]
    )


async def _notify_team(session: AsyncSession, application: Application) -> None:
    payload = {"application": str(application.id), "revision": application.revision}
    await jobs.enqueue(session, NOTIFY_APPLICATION, {**payload, "event": "submitted"})
