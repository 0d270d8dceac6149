"""Terms, policies and agreements in plain French, English and Spanish: the same object always gives the same words.

Whoever reads them is no lawyer. Nothing is said that a machine does not know, and nothing that it knows is left out:
`tests/protocol/test_living_contract.py` reads the sentences back.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from udi.protocol.agreement import Agreement, Party
from udi.protocol.plain_language_wording import WORDS, TermsWording
from udi.protocol.policy import Policy, Requester
from udi.protocol.terms import SEVERAL, RowFilter, Terms
from udi.protocol.validators import HIDDEN

LANGUAGES = tuple(WORDS)
SOURCE = "en"
"""The language of who reads in another one than these."""
THOUSAND = 1000


def choose_languages(offered: Iterable[str]) -> tuple[str, ...]:
    """Those of a territory's languages that have words here; English where none has."""
    return tuple(code for code in offered if code in WORDS) or (SOURCE,)


def _words_of(language: str) -> TermsWording:
    return WORDS.get(language, WORDS[SOURCE])


def write_terms(terms: Terms, language: str) -> list[str]:
    """The sentences of the terms: what for, what may be read, what is forbidden, how the data are kept, how long."""
    words = _words_of(language)
    purposes = ", ".join(words.purposes[purpose] for purpose in terms.purposes)
    return [
        words.sentences["purposes"].format(list=purposes),
        *_write_interest(terms, words),
        *_write_access(terms, words),
        *_write_prohibitions(terms, words),
        *_write_measures(terms, words),
        _write_count("months", terms.months, words, months=terms.months),
    ]


def write_policy(policy: Policy, language: str) -> list[str]:
    """The sentences of a policy: who may ask and when they are answered, then the most that may be asked."""
    words = _words_of(language)
    requesters = ", ".join(
        words.requesters[requester] for requester in policy.requesters
    )
    renewals = _write_count("renewals", policy.renewals, words, times=policy.renewals)
    return [
        words.sentences["requesters"].format(list=requesters),
        _write_count("answer", policy.answer_days, words, days=policy.answer_days),
        *write_terms(policy.terms, language),
        renewals if policy.renewals else words.sentences["renewals_none"],
    ]


def write_agreement_text(agreement: Agreement, language: str) -> str:
    """The whole agreement, in numbered articles; made of everything but its `text`."""
    words = _words_of(language)
    lines = [words.sentences["title"]]
    for number, (name, sentences) in enumerate(_articles(agreement, words).items(), 1):
        lines += ["", f"{number}. {words.sentences[f'article_{name}']}", *sentences]
    return "\n".join(lines) + "\n"


def _articles(agreement: Agreement, words: TermsWording) -> dict[str, list[str]]:
    sentences = words.sentences
    terms = agreement.terms
    start = _format_moment(agreement.starts_at, words)
    end = _format_moment(agreement.ends_at, words)
    return {
        "parties": [
            _write_party("provider", agreement.provider, words),
            _write_party("requester", agreement.requester, words),
            sentences["project"].format(
                title=_quote(_one_line(agreement.project_title), words)
            ),
        ],
        "data": [
            sentences["dataset"].format(
                title=_quote(_one_line(agreement.dataset_title), words)
            ),
            sentences["stays"],
        ],
        "purpose": [
            sentences["purpose"].format(purpose=words.purposes[agreement.purpose]),
            *_write_interest(terms, words),
        ],
        "read": list(_write_access(terms, words)),
        "forbidden": list(_write_prohibitions(terms, words)),
        "measures": list(_write_measures(terms, words)),
        "duration": [
            sentences["period"].format(start=start, end=end),
            sentences["ends_itself"],
        ],
        "end": [sentences["revocation"], sentences["giving_up"]],
        "where": [
            sentences["where"],
            sentences["logged"],
            sentences["page"].format(page=agreement.page),
        ],
    }


def _write_interest(terms: Terms, words: TermsWording) -> Iterator[str]:
    if terms.general_interest:
        yield words.sentences["general_interest"]


