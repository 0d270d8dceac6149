"""What the API says of access policies: these types are what is sent, and what the OpenAPI document describes."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar.openapi.spec import Tag
from litestar.params import PathParameter
from msgspec import Meta, Struct, convert

from udi.kit.paging import Page
from udi.portal.access.models import AccessPolicy
from udi.portal.access.policies import queries
from udi.portal.catalogue.models import Dataset
from udi.protocol import plain_language, terms
from udi.protocol.policy import FieldKind
from udi.protocol.terms import Operator
from udi.ui.openapi.parameters import PageNumber, page_size

BASE = "/api/v1/access-policies"


Requesters = Annotated[
    list[str],
    Meta(
        description="Who may ask: public_body, research, association, company, person."
    ),
]
Purposes = Annotated[
    list[str],
    Meta(
        description="What the data may be read for: research, public_service, education, information, civic, commercial."
    ),
]
Address = Annotated[str, Meta(extra_json_schema={"format": "uri"})]
Instant = Annotated[datetime, Meta(tz=True)]
Months = Annotated[
    int, Meta(description="How many months an agreement lasts at most.", ge=1)
]
Promised = Annotated[
    int, Meta(description="Within how many days the producer promises to answer.", ge=1)
]


TAG = Tag("access-policies", "Terms of restricted data")
RestrictedPath = Annotated[
    UUID, PathParameter(description="Identifier of the dataset.")
]


class PolicyListParameters(Struct, kw_only=True):
    """The query of the list of access policies."""

    page: PageNumber = 1
    size: Annotated[int, page_size("Policies a page.")] = queries.SIZE


class RestrictedDataset(Struct, frozen=True, kw_only=True):
    """The dataset that is restricted."""

    id: UUID
    title: str
    page: Address

    @classmethod
    def of(cls, row: Dataset, origin: str) -> "RestrictedDataset":
        """A dataset, on the portal at `origin`."""
        return cls(id=row.id, title=row.title, page=f"{origin}/data/{row.id}")


class RestrictingProducer(Struct, frozen=True, kw_only=True):
    """Who holds the dataset, and decides."""

    slug: str
    name: str


class RowCondition(Struct, frozen=True, kw_only=True):
    """Rows that are given: those of which a cell stands so to these values."""

    column: str
    operator: Annotated[str, Meta(extra_json_schema={"enum": list(Operator)})]
    values: list[str]


class AccessTerms(Struct, frozen=True, kw_only=True):
    """Under which terms the data are read."""

    purposes: Purposes
    prohibitions: Annotated[
        list[str],
        Meta(
            description="What is forbidden: distribute, reidentify, combine_with_persons, prospect, train."
        ),
    ]
    measures: Annotated[
        list[str],
        Meta(
            description="How the data are kept: encrypted, named_readers, in_europe, deleted_at_end, logged."
        ),
    ]
    attribution: Annotated[
        str, Meta(description="The words to show beside what is made of the data.")
    ]
    general_interest: Annotated[
        bool, Meta(description="Whether the project must serve the general interest.")
    ]
    months: Months
    columns: Annotated[
        list[str], Meta(description="Columns that are given; none: all.")
    ]
    rows: Annotated[
        list[RowCondition],
        Meta(description="Rows that are given: where all of these hold."),
    ]
    bytes_a_month: Annotated[
        int | None,
        Meta(description="How many bytes may be read in a month; null: no limit."),
    ]
    requests_a_minute: Annotated[
        int | None, Meta(description="How many readings a minute; null: no limit.")
    ]

    @classmethod
    def of(cls, protocol_terms: terms.Terms) -> "AccessTerms":
        """The terms of a policy, a request or an agreement."""
        usual = {"bytes_a_month": None, "requests_a_minute": None}
        return convert(usual | terms.write_terms(protocol_terms), cls)


class AccessQuestion(Struct, frozen=True, kw_only=True):
    """Something that the producer asks of whoever asks for the data."""

    name: Annotated[str, Meta(description="Under which the answer is sent.")]
    kind: Annotated[
        str,
        Meta(
            description="What the answer is.",
            extra_json_schema={"enum": list(FieldKind)},
        ),
    ]
    label: Annotated[dict[str, str], Meta(description="The question, by language.")]
    hint: dict[str, str]
    required: bool
    choices: list[str]


class AccessRequestStatistics(Struct, frozen=True, kw_only=True):
    """How the promise of an answer is kept."""

    received: Annotated[int, Meta(description="How many requests came.")]
    granted: Annotated[int, Meta(description="How many became an agreement.")]
    median_days: Annotated[
        int | None,
        Meta(description="Days until the first answer: half of them took less."),
    ]
    in_time: Annotated[
        int | None, Meta(description="Of ten first answers, how many came in time.")
    ]

    @classmethod
    def of(
        cls, answer_statistics: queries.RequestStatistics
    ) -> "AccessRequestStatistics":
        """What was measured."""
        return cls(
            received=answer_statistics.received,
            granted=answer_statistics.granted,
            median_days=answer_statistics.median_days,
            in_time=answer_statistics.in_time,
        )


class AccessPolicyItem(Struct, frozen=True, kw_only=True):
    """The access policy of a dataset in a list."""

    dataset: RestrictedDataset
    producer: RestrictingProducer
    requesters: Requesters
    purposes: Purposes
    months: Months
    answer_days: Promised
    changed: Instant
    url: Annotated[str, Meta(description="Path of the policy in this API.")]
    page: Address

    @classmethod
    def of(cls, row: AccessPolicy, dataset: Dataset, origin: str) -> "AccessPolicyItem":
        """A row with its dataset, on the portal at `origin`."""
        policy = queries.policy_of(row)
        purposes = [purpose.value for purpose in policy.terms.purposes]
        months = policy.terms.months
        return cls(
            **_common_fields(row, dataset, origin),
            purposes=purposes,
            months=months,
            url=f"{BASE}/{dataset.id}",
        )


class AccessPolicyDetail(Struct, frozen=True, kw_only=True):
    """The access policy of a dataset: who may ask, for what, under which terms, and when they are answered."""

    dataset: RestrictedDataset
    producer: RestrictingProducer
    requesters: Requesters
    why: Annotated[
        dict[str, str], Meta(description="Why the data are not open, by language.")
    ]
    terms: Annotated[AccessTerms, Meta(description="The most that may be requested.")]
    questions: list[AccessQuestion]
    answer_days: Promised
    renewals: Annotated[
        int, Meta(description="How many times an agreement may be renewed.")
    ]
    sentences: Annotated[
        dict[str, list[str]], Meta(description="The same in sentences, by language.")
    ]
    statistics: Annotated[
        AccessRequestStatistics | None, Meta(description="Told from five requests on.")
    ]
    revision: Annotated[int, Meta(description="How many times it changed.", ge=1)]
    changed: Instant
    page: Address

    @classmethod
    def of(
        cls, row: AccessPolicy, dataset: Dataset, origin: str
    ) -> "AccessPolicyDetail":
        """A row with its dataset, on the portal at `origin`."""
        policy = queries.policy_of(row)
        answer_statistics = queries.find_answer_statistics(row)
        questions = [
            AccessQuestion(
                name=field.name,
                kind=field.kind.value,
                label=field.label,
                hint=field.hint,
                required=field.required,
                choices=list(field.choices),
            )
            for field in policy.fields
        ]
        if answer_statistics:
            promise = AccessRequestStatistics.of(answer_statistics)
        else:
            promise = None
        return cls(
            **_common_fields(row, dataset, origin),
            why=policy.why,
            terms=AccessTerms.of(policy.terms),
            questions=questions,
            renewals=policy.renewals,
            sentences={
                code: plain_language.write_policy(policy, code)
                for code in plain_language.LANGUAGES
            },
            statistics=promise,
            revision=row.revision,
        )


class TermsInput(Struct, kw_only=True):
    """Under which terms the data will be read."""

    purposes: Purposes
    prohibitions: list[str] = []
    measures: list[str] = []
    attribution: str = ""
    general_interest: bool = False
    months: Months = 12
    columns: list[str] = []
    rows: list[RowCondition] = []
    bytes_a_month: int | None = None
    requests_a_minute: int | None = None


class QuestionInput(Struct, kw_only=True):
    """Something to ask of whoever asks for the data."""

    name: Annotated[
        str, Meta(description="In small letters, digits and underscores; stays.")
    ]
    kind: Annotated[str, Meta(extra_json_schema={"enum": list(FieldKind)})]
    label: Annotated[dict[str, str], Meta(description="The question, by language.")]
    hint: dict[str, str] = {}
    required: bool = True
    choices: list[str] = []


class AccessPolicyInput(Struct, kw_only=True):
    """The whole policy, as it will be."""

    requesters: Requesters
    terms: TermsInput
    why: Annotated[
        dict[str, str], Meta(description="Why the data are not open, by language.")
    ] = {}
    questions: list[QuestionInput] = []
    answer_days: Promised = 30
    renewals: Annotated[
        int, Meta(description="How many times an agreement may be renewed.")
    ] = 1
    revision: Annotated[
        int, Meta(description="The one that was read; 0: there was none.", ge=0)
    ]


class AccessPolicyPage(Struct, frozen=True, kw_only=True):
    """One page of access policies."""

    total: Annotated[int, Meta(ge=0)]
    page: Annotated[
        int,
        Meta(description="Which page this is; past the last one, the last one.", ge=1),
    ]
    size: Annotated[int, Meta(description="Policies a page.", ge=1, le=100)]
    items: list[AccessPolicyItem]

    @classmethod
    def of(
        cls, page: Page[tuple[AccessPolicy, Dataset]], origin: str
    ) -> "AccessPolicyPage":
        """What a list found."""
        items = [
            AccessPolicyItem.of(row, dataset, origin) for row, dataset in page.items
        ]
        return cls(total=page.total, page=page.number, size=page.size, items=items)


def _common_fields(row: AccessPolicy, dataset: Dataset, origin: str) -> dict[str, Any]:
    policy = queries.policy_of(row)
    producer = dataset.organisation
    return {
        "dataset": RestrictedDataset.of(dataset, origin),
        "changed": row.changed_at,
        "producer": RestrictingProducer(slug=producer.slug, name=producer.name),
        "requesters": [requester.value for requester in policy.requesters],
        "answer_days": policy.answer_days,
        "page": f"{origin}/data/{dataset.id}/access-policy",
    }
