"""Terms, policies and agreements in plain French and English: the same object always gives the same words.

Whoever reads them is no lawyer. Nothing is said that a machine does not know, and nothing that it knows is left out:
`tests/protocol/test_living_contract.py` reads the sentences back.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from udi.protocol.agreement import Agreement, Party
from udi.protocol.plain_words import WORDS, Words
from udi.protocol.policy import Policy, Requester
from udi.protocol.shapes import HIDDEN
from udi.protocol.terms import SEVERAL, Purpose, RowFilter, Terms

LANGUAGES = tuple(WORDS)
THOUSAND = 1000


def name_purpose(purpose: Purpose, language: str) -> str:
    """What a purpose is called in a sentence or a list."""
    return WORDS[language].purposes[purpose]


def name_requester(requester: Requester, language: str) -> str:
    """What those who may ask are called, in the plural."""
    return WORDS[language].requesters[requester]


def write_terms(terms: Terms, language: str) -> list[str]:
    """The sentences of the terms: what for, what may be read, what is forbidden, how the data are kept, how long."""
    words = WORDS[language]
    purposes = ", ".join(words.purposes[each] for each in terms.purposes)
    return [
        words.said["purposes"].format(list=purposes),
        *_interest(terms, words),
        *_read(terms, words),
        *_forbidden(terms, words),
        *_kept(terms, words),
        _counted("months", terms.months, words, months=terms.months),
    ]


def write_policy(policy: Policy, language: str) -> list[str]:
    """The sentences of a policy: who may ask and when they are answered, then the most that may be asked."""
    words = WORDS[language]
    requesters = ", ".join(words.requesters[each] for each in policy.requesters)
    renewals = _counted("renewals", policy.renewals, words, times=policy.renewals)
    return [
        words.said["requesters"].format(list=requesters),
        _counted("answer", policy.answer_days, words, days=policy.answer_days),
        *write_terms(policy.terms, language),
        renewals if policy.renewals else words.said["renewals_none"],
    ]


def write_text(agreement: Agreement, language: str) -> str:
    """The whole agreement, in numbered articles; made of everything but its `text`."""
    words = WORDS[language]
    lines = [words.said["title"]]
    for number, (name, sentences) in enumerate(_articles(agreement, words).items(), 1):
        lines += ["", f"{number}. {words.said[f'article_{name}']}", *sentences]
    return "\n".join(lines) + "\n"


def _articles(agreement: Agreement, words: Words) -> dict[str, list[str]]:
    said, terms = words.said, agreement.terms
    start, end = _moment(agreement.starts_at, words), _moment(agreement.ends_at, words)
    return {
        "parties": [
            _party("provider", agreement.provider, words),
            _party("requester", agreement.requester, words),
            said["project"].format(title=_quoted(_one_line(agreement.project_title), words)),
        ],
        "data": [said["dataset"].format(title=_quoted(_one_line(agreement.dataset_title), words)), said["stays"]],
        "purpose": [said["purpose"].format(purpose=words.purposes[agreement.purpose]), *_interest(terms, words)],
        "read": list(_read(terms, words)),
        "forbidden": list(_forbidden(terms, words)),
        "measures": list(_kept(terms, words)),
        "duration": [said["period"].format(start=start, end=end), said["ends_itself"]],
        "end": [said["revocation"], said["giving_up"]],
        "where": [said["where"], said["logged"], said["page"].format(page=agreement.page)],
    }


def _interest(terms: Terms, words: Words) -> Iterator[str]:
    if terms.general_interest:
        yield words.said["general_interest"]


def _read(terms: Terms, words: Words) -> Iterator[str]:
    said = words.said
    if terms.columns:
        yield said["columns"].format(list=_list(terms.columns, words))
        yield said["columns_use"]
    else:
        yield said["columns_all"]
    for each in terms.rows:
        yield said["rows"].format(column=_quoted(each.column, words), condition=_condition(each, words))
    yield said["rows_empty"] if terms.rows else said["rows_all"]
    if terms.bytes_a_month is None:
        yield said["bytes_none"]
    else:
        yield said["bytes"].format(size=_size(terms.bytes_a_month, words))
    if terms.requests_a_minute is None:
        yield said["requests_none"]
    else:
        count = _number(terms.requests_a_minute, words)
        yield _counted("requests", terms.requests_a_minute, words, count=count)


def _forbidden(terms: Terms, words: Words) -> Iterator[str]:
    yield from (words.prohibitions[each] for each in terms.prohibitions)
    if not terms.prohibitions:
        yield words.said["prohibitions_none"]


def _kept(terms: Terms, words: Words) -> Iterator[str]:
    yield from (words.measures[each] for each in terms.measures)
    if not terms.measures:
        yield words.said["measures_none"]
    if terms.attribution:
        yield words.said["attribution"].format(text=_quoted(terms.attribution, words))
    else:
        yield words.said["attribution_none"]


def _condition(row: RowFilter, words: Words) -> str:
    value = _list(row.values, words) if row.operator in SEVERAL else _quoted(row.values[0], words)
    return words.operators[row.operator].format(value=value)


def _party(role: str, party: Party, words: Words) -> str:
    if party.kind is Requester.PERSON and not party.name:
        return words.said[f"{role}_person"]
    name = _quoted(_one_line(party.name), words)
    return words.said[role].format(name=name, kind=words.leaders[party.kind])


def _counted(name: str, number: int, words: Words, **places: object) -> str:
    return words.said[f"{name}_one" if number == 1 else name].format(**places)


def _list(texts: Iterable[str], words: Words) -> str:
    return ", ".join(_quoted(text, words) for text in texts)


def _quoted(text: str, words: Words) -> str:
    mark = words.close[-1]
    return f"{words.open}{text.replace(mark, mark * 2)}{words.close}"


def _one_line(text: str) -> str:
    """A title as others wrote it, without what cannot be seen."""
    return " ".join("".join(" " if unicodedata.category(char) in HIDDEN else char for char in text).split())


def _number(value: int, words: Words) -> str:
    return f"{value:,}".replace(",", words.group)


def _size(count: int, words: Words) -> str:
    """Bytes in the largest unit that says them exactly with three decimals at most: `1.25 GB`, `999 bytes`."""
    for power in range(len(words.units), 0, -1):
        unit = THOUSAND**power
        if count >= unit and count * THOUSAND % unit == 0:
            whole, rest = divmod(count, unit)
            decimals = f"{rest * THOUSAND // unit:03}".rstrip("0")
            figure = _number(whole, words) + (words.point + decimals if decimals else "")
            return f"{figure}\N{NO-BREAK SPACE}{words.units[power - 1]}"
    return f"{_number(count, words)}\N{NO-BREAK SPACE}{words.bytes[count > 1]}"


def _moment(moment: datetime, words: Words) -> str:
    at = moment.astimezone(UTC)
    time = words.time.format(hour=at.hour, minute=at.minute)
    if at.second:
        time += words.seconds.format(second=at.second)
    day = words.first if at.day == 1 else str(at.day)
    return words.date.format(day=day, month=words.months[at.month - 1], year=at.year, time=time)
