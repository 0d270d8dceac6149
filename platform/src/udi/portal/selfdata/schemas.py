"""What the API says of a register, and what it is told."""

from datetime import date
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from litestar.openapi.spec import Tag
from litestar.params import PathParameter
from msgspec import Meta, Struct, field, json, structs

from udi.portal.selfdata.models import LifeMoment, ProcessingEntry, ProcessingState
from udi.portal.selfdata.queries import Register
from udi.portal.selfdata.register_input import EntryInput, StatementInput
from udi.protocol.subject_rights import LegalBasis
from udi.ui.translated_texts import Translations

SCOPE = "access"
DIGEST_LENGTH = 16
BASE = "/api/v1/organisations"
TAG = Tag("processing", "Personal data")
OrganisationPath = Annotated[
    UUID, PathParameter(description="Identifier of the organisation.")
]


Service = Annotated[
    str, Meta(description="Name of the service, as people call it: school canteen.")
]
People = Annotated[str, Meta(description="Which people it holds data about.")]
Data = Annotated[str, Meta(description="Which data.")]
Purpose = Annotated[str, Meta(description="What for.")]
BasisCode = Annotated[
    str,
    Meta(
        description="Legal basis, of art. 6(1) of the GDPR; empty of a draft that does not say.",
        extra_json_schema={"enum": [*LegalBasis, ""]},
    ),
]
SpecialData = Annotated[
    bool, Meta(description="Whether some of it is of a special category (art. 9).")
]
Retention = Annotated[str, Meta(description="For how long.")]
Recipients = Annotated[str, Meta(description="Who receives it; empty: nobody.")]
Transfers = Annotated[
    str,
    Meta(
        description="Countries outside the European Economic Area that it goes to, and how it is protected; empty: none."
    ),
]
Moments = Annotated[
    list[str],
    Meta(description=f"Moments of life, to find it by: {', '.join(LifeMoment)}."),
]
MainLanguage = Annotated[
    str, Meta(description="Language of its texts, a two-letter code.")
]
OtherTexts = Annotated[
    dict[str, dict[str, str]],
    Meta(description="The texts in other languages: by field, then by language."),
]
StateCode = Annotated[
    str,
    Meta(
        description="Whether everybody reads it.",
        extra_json_schema={"enum": list(ProcessingState)},
    ),
]


class ProcessingEntryItem(Struct, frozen=True, kw_only=True):
    """A service that holds personal data."""

    id: UUID
    state: StateCode
    language: MainLanguage
    service: Service
    people: People
    data: Data
    purpose: Purpose
    legal_basis: BasisCode
    special_data: SpecialData
    retention: Retention
    recipients: Recipients
    transfers: Transfers
    moments: Moments
    translations: OtherTexts
    reviewed_on: date

    @classmethod
    def of(cls, entry: ProcessingEntry) -> "ProcessingEntryItem":
        """A row, for programs."""
        return cls(
            id=entry.id,
            state=entry.state,
            language=entry.language,
            service=entry.service,
            people=entry.people,
            data=entry.data,
            purpose=entry.purpose,
            legal_basis=entry.legal_basis,
            special_data=entry.special_data,
            retention=entry.retention,
            recipients=entry.recipients,
            transfers=entry.transfers,
            moments=list(entry.moments),
            translations=entry.translations or {},
            reviewed_on=entry.reviewed_on,
        )


class ProcessingRegister(Struct, frozen=True, kw_only=True):
    """What an organisation says of the personal data that it holds."""

    organisation: UUID
    name: str
    holds_data: Annotated[
        bool | None, Meta(description="None: the organisation has not declared it.")
    ]
    officer_email: Annotated[
        str, Meta(description="Mail address of its data protection officer.")
    ]
    officer_address: Annotated[
        str, Meta(description="Postal address of its data protection officer.")
    ]
    reviewed_on: date | None
    revision: Annotated[
        str,
        Meta(
            description="A digest of all the rest: say the one that you read when you write it."
        ),
    ]
    entries: list[ProcessingEntryItem]

    @classmethod
    def of(cls, register: Register) -> "ProcessingRegister":
        """A register, for programs."""
        statement = register.statement
        document = cls(
            organisation=register.organisation.id,
            name=register.organisation.name,
            holds_data=statement.holds_data if statement else None,
            officer_email=statement.officer_email if statement else "",
            officer_address=statement.officer_address if statement else "",
            reviewed_on=statement.reviewed_on if statement else None,
            revision="",
            entries=[ProcessingEntryItem.of(entry) for entry in register.entries],
        )
        digest = sha256(json.encode(document)).hexdigest()
        return structs.replace(document, revision=digest[:DIGEST_LENGTH])


class ProcessingEntryInput(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """A service: with an `id`, one of the register that changes; without, a new one."""

    service: Service
    id: UUID | None = None
    state: StateCode = ProcessingState.DRAFT
    language: MainLanguage = ""
    people: People = ""
    data: Data = ""
    purpose: Purpose = ""
    legal_basis: BasisCode = ""
    special_data: SpecialData = False
    retention: Retention = ""
    recipients: Recipients = ""
    transfers: Transfers = ""
    moments: Moments = field(default_factory=list)
    translations: OtherTexts = field(default_factory=dict)

    def describe(self, main_language: str) -> EntryInput:
        """The same for the action that writes it."""
        language = self.language or main_language
        translations: Translations = {
            name: {code: text for code, text in texts.items() if code != language}
            for name, texts in self.translations.items()
        }
        return EntryInput(
            service=self.service,
            people=self.people,
            data=self.data,
            purpose=self.purpose,
            legal_basis=self.legal_basis,
            special_data=self.special_data,
            retention=self.retention,
            recipients=self.recipients,
            transfers=self.transfers,
            moments=tuple(self.moments),
            language=language,
            translations=translations,
            state=self.state,
        )


class ProcessingRegisterInput(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """A whole register, to be put in the place of what there is."""

    revision: Annotated[
        str, Meta(description="The one that was read with the same token.")
    ]
    holds_data: bool
    officer_email: str = ""
    officer_address: str = ""
    entries: list[ProcessingEntryInput] = field(default_factory=list)

    def describe(self) -> StatementInput:
        """What the organisation says of itself, for the action that writes it."""
        return StatementInput(
            holds_data=self.holds_data,
            officer_email=self.officer_email,
            officer_address=self.officer_address,
        )
