"""The mails: what changed, why it is told, and how to have no more of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
from udi.ui.emails import EmailRecipient
from udi.ui.site import Site

MOST_LISTED = 100
"""Things that one mail lists; the pages have the rest."""


@dataclass(frozen=True)
class FollowedTarget:
    """What a person follows, as a mail names it, and since when."""

    kind: str
    title: str
    since: datetime


@dataclass(frozen=True)
class DigestItem:
    """One thing that changed, its page, and through what the person knows of it."""

    title: str
    address: str
    followed: Sequence[FollowedTarget]


@dataclass(frozen=True)
class DigestSection:
    """The things to which the same happened."""

    kind: str
    changes: Sequence[DigestItem]


async def write_digest(
    site: Site,
    session: AsyncSession,
    territory: Territory,
    digest: Digest,
    subscription: Subscription,
    recipient: EmailRecipient,
    items: Sequence[ChangeSummary],
) -> Email:
    """The mail of a digest, in the person's language."""
    followings = {
        following.id: following for item in items for following in item.through
    }
    names = await name_followings(
        site, session, territory, followings.values(), recipient.language
    )
    targets = {
        key: FollowedTarget(following.kind, names[key].title, following.created_at)
        for key, following in followings.items()
    }
    token = unsubscribe_token(site.settings, territory, subscription.id)
    return site.emails.render(
        territory,
        "notifications/emails/digest.jinja",
        recipient,
        key=f"digest-{digest.id}",
        unsubscribe=f"{territory.origin}/following/unsubscribe/{token}",
        list_name="following",
        title=items[0].change.title,
        total=len(items),
        sections=_make_sections(territory, items[:MOST_LISTED], targets),
        more=max(0, len(items) - MOST_LISTED),
        followings=list(targets.values()),
        weekly=subscription.rhythm == DigestRhythm.WEEKLY,
        address=f"{territory.origin}/following",
    )


def _make_sections(
    territory: Territory,
    items: Sequence[ChangeSummary],
    targets: Mapping[UUID, FollowedTarget],
) -> list[DigestSection]:
    sections = []
    for kind in (ChangeKind.PUBLISHED, ChangeKind.UPDATED, ChangeKind.WITHDRAWN):
        changes = [
            DigestItem(
                item.change.title,
                f"{territory.origin}{item.change.path}",
                [targets[following.id] for following in item.through],
            )
            for item in items
            if item.event == kind
        ]
        if changes:
            sections.append(DigestSection(kind.value, changes))
    return sections


def write_webhook_stopped_email(
    site: Site,
    territory: Territory,
    webhook: Webhook,
    recipient: EmailRecipient,
    *,
    at: str,
) -> Email:
    """The mail that says that a webhook is not called any more, and what to do."""
    moment = at.translate(str.maketrans("", "", ":+"))
    return site.emails.render(
        territory,
        "notifications/emails/webhook-stopped.jinja",
        recipient,
        key=f"webhook-{webhook.id}-{moment}",
        url=webhook.url,
        gone=webhook.reason == "gone",
        address=f"{territory.origin}/following/webhooks/{webhook.id}",
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
