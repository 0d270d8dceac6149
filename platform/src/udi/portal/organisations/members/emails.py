"""The mails about members: an invitation, a request to the administrators, the answer to it."""

from zlib import crc32

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.notifications.emails import Translate, translator
from udi.portal.organisations.members.transitions import MembershipStage
from udi.portal.organisations.models import MembershipEntry, Organisation
from udi.ui.locale import localise
from udi.ui.site import Site


def write_entry(
    site: Site,
    territory: Territory,
    entry: MembershipEntry,
    organisation: Organisation,
    *,
    to: str,
    language: str,
    who: str,
) -> Email:
    """The mail that the present stage calls for; `who` asks or invites."""
    say = translator(site, language)
    where = localise(territory.name, language)
    write = {
        MembershipStage.INVITED: _invitation,
        MembershipStage.REQUESTED: _request,
        MembershipStage.JOINED: _admission,
        MembershipStage.REFUSED: _refusal,
    }[MembershipStage(entry.stage)]
    subject, parts = write(say, territory, entry, organisation, who, where)
    return Email(
        to=to,
        subject=subject,
        text="\n\n".join([say("Good morning,"), *filter(None, parts), where]) + "\n",
        language=language,
        id=f"entry-{entry.id}-{entry.stage}-{crc32(to.encode()):08x}",
        sender=site.settings.mail_sender or territory.contact,
        sender_name=where,
        reply_to=territory.contact,
    )


Words = tuple[str, list[str]]
"""Subject and paragraphs."""


def _page(territory: Territory, organisation: Organisation) -> str:
    return f"{territory.origin}/my-space/organisations/{organisation.slug}"


def _invitation(
    say: Translate,
    territory: Territory,
    entry: MembershipEntry,
    organisation: Organisation,
    who: str,
    where: str,
) -> Words:
    name = organisation.name
    address = f"{_page(territory, organisation)}/entries/{entry.id}"
    return say("%(name)s invites you", name=name), [
        say(
            "%(who)s invites you to work with %(name)s on the data of %(where)s.",
            who=who,
            name=name,
            where=where,
        ),
        say(
            "Answer here; if you have no account yet, make one with this mail address: %(address)s",
            address=address,
        ),
        say(
            "If you expect nothing of the kind, ignore this mail: nothing happens without your answer."
        ),
    ]


def _request(
    say: Translate,
    territory: Territory,
    entry: MembershipEntry,
    organisation: Organisation,
    who: str,
    _where: str,
) -> Words:
    name = organisation.name
    return say("%(who)s asks to become a member of %(name)s", who=who, name=name), [
        say(
            "%(who)s asks to become a member of %(name)s, which you administer.",
            who=who,
            name=name,
        ),
        entry.words,
        say("Answer on its page: %(address)s", address=_page(territory, organisation)),
    ]


def _admission(
    say: Translate,
    territory: Territory,
    _entry: MembershipEntry,
    organisation: Organisation,
    _who: str,
    _where: str,
) -> Words:
    again = f"{territory.origin}/login?again=true&back=/my-space"
    return say("You are a member of %(name)s", name=organisation.name), [
        say("%(name)s accepts your request.", name=organisation.name),
        say("It shows once you log in again: %(address)s", address=again),
    ]


def _refusal(
    say: Translate,
    _territory: Territory,
    entry: MembershipEntry,
    organisation: Organisation,
    _who: str,
    _where: str,
) -> Words:
    return say("%(name)s did not accept your request", name=organisation.name), [
        say("An administrator of %(name)s says why:", name=organisation.name),
        entry.words,
        say("To talk about it, write to %(email)s.", email=organisation.email),
    ]