def _write_access(terms: Terms, words: TermsWording) -> Iterator[str]:
    sentences = words.sentences
    if terms.columns:
        yield sentences["columns"].format(list=_quote_list(terms.columns, words))
        yield sentences["columns_use"]
    else:
        yield sentences["columns_all"]
    for row_filter in terms.rows:
        yield sentences["rows"].format(
            column=_quote(row_filter.column, words),
            condition=_write_condition(row_filter, words),
        )
    yield sentences["rows_empty"] if terms.rows else sentences["rows_all"]
    if terms.bytes_a_month is None:
        yield sentences["bytes_none"]
    else:
        yield sentences["bytes"].format(size=_format_size(terms.bytes_a_month, words))
    if terms.requests_a_minute is None:
        yield sentences["requests_none"]
    else:
        count = _format_number(terms.requests_a_minute, words)
        yield _write_count("requests", terms.requests_a_minute, words, count=count)


def _write_prohibitions(terms: Terms, words: TermsWording) -> Iterator[str]:
    yield from (words.prohibitions[prohibition] for prohibition in terms.prohibitions)
    if not terms.prohibitions:
        yield words.sentences["prohibitions_none"]


def _write_measures(terms: Terms, words: TermsWording) -> Iterator[str]:
    yield from (words.measures[measure] for measure in terms.measures)
    if not terms.measures:
        yield words.sentences["measures_none"]
    if terms.attribution:
        yield words.sentences["attribution"].format(
            text=_quote(terms.attribution, words)
        )
    else:
        yield words.sentences["attribution_none"]


def _write_condition(row: RowFilter, words: TermsWording) -> str:
    if row.operator in SEVERAL:
        value = _quote_list(row.values, words)
    else:
        value = _quote(row.values[0], words)
    return words.operators[row.operator].format(value=value)


def _write_party(role: str, party: Party, words: TermsWording) -> str:
    if party.kind is Requester.PERSON and not party.name:
        return words.sentences[f"{role}_person"]
    name = _quote(_one_line(party.name), words)
    return words.sentences[role].format(name=name, kind=words.leaders[party.kind])


def _write_count(name: str, number: int, words: TermsWording, **places: object) -> str:
    return words.sentences[f"{name}_one" if number == 1 else name].format(**places)


def _quote_list(texts: Iterable[str], words: TermsWording) -> str:
    return ", ".join(_quote(text, words) for text in texts)


def _quote(text: str, words: TermsWording) -> str:
    mark = words.close[-1]
    return f"{words.open}{text.replace(mark, mark * 2)}{words.close}"


def _one_line(text: str) -> str:
    """A title as others wrote it, without what cannot be seen."""
    return " ".join(
        "".join(
            " " if unicodedata.category(char) in HIDDEN else char for char in text
        ).split()
    )


def _format_number(value: int, words: TermsWording) -> str:
    return f"{value:,}".replace(",", words.group)


def _format_size(count: int, words: TermsWording) -> str:
    """Bytes in the largest unit that says them exactly with three decimals at most: `1.25 GB`, `999 bytes`."""
    for power in range(len(words.units), 0, -1):
        unit = THOUSAND**power
        if count >= unit and count * THOUSAND % unit == 0:
            whole, rest = divmod(count, unit)
            decimals = f"{rest * THOUSAND // unit:03}".rstrip("0")
            figure = _format_number(whole, words) + (
                words.point + decimals if decimals else ""
            )
            return f"{figure}\N{NO-BREAK SPACE}{words.units[power - 1]}"
    return f"{_format_number(count, words)}\N{NO-BREAK SPACE}{words.bytes[count > 1]}"


def _format_moment(moment: datetime, words: TermsWording) -> str:
    at = moment.astimezone(UTC)
    time = words.time.format(hour=at.hour, minute=at.minute)
    if at.second:
        time += words.seconds.format(second=at.second)
    day = words.first if at.day == 1 else str(at.day)
    return words.date.format(
        day=day, month=words.months[at.month - 1], year=at.year, time=time
    )
