"""Ready letters to data protection officers: one for each right, made from the address alone and kept nowhere."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from udi.kit.mail_addresses import mail_url
from udi.kit.tenancy import Territory
from udi.portal.organisations.models import Organisation
from udi.portal.selfdata.queries import Register
from udi.protocol.deadlines import answer_day, country_of_zone
from udi.protocol.subject_requests import SubjectRight

Say = Callable[[str], str]


@dataclass(frozen=True)
class Letter:
    """What somebody writes to one organisation, with gaps in brackets that they fill in themselves."""

    register: Register
    subject: str
    paragraphs: tuple[str, ...]
    due_on: date
    """The last day for an answer, were it received today."""
    extended_on: date

    @property
    def text(self) -> str:
        """The letter to copy."""
        return "\n\n".join(self.paragraphs)

    @property
    def mail_address(self) -> str:
        """An address that opens the letter in a mail program; empty where the organisation has none."""
        if not self.register.contact_email:
            return ""
        body = quote(self.text.replace("\n", "\r\n"), safe="")
        subject = quote(self.subject, safe="")
        recipient = mail_url(self.register.contact_email)
        return f"{recipient}?subject={subject}&body={body}"


def producer_country(organisation: Organisation, territory: Territory) -> str:
    """The country whose public holidays count: the organisation's, else that of the territory's clock."""
    return organisation.country or country_of_zone(territory.time_zone)


def write_letter(
    register: Register, right: SubjectRight, territory: Territory, today: date, say: Say
) -> Letter:
    """The letter by which somebody exercises a right, were it received today."""
    name = register.organisation.name
    if register.has_officer:
        recipient = say("To the data protection officer of %(name)s")
    else:
        recipient = say("To %(name)s")
    country = producer_country(register.organisation, territory)
    return Letter(
        register=register,
        subject=_subject(right, say),
        paragraphs=(
            recipient % {"name": name},
            say("Hello,"),
            write_demand(right, say),
            say(
                "You know me by: [your name, and what this organisation knows of you: an address, a customer number, a date of birth]."
            ),
            say(
                "You have one month from the day on which you receive this letter to answer me (GDPR, article 12). If you refuse, please tell me why, and where I can complain. If you hold nothing about me, please tell me so."
            ),
            say("Yours faithfully,"),
            say("[your name]\n[your address or your mail]\n[date]"),
        ),
        due_on=answer_day(today, country),
        extended_on=answer_day(today, country, extended=True),
    )


def _subject(right: SubjectRight, say: Say) -> str:
    subjects = {
        SubjectRight.ACCESS: say("I wish to know which data you hold about me"),
        SubjectRight.RECTIFICATION: say("I wish to have data about me corrected"),
        SubjectRight.ERASURE: say("I wish to have data about me erased"),
        SubjectRight.RESTRICTION: say("I wish the use of data about me to stop"),
        SubjectRight.OBJECTION: say("I object to the use of data about me"),
        SubjectRight.PORTABILITY: say("I wish to receive the data that I gave you"),
    }
    return subjects[right]


def write_demand(right: SubjectRight, say: Say) -> str:
    """What is asked, with gaps in brackets."""
    demands = {
        SubjectRight.ACCESS: say(
            "Please tell me whether you hold data about me. If you do, please send me a copy. Please also tell me why you hold them, for how long, where they come from and who receives them (GDPR, article 15). Please tell me if a machine alone takes decisions about me."
        ),
        SubjectRight.RECTIFICATION: say(
            "Some data that you hold about me are wrong or not complete. Please correct them: [what is wrong, and what is right]. Please also tell those who received them (GDPR, articles 16 and 19)."
        ),
        SubjectRight.ERASURE: say(
            "Please erase these data about me: [which data, and why]. Please also tell those who received them (GDPR, articles 17 and 19)."
        ),
        SubjectRight.RESTRICTION: say(
            "Please keep these data about me, but stop using them: [which data, and why] (GDPR, article 18)."
        ),
        SubjectRight.OBJECTION: say(
            "I object to your use of these data about me: [which data, and what in your situation explains it]. Please stop using them, or show me why you may go on (GDPR, article 21)."
        ),
        SubjectRight.PORTABILITY: say(
            "Please send me the data that I gave you, in a file that a computer can read, so that I can take them elsewhere (GDPR, article 20)."
        ),
    }
    return demands[right]
