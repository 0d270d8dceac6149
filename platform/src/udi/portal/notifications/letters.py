"""The mails: what changed, why it is told, and how to have no more of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.mail import Mail
from udi.kit.tenancy import Territory
from udi.portal.notifications.models import Digest, Following, Rhythm, Subscription, Webhook, What
from udi.portal.notifications.tokens import unsubscribe_token
from udi.portal.notifications.topics import Named, Told, by_kind
from udi.ui.formats import say_date
from udi.ui.locale import localised
from udi.ui.site import Site

MOST_TOLD = 100
"""Things that one mail lists; the pages have the rest."""
Say = Callable[..., str]


def speaker(site: Site, language: str) -> Say:
    """A function that says a message in a language, with its values."""

    def say(message: str, **values: object) -> str:
        text = site.pages.gettext(language, message)
        return text % values if values else text

    return say


async def write_digest(
    site: Site,
    session: AsyncSession,
    territory: Territory,
    digest: Digest,
    subscription: Subscription,
    to: str,
    told: Sequence[Told],
) -> Mail:
    """The mail of a digest, in the person's language."""
    language = subscription.language
    say, name = speaker(site, language), localised(territory.name, language)
    followed = {following.id: following for each in told for following in each.through}
    named = await name_followings(site, session, territory, followed.values(), language)
    stop = f"{territory.origin}/following/unsubscribe/{unsubscribe_token(site.settings, territory, subscription.id)}"
    parts = [
        say("Good morning,"),
        say("Here is what changed in what you follow at %(territory)s.", territory=name),
        *_told(say, territory, told, named),
        *_reasons(say, territory, subscription, followed, named, language),
        say("To get no such mail any more: %(address)s", address=stop),
        name,
    ]
    return Mail(
        to=to,
        subject=_subject(say, told),
        text="\n\n".join(parts) + "\n",
        language=language,
        id=f"digest-{digest.id}",
        sender=site.settings.mail_sender or territory.contact,
        sender_name=name,
        reply_to=territory.contact,
        unsubscribe=stop,
        list_id=f"following.{territory.hosts[0]}",
    )


def write_stopped(site: Site, territory: Territory, webhook: Webhook, *, to: str, language: str, at: str) -> Mail:
    """The mail that says that a webhook is not called any more, and what to do."""
    say, name = speaker(site, language), localised(territory.name, language)
    gone = webhook.reason == "gone"
    why = say("It answered that it is gone (410).") if gone else say("No attempt of three days succeeded.")
    parts = [
        say("Good morning,"),
        say("Your webhook %(url)s is not told what changes any more.", url=webhook.url),
        why,
        say(
            "Once it answers again, start it on its page: %(address)s",
            address=f"{territory.origin}/following/webhooks/{webhook.id}",
        ),
        name,
    ]
    return Mail(
        to=to,
        subject=say("A webhook of yours stopped"),
        text="\n\n".join(parts) + "\n",
        language=language,
        id=f"webhook-{webhook.id}-{at.translate(str.maketrans('', '', ':+'))}",
        sender=site.settings.mail_sender or territory.contact,
        sender_name=name,
        reply_to=territory.contact,
    )


async def name_followings(
    site: Site, session: AsyncSession, territory: Territory, followings: Iterable[Following], language: str
) -> dict[UUID, Named]:
    """What each following is called, by its identifier; what nobody knows any more has its own words."""
    named: dict[UUID, Named] = {}
    for kind, those in by_kind(followings).items():
        topic, targets = site.parts["topics"].get(kind), {each.target for each in those}
        names = await topic.name(session, territory, targets, language) if topic else {}
        named |= {each.id: names.get(each.target, Named(each.target, "/following", gone=True)) for each in those}
    return named


def kinds(say: Say) -> Mapping[str, str]:
    """What each kind of following is called, before its name."""
    return {
        "dataset": say("dataset"),
        "producer": say("producer"),
        "theme": say("theme"),
        "search": say("search"),
    }


def _subject(say: Say, told: Sequence[Told]) -> str:
    if len(told) == 1:
        return say("What changed: %(title)s", title=told[0].change.title)
    return say("What changed: %(title)s, and more (%(count)s in all)", title=told[0].change.title, count=len(told))


def _told(say: Say, territory: Territory, told: Sequence[Told], named: Mapping[UUID, Named]) -> Iterator[str]:
    titles = {What.PUBLISHED: say("New"), What.UPDATED: say("Changed"), What.WITHDRAWN: say("Withdrawn")}
    for what, title in titles.items():
        found = [each for each in told[:MOST_TOLD] if each.what == what]
        if found:
            yield f"{title.upper()}\n\n" + "\n\n".join(_thing(say, territory, each, named) for each in found)
    if len(told) > MOST_TOLD:
        yield say("And %(count)s more, on the pages of what you follow.", count=len(told) - MOST_TOLD)


def _thing(say: Say, territory: Territory, told: Told, named: Mapping[UUID, Named]) -> str:
    words = kinds(say)
    through = ", ".join(
        say("%(kind)s “%(title)s”", kind=words.get(each.kind, each.kind), title=named[each.id].title)
        for each in told.through
    )
    address = f"{territory.origin}{told.change.path}"
    return "\n".join([f"- {told.change.title}", f"  {address}", f"  {say('Through: %(followed)s', followed=through)}"])


def _reasons(
    say: Say,
    territory: Territory,
    subscription: Subscription,
    followed: Mapping[UUID, Following],
    named: Mapping[UUID, Named],
    language: str,
) -> Iterator[str]:
    words = kinds(say)
    yield say("Why do I get this?").upper()
    yield (
        say("You follow:")
        + "\n"
        + "\n".join(
            say(
                "- %(kind)s “%(title)s”, since %(day)s",
                kind=words.get(each.kind, each.kind),
                title=named[key].title,
                day=say_date(each.created_at, language, zone=territory.zone),
            )
            for key, each in followed.items()
        )
    )
    weekly = subscription.rhythm == Rhythm.WEEKLY
    often = (
        say("You chose one mail a week at most, on Mondays.") if weekly else say("You chose one mail a day at most.")
    )
    yield often + " " + say("To change this: %(address)s", address=f"{territory.origin}/following")
