"""Mails from templates: one template a mail, shown as text and as HTML in the language of who reads it.

A template extends `layout` and fills `subject` and `body` with the parts of `mail` (`paragraph`, `action` …), which
`ui/emails/parts.txt` and `ui/emails/parts.html` show each in its way: both parts of a mail say the same.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from udi.kit.emails import LOGO_ADDRESS, Email
from udi.kit.sessions import PersonColumns
from udi.kit.tenancy import Territory
from udi.settings import Settings
from udi.ui import formats
from udi.ui.locale import LANGUAGES, SOURCE, localise
from udi.ui.logo_pictures import mail_logo_size
from udi.ui.pages import PageRenderer
from udi.ui.theme import colours

EMPTY_LINES = re.compile(r"\n\s*\n+")
Format = Literal["txt", "html"]


@dataclass(frozen=True)
class EmailRecipient:
    """Who a mail goes to: the address, the language that they read, and their name where we know it."""

    address: str
    language: str
    name: str = ""


def person_recipient(
    territory: Territory, person: PersonColumns, language: str = ""
) -> EmailRecipient:
    """A person, in the language given; else in theirs where the territory speaks it, else in its first."""
    if not language and person.locale in territory.languages:
        language = person.locale
    return EmailRecipient(person.email, language or territory.languages[0], person.name)


def team_recipient(territory: Territory) -> EmailRecipient:
    """The territory's team, at its contact, in its first language."""
    return EmailRecipient(territory.contact, territory.languages[0])


class EmailRenderer:
    """Writes the mails of a program with its templates and catalogues."""

    def __init__(self, pages: PageRenderer, settings: Settings) -> None:
        self._pages = pages
        self._settings = settings

    def render(
        self,
        territory: Territory,
        template: str,
        recipient: EmailRecipient,
        *,
        key: str,
        reply_to: str | None = None,
        unsubscribe: str = "",
        list_name: str = "",
        **context: Any,
    ) -> Email:
        """The mail of a template, "<domain>/emails/<name>.jinja".

        Args:
            key: the same for the same occasion, so that a mail that is sent again is seen once.
            reply_to: whom an answer reaches; None for the territory's contact, and nobody for mails to it.
            unsubscribe: address that stops such mails, when a form is posted there (RFC 8058).
            list_name: what such mails belong to, for those that come again and again (RFC 2919).
        """
        language = recipient.language if recipient.language in LANGUAGES else SOURCE
        if reply_to is None and recipient.address != territory.contact:
            reply_to = territory.contact
        values = {
            "territory_name": localise(territory.name, language),
            "origin": territory.origin,
            "zone": territory.zone,
            "name": recipient.name,
            "colours": colours(territory.theme),
            "logo_address": LOGO_ADDRESS,
            "logo_size": mail_logo_size(territory),
            "unsubscribe": unsubscribe,
            "reaches_team": reply_to == territory.contact,
            **context,
        }
        with formats.in_zone(territory.zone):
            subject = self._render_subject(language, template, values)
            text = self._render_part(language, template, "txt", values)
            html = self._render_part(language, template, "html", values)
        return Email(
            to=recipient.address,
            subject=subject,
            text=EMPTY_LINES.sub("\n\n", text).strip() + "\n",
            html=html,
            language=language,
            id=key,
            sender=self._settings.mail_sender
            or territory.mail_sender.get("address")
            or territory.contact,
            sender_name=territory.mail_sender.get("name") or values["territory_name"],
            reply_to=reply_to or "",
            unsubscribe=unsubscribe,
            list_id=f"{list_name}.{territory.hosts[0]}" if list_name else "",
        )

    def _render_subject(self, language: str, name: str, values: dict[str, Any]) -> str:
        template = self._pages.text_environment(language).get_template(name)
        block = template.blocks["subject"]
        return "".join(block(template.new_context(values))).strip()

    def _render_part(
        self, language: str, name: str, kind: Format, values: dict[str, Any]
    ) -> str:
        if kind == "txt":
            environment = self._pages.text_environment(language)
        else:
            environment = self._pages.environment(language)
        parts = environment.get_template(f"ui/emails/parts.{kind}").make_module(values)
        given = {**values, "layout": f"ui/emails/layout.{kind}", "mail": parts}
        return environment.get_template(name).render(given)
