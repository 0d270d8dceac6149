"""What a person does: ask that their organisation publish here, correct what they asked, take it back."""

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, Refusal, TooManyError
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.organisations.joining import registries
from udi.portal.organisations.joining.queries import find_open_twin, find_same_number
from udi.portal.organisations.joining.states import OPEN, Event, State, follow
from udi.portal.organisations.models import KINDS, Application, Choice

TELL = "tell_application"
MAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
MOST_OPEN = 5
LONGEST_NAME, LONGEST_MAIL, LONGEST_URL = 150, 254, 500
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('joining ' || app.current_tenant()::text, 0))"


@dataclass(frozen=True)
class Asked:
    """What the form says of an organisation, as it was typed."""

    name: str = ""
    country: str = registries.FRANCE
    registry_number: str = ""
    kind: str = ""
    email: str = ""
    url: str = ""
    choice: str = Choice.HOSTED
    charter: bool = False

    def tidy(self) -> "Asked":
        """The same without what a keyboard or a copy adds."""
        return replace(
            self,
            name=" ".join(self.name.split()),
            country=registries.FRANCE if self.country == registries.FRANCE else "",
            registry_number=registries.tidy(self.registry_number),
            email=self.email.strip(),
            url=self.url.strip(),
        )


def check(asked: Asked) -> None:
    """Look at what was typed, tidied.

    Raises:
        InvalidError: a field is wrong, each named.
    """
    refusals = []
    if not (0 < len(asked.name) <= LONGEST_NAME and asked.name.isprintable()):
        refusals.append(Refusal("name", "The official name is missing, or very long.", "Give 1 to 150 characters."))
    if wrong := registries.check_number(asked.country, asked.registry_number):
        refusals.append(wrong)
    if asked.kind and asked.kind not in KINDS:
        refusals.append(Refusal("kind", "There is no such kind of organisation.", "Choose one of the list, or none."))
    if not MAIL.fullmatch(asked.email) or len(asked.email) > LONGEST_MAIL:
        refusals.append(
            Refusal(
                "email", "This is not a mail address.", "Give one such as data@town.example, which a service reads."
            )
        )
    if asked.url and not _is_site(asked.url):
        refusals.append(Refusal("url", "This is not a web address.", "Write it as https://www.town.example."))
    if asked.choice not in set(Choice):
        refusals.append(Refusal("choice", "It is not said where the data will be.", "Choose one of the three."))
    if not asked.charter:
        refusals.append(
            Refusal("charter", "The charter is for everybody who publishes here.", "Read it, then tick the box.")
        )
    if refusals:
        raise InvalidError("Nothing was sent yet.", refusals=refusals)


def _is_site(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    plain = url.isprintable() and " " not in url and "@" not in parts.netloc
    return parts.scheme in {"http", "https"} and "." in host and plain and len(url) <= LONGEST_URL


async def ask(session: AsyncSession, actor: Actor, asked: Asked, *, language: str) -> Application:
    """Ask the territory's team that an organisation publish here; it is told by mail.

    Raises:
        InvalidError: a field is wrong, or the organisation is here, or asked for already.
        TooManyError: the person has as many requests open as one may.
    """
    check(asked := asked.tidy())
    await session.execute(text(LOCK))
    own = (Application.person_id == actor.person_id, Application.state.in_(OPEN))
    if (await session.scalar(select(func.count()).where(*own)) or 0) >= MOST_OPEN:
        raise TooManyError(
            "You have %(most)s requests that wait for an answer, which is as many as one may.",
            remedy="Take one back, or wait for the team’s answer.",
            values={"most": MOST_OPEN},
        )
    application = Application(person_id=actor.person_id, language=language, asked_at=now(), revision=1)
    _fill(application, asked)
    await _refuse_known(session, actor, application)
    session.add(application)
    await session.flush()
    await _tell_team(session, application)
    audit.record(session, actor, "application.asked", application.id)
    return application


async def correct(
    session: AsyncSession, actor: Actor, application: Application, asked: Asked, *, language: str
) -> None:
    """Send a request again, corrected; the team reads the new one.

    Raises:
        InvalidError: a field is wrong, or the organisation is here, or asked for already.
        ConflictError: it was approved or taken back.
    """
    state = follow(application.state, Event.CORRECT)
    check(asked := asked.tidy())
    await session.execute(text(LOCK))
    _fill(application, asked)
    with session.no_autoflush:
        await _refuse_known(session, actor, application)
    application.state, application.asked_at, application.language = state, now(), language
    application.revision += 1
    await session.flush()
    await _tell_team(session, application)
    audit.record(session, actor, "application.corrected", application.id)


async def withdraw(session: AsyncSession, actor: Actor, application: Application) -> None:
    """Take a request back.

    Raises:
        ConflictError: it was decided, or taken back before.
    """
    application.state = follow(application.state, Event.WITHDRAW)
    application.decided_at = now()
    await session.flush()
    audit.record(session, actor, "application.withdrawn", application.id)


def _fill(application: Application, asked: Asked) -> None:
    application.state = application.state or State.ASKED
    for name in ("name", "country", "registry_number", "kind", "email", "url", "choice"):
        setattr(application, name, getattr(asked, name))


async def _refuse_known(session: AsyncSession, actor: Actor, application: Application) -> None:
    """One organisation stands here once."""
    known = await find_same_number(session, application.country, application.registry_number)
    if known is not None:
        refusal = Refusal(
            registries.FIELD, "%(name)s has this number and is here already.",
            "Ask to become a member of it: whoever manages it decides.", values={"name": known.name},
        )  # fmt: skip
        raise InvalidError("This organisation is here already.", refusals=[refusal])
    twin = await find_open_twin(session, application)
    if twin is None:
        return
    if twin.person_id == actor.person_id:
        raise ConflictError(
            "You asked for this organisation already, and the team has still to answer.",
            remedy="Look at your request under “Join as a producer”: you can correct it there.",
        )
    refusal = Refusal(
        registries.FIELD if application.registry_number else "name",
        "Somebody asked for this organisation already, and the team has still to answer.",
        "Write to the team if you should be the one; once it is here, ask to become a member.",
    )
    raise InvalidError("This organisation is asked for already.", refusals=[refusal])


async def _tell_team(session: AsyncSession, application: Application) -> None:
    payload = {"application": str(application.id), "revision": application.revision}
    await jobs.enqueue(session, TELL, {**payload, "event": "asked"})
