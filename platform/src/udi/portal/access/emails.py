"""The mails of access: that something is to be read or done, and where. What people wrote stays behind the login."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID
from zlib import crc32

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.notifications.emails import Translate, translator
from udi.ui.locale import localise
from udi.ui.site import Site


@dataclass(frozen=True)
class AccessEmailContext:
    """What a mail may say: titles, names of organisations, a day, an address of the portal. Nothing else goes in."""

    subject: UUID
    path: str
    dataset: str
    producer: str
    day: str = ""


Write = Callable[[Translate, AccessEmailContext], tuple[str, str]]
"""Subject and sentence."""


def _received_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say("A request for “%(title)s”", title=about.dataset), say(
        "Somebody asks to read “%(title)s”. Your answer is due by %(day)s.",
        title=about.dataset,
        day=about.day,
    )


def _answer_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say("An answer comes about “%(title)s”", title=about.dataset), say(
        "The person who asked to read “%(title)s” answered you. Your decision is due by %(day)s.",
        title=about.dataset,
        day=about.day,
    )


def _acceptance_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say("Your offer for “%(title)s” is accepted", title=about.dataset), say(
        "The agreement about “%(title)s” is made, and the node is notified.",
        title=about.dataset,
    )


def _withdrawal_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say("A request for “%(title)s” was withdrawn", title=about.dataset), say(
        "Nothing is to be done about it."
    )


def _message_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say("A message about “%(title)s”", title=about.dataset), say(
        "The other side of the request for “%(title)s” wrote to you.",
        title=about.dataset,
    )


def _question_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say(
        "A question about your request for “%(title)s”", title=about.dataset
    ), say(
        "%(name)s asks you something before it decides. Without an answer by %(day)s, the request lapses.",
        name=about.producer,
        day=about.day,
    )


def _offer_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say("An offer for “%(title)s”", title=about.dataset), say(
        "%(name)s offers you other terms than those you asked. Without an answer by %(day)s, the request lapses.",
        name=about.producer,
        day=about.day,
    )


def _grant_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say("Your request for “%(title)s” is granted", title=about.dataset), say(
        "%(name)s grants what you asked: the agreement is made, and says how the data are read.",
        name=about.producer,
    )


def _refusal_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say(
        "Your request for “%(title)s” was not granted", title=about.dataset
    ), say(
        "%(name)s says why on its page, where you may correct your request and ask again.",
        name=about.producer,
    )


def _lapse_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say("Your request for “%(title)s” has lapsed", title=about.dataset), say(
        "What %(name)s asked or offered had no answer in time. You may ask again.",
        name=about.producer,
    )


def _reminder_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say("Your request for “%(title)s” waits for you", title=about.dataset), say(
        "%(name)s waits for your answer. Without it by %(day)s, the request lapses.",
        name=about.producer,
        day=about.day,
    )


def _answer_due_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say("An answer is due about “%(title)s”", title=about.dataset), say(
        "A request for “%(title)s” waits for your decision, by %(day)s.",
        title=about.dataset,
        day=about.day,
    )


def _late_answer_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say("An answer about “%(title)s” is late", title=about.dataset), say(
        "%(name)s promised an answer by %(day)s. The territory’s team is told, and reminds it.",
        name=about.producer,
        day=about.day,
    )


def _suspension_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say("The access to “%(title)s” is suspended", title=about.dataset), say(
        "%(name)s says why on the page of the agreement. Nothing is read meanwhile.",
        name=about.producer,
    )


def _resumption_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say("The access to “%(title)s” is open again", title=about.dataset), say(
        "The data may be read again, under the same agreement."
    )


def _revocation_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say("The access to “%(title)s” was closed", title=about.dataset), say(
        "%(name)s says why on the page of the agreement. What you keep of the data follows what was agreed.",
        name=about.producer,
    )


def _notice_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say(
        "The access to “%(title)s” closes on %(day)s",
        title=about.dataset,
        day=about.day,
    ), say(
        "%(name)s gave notice, and says why on the page of the agreement.",
        name=about.producer,
    )


def _renunciation_email(say: Translate, about: AccessEmailContext) -> tuple[str, str]:
    return say("An access to “%(title)s” was given up", title=about.dataset), say(
        "The project needs the data no more: its agreement is over."
    )


def _agreement_ended_email(
    say: Translate, about: AccessEmailContext
) -> tuple[str, str]:
    return say("The agreement about “%(title)s” is over", title=about.dataset), say(
        "The date agreed is past: the access ended automatically."
    )


def _agreement_ending_email(
    say: Translate, about: AccessEmailContext
) -> tuple[str, str]:
    return say(
        "The agreement about “%(title)s” ends on %(day)s",
        title=about.dataset,
        day=about.day,
    ), say(
        "If you still need the data and the terms let you renew it, ask now: the page of the agreement says how."
    )


KINDS: dict[str, Write] = {
    "correct": _received_email,
    "answer": _answer_email,
    "accept": _acceptance_email,
    "withdraw": _withdrawal_email,
    "message": _message_email,
    "question": _question_email,
    "counter": _offer_email,
    "grant": _grant_email,
    "refuse": _refusal_email,
    "lapse": _lapse_email,
    "nudge": _reminder_email,
    "due": _answer_due_email,
    "late": _late_answer_email,
    "suspended": _suspension_email,
    "resumed": _resumption_email,
    "revoked": _revocation_email,
    "closed": _revocation_email,
    "revoking": _notice_email,
    "given_up": _renunciation_email,
    "ended": _agreement_ended_email,
    "ending": _agreement_ending_email,
}


def write_email(
    site: Site,
    territory: Territory,
    kind: str,
    about: AccessEmailContext,
    *,
    to: str,
    language: str,
    key: str,
) -> Email:
    """One mail to one address; `key` tells one occasion from another of the same kind."""
    say = translator(site, language)
    where = localise(territory.name, language)
    subject, sentence = KINDS[kind](say, about)
    address = f"{territory.origin}{about.path}"
    return Email(
        to=to,
        subject=subject,
        text="\n\n".join(
            [
                say("Good morning,"),
                sentence,
                say("Its page: %(address)s", address=address),
                where,
            ]
        )
        + "\n",
        language=language,
        id=f"access-{about.subject}-{kind}-{key}-{crc32(to.encode()):08x}",
        sender=site.settings.mail_sender or territory.contact,
        sender_name=where,
        reply_to=territory.contact,
    )
