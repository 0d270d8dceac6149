"""The closed lists: why a producer may refuse, how it may establish who somebody is, what an answer may say."""

from collections.abc import Mapping
from enum import StrEnum

from udi.protocol.subject_requests import SubjectRight


class RefusalGround(StrEnum):
    """Why a request is refused, each with its article of the GDPR."""

    CANNOT_IDENTIFY = "cannot_identify"
    UNFOUNDED = "unfounded_or_excessive"
    RIGHTS_OF_OTHERS = "rights_of_others"
    EXPRESSION = "expression"
    PUBLIC_TASK = "legal_obligation_or_public_task"
    PUBLIC_HEALTH = "public_health"
    ARCHIVES = "archives_research_statistics"
    LEGAL_CLAIMS = "legal_claims"
    NOT_PROVIDED = "not_provided_by_person"
    NOT_CONSENT = "not_consent_or_contract"
    COMPELLING = "compelling_grounds"
    RESEARCH = "research_public_interest"
    ACCURATE = "accurate"
    BY_LAW = "restricted_by_law"
    NOT_CONTROLLER = "not_controller"


GROUND_NAMES: Mapping[RefusalGround, str] = {
    RefusalGround.CANNOT_IDENTIFY: "We cannot recognise you among the people whose data we hold (art. 11 and 12)",
    RefusalGround.UNFOUNDED: "The request is clearly unfounded or excessive, and we show why (art. 12(5))",
    RefusalGround.RIGHTS_OF_OTHERS: "It would harm the rights of other people (art. 15(4) and 20(4))",
    RefusalGround.EXPRESSION: "Freedom of expression and of information (art. 17(3)(a))",
    RefusalGround.PUBLIC_TASK: "The law or a public task asks us to keep these data (art. 17(3)(b))",
    RefusalGround.PUBLIC_HEALTH: "Public health (art. 17(3)(c))",
    RefusalGround.ARCHIVES: "Public archives, research or statistics (art. 17(3)(d))",
    RefusalGround.LEGAL_CLAIMS: "We need these data for a court case (art. 17(3)(e) and 21(1))",
    RefusalGround.NOT_PROVIDED: "You did not give us these data yourself (art. 20(1))",
    RefusalGround.NOT_CONSENT: "We hold these data neither by consent nor by contract (art. 20(1))",
    RefusalGround.COMPELLING: "We have compelling grounds, which we state (art. 21(1))",
    RefusalGround.RESEARCH: "Research or statistics in the public interest (art. 21(6))",
    RefusalGround.ACCURATE: "The data are right; you may add a statement (art. 16)",
    RefusalGround.BY_LAW: "A law restricts this right, and we cite it (art. 23)",
    RefusalGround.NOT_CONTROLLER: "Somebody else is responsible for these data, and we say who",
}
"""In English: messages of the catalogues."""
OF_ANY_RIGHT = (
    RefusalGround.CANNOT_IDENTIFY,
    RefusalGround.UNFOUNDED,
    RefusalGround.BY_LAW,
    RefusalGround.NOT_CONTROLLER,
)
OF_RIGHT: Mapping[SubjectRight, tuple[RefusalGround, ...]] = {
    SubjectRight.ACCESS: (RefusalGround.RIGHTS_OF_OTHERS,),
    SubjectRight.RECTIFICATION: (RefusalGround.ACCURATE,),
    SubjectRight.ERASURE: (
        RefusalGround.EXPRESSION,
        RefusalGround.PUBLIC_TASK,
        RefusalGround.PUBLIC_HEALTH,
        RefusalGround.ARCHIVES,
        RefusalGround.LEGAL_CLAIMS,
    ),
    SubjectRight.RESTRICTION: (),
    SubjectRight.OBJECTION: (
        RefusalGround.COMPELLING,
        RefusalGround.LEGAL_CLAIMS,
        RefusalGround.RESEARCH,
    ),
    SubjectRight.PORTABILITY: (
        RefusalGround.RIGHTS_OF_OTHERS,
        RefusalGround.NOT_PROVIDED,
        RefusalGround.NOT_CONSENT,
        RefusalGround.PUBLIC_TASK,
    ),
}


def list_grounds(right: SubjectRight) -> tuple[RefusalGround, ...]:
    """The grounds by which a request of this right may be refused."""
    return (*OF_RIGHT[right], *OF_ANY_RIGHT)


class IdentityMethod(StrEnum):
    """How an agent established who the person is; the first that suffices. An identity document is never the first."""

    LOGIN = "login"
    KNOWN_NUMBER = "known_number"
    CODE = "code_to_held_address"
    COUNTER = "counter"
    DOCUMENT = "document"


METHOD_NAMES: Mapping[IdentityMethod, str] = {
    IdentityMethod.LOGIN: "The login suffices: the data are not sensitive",
    IdentityMethod.KNOWN_NUMBER: "A number that only the person has (card, contract, file)",
    IdentityMethod.CODE: "A code sent to the address that we already hold",
    IdentityMethod.COUNTER: "The person came to a counter",
    IdentityMethod.DOCUMENT: "An identity document, as nothing else sufficed",
}
ASKABLE = (
    IdentityMethod.KNOWN_NUMBER,
    IdentityMethod.CODE,
    IdentityMethod.COUNTER,
    IdentityMethod.DOCUMENT,
)
"""What a person may be asked for."""


class AnswerOutcome(StrEnum):
    """What an answer says."""

    FULFILLED = "fulfilled"
    PARTLY = "partly"
    NOTHING_HELD = "nothing_held"


OUTCOME_NAMES: Mapping[AnswerOutcome, str] = {
    AnswerOutcome.FULFILLED: "All of it is done or sent",
    AnswerOutcome.PARTLY: "Only part of it; the text says what is missing and why",
    AnswerOutcome.NOTHING_HELD: "We hold nothing about this person",
}


class ExtensionReason(StrEnum):
    """Why an answer takes two months more (art. 12(3))."""

    COMPLEXITY = "complexity"
    NUMBER = "number"


REASON_NAMES: Mapping[ExtensionReason, str] = {
    ExtensionReason.COMPLEXITY: "The request is complex",
    ExtensionReason.NUMBER: "There are many requests at once",
}
RIGHT_NAMES: Mapping[SubjectRight, str] = {
    SubjectRight.ACCESS: "A copy of my data",
    SubjectRight.RECTIFICATION: "Correct my data",
    SubjectRight.ERASURE: "Erase my data",
    SubjectRight.RESTRICTION: "Pause the use of my data",
    SubjectRight.OBJECTION: "Object to the use of my data",
    SubjectRight.PORTABILITY: "Take my data along",
}
"""As the person says it."""
