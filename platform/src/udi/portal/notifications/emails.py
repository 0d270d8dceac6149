"""The mails: what changed, why it is told, and how to have no more of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.notifications.models import (
    ChangeKind,
    Digest,
    DigestRhythm,
    Following,
    Subscription,
    Webhook,
)
from udi.portal.notifications.tokens import unsubscribe_token
from udi.portal.notifications.topics import (
    ChangeSummary,
    TopicTarget,
    group_by_kind,
    topics_of,
)
from udi.ui.formats import display_date
from udi.ui.locale import localise
from udi.ui.site import Site

MOST_LISTED = 100
"""Things that one mail lists; the pages have the rest."""
Translate = Callable[..., str]


def translator(site: Site, language: str) -> Translate:
    """A function that says a message in a language, with its values."""

    def say(message: str, **values: object) -> str:
        text = site.pages.gettext(language, message)
        if values:
            return text % values
        return text

    return say


async def write_digest(
    site: Site,
    session: AsyncSession,
    territory: Territory,
    digest: Digest,
    subscription: Subscription,
    to: str,
    items: Sequence[ChangeSummary],
) -> Email:
    """The mail of a digest, in the person's language."""
    language = subscription.language
    say = translator(site, language)
    name = localise(territory.name, language)
    followed = {following.id: following for item in items for following in item.through}
    named = await name_followings(site, session, territory, followed.values(), language)
    stop = f"{territory.origin}/following/unsubscribe/{unsubscribe_token(site.settings, territory, subscription.id)}"
    parts = [
        say("Good morning,"),
        say(
            "Here is what changed in what you follow at %(territory)s.", territory=name
        ),
        *_list_changes(say, territory, items, named),
        *_reasons(say, territory, subscription, followed, named, language),
        say("To get no such mail any more: %(address)s", address=stop),
        name,
    ]
    return Email(
        to=to,
        subject=_subject(say, items),
        text="\n\n".join(parts) + "\n",
        language=language,
        id=f"digest-{digest.id}",
        sender=site.settings.mail_sender or territory.contact,
        sender_name=name,
        reply_to=territory.contact,
        unsubscribe=stop,
        list_id=f"following.{territory.hosts[0]}",
    )


def write_webhook_stopped_email(
    site: Site,
    territory: Territory,
    webhook: Webhook,
    *,
    to: str,
    language: str,
    at: str,
) -> Email:
    """The mail that says that a webhook is not called any more, and what to do."""
    say = translator(site, language)
    name = localise(territory.name, language)
    gone = webhook.reason == "gone"
    if gone:
        why = say("It answered that it is gone (410).")
    else:
        why = say("No attempt of three days succeeded.")
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
    return Email(
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
    site: Site,
    session: AsyncSession,
    territory: Territory,
    followings: Iterable[Following],
    language: str,
) -> dict[UUID, TopicTarget]:
    """What each following is called, by its identifier; what nobody knows any more has its own words."""
    named: dict[UUID, TopicTarget] = {}
    for kind, those in group_by_kind(followings).items():
        topic = topics_of(site.services).get(kind)
        targets = {following.target for following in those}
        if topic:
            names = await topic.name(session, territory, targets, language)
        else:
            names = {}
        named |= {
            following.id: names.get(
                following.target, TopicTarget(following.target, "/following", gone=True)
            )
            for following in those
        }
    return named


def kind_labels(say: Translate) -> Mapping[str, str]:
    """What each kind of following is called, before its name."""
    return {
        "dataset": say("dataset"),
        "producer": say("producer"),
        "theme": say("theme"),
        "search": say("search"),
    }


def _subject(say: Translate, items: Sequence[ChangeSummary]) -> str:
    if len(items) == 1:
        return say("What changed: %(title)s", title=items[0].change.title)
    return say(
        "What changed: %(title)s, and more (%(count)s in all)",
        title=items[0].change.title,
        count=len(items),
    )


def _list_changes(
    say: Translate,
    territory: Territory,
    items: Sequence[ChangeSummary],
    named: Mapping[UUID, TopicTarget],
) -> Iterator[str]:
    titles = {
        ChangeKind.PUBLISHED: say("New"),
        ChangeKind.UPDATED: say("Changed"),
        ChangeKind.WITHDRAWN: say("Withdrawn"),
    }
    for what, title in titles.items():
        matching_items = [item for item in items[:MOST_LISTED] if item.what == what]
        if matching_items:
            yield f"{title.upper()}\n\n" + "\n\n".join(
                _format_change(say, territory, item, named) for item in matching_items
            )
    if len(items) > MOST_LISTED:
        yield say(
            "And %(count)s more, on the pages of what you follow.",
            count=len(items) - MOST_LISTED,
        )


def _format_change(
    say: Translate,
    territory: Territory,
    item: ChangeSummary,
    named: Mapping[UUID, TopicTarget],
) -> str:
    words = kind_labels(say)
    through = ", ".join(
        say(
            "%(kind)s “%(title)s”",
            kind=words.get(following.kind, following.kind),
            title=named[following.id].title,
        )
        for following in item.through
    )
    address = f"{territory.origin}{item.change.path}"
    return "\n".join(
        [
            f"- {item.change.title}",
            f"  {address}",
            f"  {say('Through: %(followed)s', followed=through)}",
        ]
    )


def _reasons(
    say: Translate,
    territory: Territory,
    subscription: Subscription,
    followed: Mapping[UUID, Following],
    named: Mapping[UUID, TopicTarget],
    language: str,
) -> Iterator[str]:
    words = kind_labels(say)
    yield say("Why do I get this?").upper()
    yield (
        say("You follow:")
        + "\n"
        + "\n".join(
            say(
                "- %(kind)s “%(title)s”, since %(day)s",
                kind=words.get(following.kind, following.kind),
                title=named[key].title,
                day=display_date(following.created_at, language, zone=territory.zone),
            )
            for key, following in followed.items()
        )
    )
    weekly = subscription.rhythm == DigestRhythm.WEEKLY
    if weekly:
        often = say("You chose one mail a week at most, on Mondays.")
    else:
        often = say("You chose one mail a day at most.")
    yield (
        often
        + " "
        + say("To change this: %(address)s", address=f"{territory.origin}/following")
    )
