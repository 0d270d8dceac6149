"""In plain words: what each kind of personal data is, why it matters (GDPR), and what can be done."""

from dataclasses import dataclass
from enum import StrEnum


class PersonalDataKind(StrEnum):
    """The kinds of personal data that are looked for."""

    EMAIL = "email"
    PHONE = "phone"
    NIR = "nir"
    TAX_NUMBER = "tax_number"
    IBAN = "iban"
    FULL_NAME = "full_name"
    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    NAME_IN_TEXT = "name_in_text"
    BIRTH_DATE = "birth_date"
    BIRTH_YEAR = "birth_year"
    ADDRESS = "address"
    PLATE = "plate"
    IP_ADDRESS = "ip_address"
    PERSON_CODE = "person_code"
    SPECIAL = "special"
    FAMILY_STATUS = "family_status"
    SMALL_GROUP = "small_group"


@dataclass(frozen=True)
class PersonalDataExplanation:
    """Three messages to translate, then to fill with a finding's `values`: `remedy` says what to do."""

    what: str
    why: str
    remedy: str


EXPLANATIONS: dict[tuple[PersonalDataKind, bool], PersonalDataExplanation] = {
    (PersonalDataKind.EMAIL, False): PersonalDataExplanation(
        "«%(columns)s» holds e-mail addresses of people (%(count)s of %(total)s cells).",
        "This identifies someone (GDPR, article 4). Once published it cannot be taken back.",
        "Drop the column, mask the addresses, or write the address of the service instead.",
    ),
    (PersonalDataKind.EMAIL, True): PersonalDataExplanation(
        "«%(columns)s» holds e-mail addresses that seem to be those of services (%(count)s of %(total)s cells).",
        "The address of a service may be published; that of a person may not without a reason.",
        "Check that each one belongs to a service, not to somebody.",
    ),
    (PersonalDataKind.PHONE, False): PersonalDataExplanation(
        "«%(columns)s» holds telephone numbers of people (%(count)s of %(total)s cells).",
        "This identifies someone (GDPR, article 4). Once published it cannot be taken back.",
        "Drop the column, mask the numbers, or write the number of the service instead.",
    ),
    (PersonalDataKind.PHONE, True): PersonalDataExplanation(
        "«%(columns)s» holds telephone numbers that seem to be those of services (%(count)s of %(total)s cells).",
        "The number of a service may be published; that of a person may not without a reason.",
        "Check that each one belongs to a service, not to somebody.",
    ),
    (PersonalDataKind.NIR, False): PersonalDataExplanation(
        "«%(columns)s» holds social security numbers (%(count)s of %(total)s cells).",
        "This number follows a person for life; French law lets very few bodies use it, and none publish it.",
        "Drop the column.",
    ),
    (PersonalDataKind.NIR, True): PersonalDataExplanation(
        "«%(columns)s» holds numbers that could be social security numbers (%(count)s of %(total)s cells).",
        "A few long numbers pass its check by chance; a real one must never be published.",
        "Look at these lines; drop the column if they are.",
    ),
    (PersonalDataKind.TAX_NUMBER, False): PersonalDataExplanation(
        "«%(columns)s» holds tax or identity numbers of people (%(count)s of %(total)s cells).",
        "This number follows a person for life, and gives access to their administrative records.",
        "Drop the column.",
    ),
    (PersonalDataKind.IBAN, False): PersonalDataExplanation(
        "«%(columns)s» holds bank account numbers (%(count)s of %(total)s cells).",
        "A bank account belongs to somebody, and its number lets others take money from it.",
        "Drop the column.",
    ),
    (PersonalDataKind.FULL_NAME, False): PersonalDataExplanation(
        "«%(columns)s» holds names of people (%(count)s of %(total)s cells).",
        "This identifies someone (GDPR, article 4). Once published it cannot be taken back.",
        "Drop the column, replace each name by a code, or count people instead of listing them.",
    ),
    (PersonalDataKind.FULL_NAME, True): PersonalDataExplanation(
        "«%(columns)s» holds names of people who seem to hold a public office (%(count)s of %(total)s cells).",
        "What somebody does in public office may be published; the rest of their life may not.",
        "Check that everybody listed holds a public office, and that no column speaks of their private life.",
    ),
    (PersonalDataKind.FAMILY_NAME, False): PersonalDataExplanation(
        "«%(columns)s» holds family names (%(count)s of %(total)s cells).",
        "This identifies someone (GDPR, article 4). Once published it cannot be taken back.",
        "Drop the column, replace each name by a code, or count people instead of listing them.",
    ),
    (PersonalDataKind.FAMILY_NAME, True): PersonalDataExplanation(
        "«%(columns)s» holds family names of people who seem to hold a public office (%(count)s of %(total)s cells).",
        "What somebody does in public office may be published; the rest of their life may not.",
        "Check that everybody listed holds a public office, and that no column speaks of their private life.",
    ),
    (PersonalDataKind.GIVEN_NAME, False): PersonalDataExplanation(
        "«%(columns)s» holds first names (%(count)s of %(total)s cells).",
        "A first name identifies someone as soon as another column narrows the possibilities.",
        "Drop the column, or replace each name by a code.",
    ),
    (PersonalDataKind.GIVEN_NAME, True): PersonalDataExplanation(
        "«%(columns)s» holds first names of people who seem to hold a public office (%(count)s of %(total)s cells).",
        "What somebody does in public office may be published; the rest of their life may not.",
        "Check that everybody listed holds a public office, and that no column speaks of their private life.",
    ),
    (PersonalDataKind.NAME_IN_TEXT, False): PersonalDataExplanation(
        "Some texts of «%(columns)s» name people (%(count)s of %(total)s cells).",
        "A name written in a remark identifies someone just as well as one in a column of its own.",
        "Read these lines and remove the names, or drop the column.",
    ),
    (PersonalDataKind.BIRTH_DATE, False): PersonalDataExplanation(
        "«%(columns)s» holds dates of birth (%(count)s of %(total)s cells).",
        "With a place or a first name, a date of birth is nearly always enough to know who it is.",
        "Keep the year or a five-year band only, or drop the column.",
    ),
    (PersonalDataKind.BIRTH_YEAR, False): PersonalDataExplanation(
        "«%(columns)s» holds years of birth (%(count)s of %(total)s cells).",
        "In a small place, a year of birth beside another detail can single somebody out.",
        "Keep a five-year band only, or check that no small group remains.",
    ),
    (PersonalDataKind.ADDRESS, False): PersonalDataExplanation(
        "«%(columns)s» holds addresses where people live (%(count)s of %(total)s cells).",
        "An address beside a person shows where they live.",
        "Drop the column, or keep the town or the department only.",
    ),
    (PersonalDataKind.ADDRESS, True): PersonalDataExplanation(
        "«%(columns)s» holds addresses beside names of people (%(count)s of %(total)s cells).",
        "The address of an office may be published; that of a home may not.",
        "Check that these are addresses of offices, of associations or of businesses, not of homes.",
    ),
    (PersonalDataKind.PLATE, False): PersonalDataExplanation(
        "«%(columns)s» holds licence plates (%(count)s of %(total)s cells).",
        "A plate leads to the owner of the vehicle, and reveals where they went.",
        "Drop the column, or replace each plate by a code.",
    ),
    (PersonalDataKind.IP_ADDRESS, False): PersonalDataExplanation(
        "«%(columns)s» holds addresses of computers on the internet (%(count)s of %(total)s cells).",
        "Such an address leads to the person behind the computer (Court of Justice of the EU, C-582/14).",
        "Drop the column, unless the computers are your own.",
    ),
    (PersonalDataKind.PERSON_CODE, False): PersonalDataExplanation(
        "«%(columns)s» seems to hold numbers given to people: badge, file, membership (%(count)s of %(total)s cells).",
        "Whoever has the list behind these numbers knows who is meant.",
        "Replace each number by a code made for this dataset, or drop the column.",
    ),
    (PersonalDataKind.SPECIAL, False): PersonalDataExplanation(
        "«%(columns)s» seems to speak of health, beliefs, origins, unions or offences (%(count)s of %(total)s cells).",
        "The law protects these more than anything else (GDPR, articles 9 and 10).",
        "Drop the column, or publish counts in which nobody can be recognised.",
    ),
    (PersonalDataKind.FAMILY_STATUS, False): PersonalDataExplanation(
        "«%(columns)s» shows the family situation of people (%(count)s of %(total)s cells).",
        "Whether somebody is married, divorced or widowed is their private life.",
        "Drop the column, or publish counts in which nobody can be recognised.",
    ),
    (PersonalDataKind.SMALL_GROUP, False): PersonalDataExplanation(
        "Taken together, «%(columns)s» single people out: %(count)s of %(total)s rows are in a group of fewer than five.",
        "Without any name, someone who knows these details finds the person and reads the rest of the row.",
        "Make the details coarser (age bands, department), drop one of them, or publish counts.",
    ),
}
