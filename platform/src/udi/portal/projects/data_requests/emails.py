"""The mails about requests for data: to producers and the team in the territory's first language, to people in theirs."""

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.notifications.emails import Translate, translator
from udi.portal.projects.data_requests.models import DataRequest
from udi.ui.formats import display_date
from udi.ui.locale import localise
from udi.ui.site import Site

EmailContent = tuple[str, list[str]]
"""Subject and paragraphs."""
FOR_PRODUCER = ("sent", "due")
FOR_TEAM = ("escalated",)


def write_email(
    site: Site,
    territory: Territory,
    request: DataRequest,
    what: str,
    *,
    to: str,
    whom: str,
    language: str,
) -> Email:
    """The mail that an event calls for; `whom` tells mails about one event to several apart."""
    say = translator(site, language)
    where = localise(territory.name, language)
    address = f"{territory.origin}/data-requests/{request.merged_into or request.id}"
    subject, parts = WRITERS[what](say, request, address, language)
    return Email(
        to=to,
        subject=subject,
        text="\n\n".join([say("Good morning,"), *parts, where]) + "\n",
        language=language,
        id=f"data-request-{request.id}-{what}-{request.revision}-{whom}",
        sender=site.settings.mail_sender or territory.contact,
        sender_name=where,
        reply_to="" if what in FOR_TEAM else territory.contact,
    )


def _write_request(
    say: Translate, request: DataRequest, address: str, language: str
) -> EmailContent:
    return say("Data are asked of you: %(title)s", title=request.title), [
        say("Somebody needs data that you may hold: “%(title)s”.", title=request.title),
        say(
            "State by %(date)s whether you publish them, when, or why not; or that you do not hold them: %(address)s",
            date=display_date(request.due_on, language),
            address=address,
        ),
    ]


def _write_reminder(
    say: Translate, request: DataRequest, address: str, language: str
) -> EmailContent:
    return say("Seven days to answer: %(title)s", title=request.title), [
        say(
            "“%(title)s” waits for your answer until %(date)s.",
            title=request.title,
            date=display_date(request.due_on, language),
        ),
        say(
            "Without one, the territory’s team is told. Answer here: %(address)s",
            address=address,
        ),
    ]


def _write_escalation(
    say: Translate, request: DataRequest, address: str, _language: str
) -> EmailContent:
    return say("Nobody answers: %(title)s", title=request.title), [
        say(
            "The request for data “%(title)s” has no producer that answers it.",
            title=request.title,
        ),
        say(
            "Send it to one that may hold these data, or answer it: %(address)s",
            address=address,
        ),
    ]


def _write_promise(
    say: Translate, request: DataRequest, address: str, language: str
) -> EmailContent:
    if request.promised_on:
        day = display_date(request.promised_on, language)
    else:
        day = ""
    return say("Promised: %(title)s", title=request.title), [
        say(
            "The data that you need, “%(title)s”, are promised for %(date)s.",
            title=request.title,
            date=day,
        ),
        request.answer,
        say("Follow it here: %(address)s", address=address),
    ]


def _write_refusal(
    say: Translate, request: DataRequest, address: str, _language: str
) -> EmailContent:
    return say("Declined: %(title)s", title=request.title), [
        say(
            "The data that you need, “%(title)s”, will not be published. It says why:",
            title=request.title,
        ),
        request.answer,
        say(
            "Its page, where the territory’s team may be asked: %(address)s",
            address=address,
        ),
    ]


def _write_delivery(
    say: Translate, request: DataRequest, address: str, _language: str
) -> EmailContent:
    return say("Here they are: %(title)s", title=request.title), [
        say("The data that you need, “%(title)s”, are published.", title=request.title),
        request.answer,
        say("Find them from here: %(address)s", address=address),
    ]


def _write_merge(
    say: Translate, request: DataRequest, address: str, _language: str
) -> EmailContent:
    return say("Joined with another request: %(title)s", title=request.title), [
        say(
            "“%(title)s” was joined with another request for the same data, which you now support.",
            title=request.title,
        ),
        say("Follow it there: %(address)s", address=address),
    ]


def _write_hiding(
    say: Translate, request: DataRequest, address: str, _language: str
) -> EmailContent:
    return say("Your request is hidden: %(title)s", title=request.title), [
        say(
            "The territory’s team took your request “%(title)s” off the board. It says why:",
            title=request.title,
        ),
        request.answer,
        say("You still see your request here: %(address)s", address=address),
        say("Answering this mail writes to the team."),
    ]


WRITERS = {
    "sent": _write_request,
    "due": _write_reminder,
    "escalated": _write_escalation,
    "promised": _write_promise,
    "declined": _write_refusal,
    "delivered": _write_delivery,
    "merged": _write_merge,
    "hidden": _write_hiding,
}
