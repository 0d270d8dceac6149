"""The words of an address, as data.gouv.fr writes them, read into a question.

`column__operator=value`, `column__isnull`, `column__groupby`, `column__groupby=month`, `or=(a__exact.1,and(b__less.3,"c.d"__isnull))`,
`columns=a,"b,c"`, `q` (words in any column of text), `page`, `page_size`. A name may hold anything: the operator is what follows its last `__`.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from urllib.parse import parse_qsl

from udi.kit.errors import InvalidError, Refusal
from udi.tabular.columns.column import ROW_NAME, TypedColumn
from udi.tabular.formats.quoted_lists import split_items, split_parts, unquote
from udi.tabular.messages.query_errors import (
    LONGEST_SHOWN,
    HiddenColumnError,
    InvalidQueryError,
    unknown_column,
    unknown_operation,
    unknown_parameter,
    unreadable_conditions,
)
from udi.tabular.queries.literals import read_value
from udi.tabular.queries.query import (
    GROUP,
    LARGEST_PAGE,
    LAST_PAGE,
    LONGEST_WORD,
    MOST_WORDS,
    PAGE_SIZE,
    ROW,
    SEARCH,
    SORT,
    VALUELESS,
    Aggregate,
    AllOf,
    AnyOf,
    Condition,
    Filter,
    GroupStep,
    Measure,
    Operator,
    Query,
    Sort,
    StepUnit,
    WordSearch,
    allowed_operations,
    allowed_steps,
    column_at,
    searched_columns,
)

LONGEST = 16_384
SHOWN_LETTERS = 20
"""Of a word that is refused."""
MOST_PARAMETERS = 200
MOST_REFUSALS = 5
DEEPEST = 5
OPERATORS = frozenset(map(str, Operator))
AGGREGATES = frozenset(map(str, Aggregate))
KNOWN_OPERATIONS = OPERATORS | AGGREGATES | {SORT, GROUP}
OPERATION = re.compile(r"(?=__([a-z]+(?:_[a-z]+)*)(?:\.|$))", re.IGNORECASE)
"""Each place where a name may end: found also within another, as in `__id__exact.1`."""
QUOTED_NAME = re.compile(
    r'"((?:[^"\\]|\\.)*)"__([a-z_]+)(?=\.|$)', re.IGNORECASE | re.DOTALL
)
NUMBER = re.compile(r"[0-9]{1,10}")
BIN = re.compile(r"bin\.([0-9]{1,12}(?:\.[0-9]{1,9})?)")
VALUELESS_TEXTS = frozenset({"", "true", "1"})


def read_query(
    text: str, columns: tuple[TypedColumn, ...], hidden: Collection[str] = ()
) -> Query:
    """The question of a query string; `hidden` are columns that the table has, and this reader has not.

    Raises:
        HiddenColumnError: one of them is named.
        InvalidError: each parameter that cannot be is named, with what to write.
    """
    reader = _QueryParser(columns, hidden)
    for name, value in parse_parameters(text):
        reader.add_parameter(name, value)
    return reader.build_query()


def read_parameters(
    parameters: Sequence[tuple[str, str]],
    columns: tuple[TypedColumn, ...],
    hidden: Collection[str] = (),
) -> Iterator[Query | Refusal]:
    """What each parameter says alone, or why it says nothing; contradictions between them are left to the caller.

    Raises:
        HiddenColumnError: one names a column that this reader has not.
    """
    ranks = _ranks_of(columns)
    for name, value in parameters:
        parser = _QueryParser(columns, hidden, ranks)
        parser.add_parameter(name, value)
        yield parser.refusal or parser.query


def parse_parameters(text: str) -> list[tuple[str, str]]:
    """The parameters of a query string.

    Raises:
        InvalidError: there are more than 200, they are too long, or not in UTF-8.
    """
    problem = Refusal(
        "", "This request is too long.", "Ask for less at once.", "too-long"
    )
    if len(text) <= LONGEST:
        try:
            return parse_qsl(
                text,
                keep_blank_values=True,
                errors="strict",
                max_num_fields=MOST_PARAMETERS,
            )
        except UnicodeDecodeError:
            problem = Refusal(
                "",
                "This address is not written in UTF-8.",
                "Write it in UTF-8.",
                "unreadable",
            )
        except ValueError:
            pass
    raise InvalidError("This request to the table cannot be read.", refusals=[problem])


def _ranks_of(columns: tuple[TypedColumn, ...]) -> dict[str, int]:
    return {ROW_NAME: ROW} | {column.name: rank for rank, column in enumerate(columns)}


class _QueryParser:
    """What was understood so far, and what was not."""

    def __init__(
        self,
        columns: tuple[TypedColumn, ...],
        hidden: Collection[str],
        ranks: Mapping[str, int] | None = None,
    ) -> None:
        self._columns = columns
        self._hidden = hidden
        self._ranks = ranks or _ranks_of(columns)
        self._refusals: list[Refusal] = []
        self._where: list[Condition] = []
        self._sort: list[Sort] = []
        self._groups: list[int] = []
        self._steps: list[GroupStep] = []
        self._measures: list[Measure] = []
        self._visible: tuple[int, ...] | None = None
        self._numbers = {"page": 1, "page_size": PAGE_SIZE}

    def add_parameter(self, name: str, value: str) -> None:
        """Read one parameter; after some that cannot be, those that follow are not even looked at."""
        if len(self._refusals) >= MOST_REFUSALS:
            return
        try:
            self._parse_parameter(name, value)
        except InvalidQueryError as error:
            refusal = error.refusal
            field = refusal.field or name[:LONGEST_SHOWN] or "="
            self._refusals.append(
                Refusal(
                    field, refusal.reason, refusal.remedy, refusal.code, refusal.values
                )
            )

    @property
    def refusal(self) -> Refusal | None:
        """The first thing that was not understood."""
        return next(iter(self._refusals), None)

    @property
    def query(self) -> Query:
        """What was understood."""
        return Query(
            tuple(self._where),
            tuple(self._sort),
            tuple(dict.fromkeys(self._groups)),
            tuple(dict.fromkeys(self._measures)),
            self._visible,
            self._numbers["page"],
            self._numbers["page_size"],
            tuple(dict.fromkeys(self._steps)),
        )

    def build_query(self) -> Query:
        """The whole question."""
        query = self.query
        self._refusals += _contradictions(query, self._columns)
        if self._refusals:
            raise InvalidError(
                "This request to the table cannot be read.", refusals=self._refusals
            )
        return query

    def _parse_parameter(self, name: str, value: str) -> None:
        """Take a parameter into the question; one of ours that is empty is none."""
        if not value and name in {*self._numbers, "columns", "or"}:
            return
        if name in self._numbers:
            self._numbers[name] = _number(
                value, LAST_PAGE if name == "page" else LARGEST_PAGE
            )
        elif name == "columns":
            self._visible = tuple(
                dict.fromkeys(
                    self._rank(column_name) for column_name in split_items(value)
                )
            )
        elif name == SEARCH:
            self._where += self._parse_search(value)
        elif name == "or":
            self._where.append(self._parse_combination(f"or{value}", 1))
        else:
            self._add_operation(*self._split(name), value)

    def _parse_search(self, text: str) -> list[Condition]:
        """The words of a search; without any, nothing is searched."""
        words = tuple(dict.fromkeys(text.split()))
        for word in words:
            if len(word) > LONGEST_WORD:
                raise InvalidQueryError(
                    Refusal(
                        "",
                        "The word «%(word)s…» is too long.",
                        "Write at most %(most)s characters.",
                        "wrong-value",
                        {"word": word[:SHOWN_LETTERS], "most": LONGEST_WORD},
                    )
                )
        if len(words) > MOST_WORDS or "\x00" in text:
            raise InvalidQueryError(
                Refusal(
                    "",
                    "This search cannot be read.",
                    "Write at most %(most)s words.",
                    "wrong-value",
                    {"most": MOST_WORDS},
                )
            )
        if words:
            return [WordSearch(words, searched_columns(self._columns))]
        return []

    def _split(self, name: str) -> tuple[str, str]:
        column, mark, operation = name.rpartition("__")
        if not mark or (
            operation.lower() not in KNOWN_OPERATIONS and name in self._ranks
        ):
            if name in self._ranks:
                raise InvalidQueryError(
                    Refusal(
                        "",
                        "This names a column without an operator.",
                        "Add __exact to its name.",
                        "no-operator",
                    )
                )
            self._require_shown(name)
            raise unknown_parameter(
                name, [*self._ranks, "columns", "page", "page_size", "or", SEARCH]
            )
        return column, operation.lower()

    def _add_operation(self, name: str, operation: str, value: str) -> None:
        if operation == SORT and (sort := self._sort_of_group(name, value)):
            self._sort.append(sort)
            return
        rank = self._rank(name)
        self._require_allowed(rank, operation)
        if operation in OPERATORS:
            self._where.append(
                self._filter(rank, Operator(operation), value, quoted=False)
            )
        elif operation == SORT:
            self._sort.append(Sort(rank, _descends(value)))
        elif operation == GROUP:
            self._add_group(rank, value)
        else:
            _require_no_value(value)
            self._measures.append(Measure(rank, Aggregate(operation)))

    def _add_group(self, rank: int, text: str) -> None:
        """`opened__groupby=month`: groups, by a step where one is given."""
        if text.lower() not in VALUELESS_TEXTS:
            self._steps.append(read_step(rank, column_at(self._columns, rank), text))
        self._groups.append(rank)

    def _sort_of_group(self, name: str, value: str) -> Sort | None:
        """`score__avg__sort`: groups in the order of a measure."""
        column, _, operation = name.rpartition("__")
        if name in self._ranks or operation not in AGGREGATES:
            return None
        return Sort(self._rank(column), _descends(value), Aggregate(operation))

    def _rank(self, name: str) -> int:
        if name not in self._ranks:
            self._require_shown(name)
            raise unknown_column(name, self._ranks)
        return self._ranks[name]

    def _require_shown(self, name: str) -> None:
        if name in self._hidden:
            raise HiddenColumnError(name)

    def _require_allowed(self, rank: int, operation: str) -> None:
        operations = allowed_operations(column_at(self._columns, rank))
        if operation not in operations:
            raise unknown_operation(
                operation, operations, guess=operation not in KNOWN_OPERATIONS
            )

    def _filter(
        self, rank: int, operator: Operator, text: str, *, quoted: bool
    ) -> Filter:
        if operator in VALUELESS:
            _require_no_value(text)
            return Filter(rank, operator)
        column = column_at(self._columns, rank)
        many = operator in {Operator.IN, Operator.NOT_IN} and not quoted
        values = tuple(
            read_value(column, operator, value_text)
            for value_text in (split_items(text) if many else [text])
        )
        return Filter(rank, operator, values)

    def _parse_combination(self, text: str, depth: int) -> Condition:
        kind = next(
            (
                kind
                for kind in ("or", "and")
                if text.startswith(f"{kind}(") and text.endswith(")")
            ),
            None,
        )
        if kind is None or depth > DEEPEST:
            raise unreadable_conditions()
        conditions = tuple(
            self._parse_part(part.strip(), depth)
            for part in split_parts(text[len(kind) + 1 : -1])
        )
        if kind == "or":
            return AnyOf(conditions)
        return AllOf(conditions)

    def _parse_part(self, text: str, depth: int) -> Condition:
        if text.startswith(("or(", "and(")):
            return self._parse_combination(text, depth + 1)
        name, operation, value = self._condition(text)
        rank = self._rank(name)
        if operation not in OPERATORS:
            raise unreadable_conditions()
        self._require_allowed(rank, operation)
        quoted = value.startswith('"') and len(value) > 1 and value.endswith('"')
        if quoted:
            value = unquote(value[1:-1])
        elif (
            operation in {Operator.IN, Operator.NOT_IN}
            and value.startswith("(")
            and value.endswith(")")
        ):
            value = value[1:-1]
        return self._filter(rank, Operator(operation), value, quoted=quoted)

    def _condition(self, text: str) -> tuple[str, str, str]:
        """Name, operator and value of `name__operator.value`; the name may hold dots where the table has it."""
        quoted = QUOTED_NAME.match(text)
        if quoted:
            return unquote(quoted[1]), quoted[2].lower(), text[quoted.end() + 1 :]
        matches = list(OPERATION.finditer(text))
        for match in matches:
            if text[: match.start()] in self._ranks:
                return text[: match.start()], match[1].lower(), text[match.end(1) + 1 :]
        if matches:
            for match in matches:
                self._require_shown(text[: match.start()])
            raise unknown_column(text[: matches[0].start()], self._ranks)
        raise unreadable_conditions()


def read_step(rank: int, column: TypedColumn, text: str) -> GroupStep:
    """The step that a text writes: `month` of a date, `bin.10` of a number.

    Raises:
        InvalidQueryError: the column has no such step.
    """
    step_text = text.strip().lower()
    units = allowed_steps(column)
    if match := BIN.fullmatch(step_text):
        if StepUnit.BIN in units and (width := float(match[1])):
            return GroupStep(rank, StepUnit.BIN, width)
    elif step_text in set(units) - {StepUnit.BIN}:
        return GroupStep(rank, StepUnit(step_text))
    if not units:
        raise InvalidQueryError(
            Refusal(
                "",
                "This column has no steps.",
                "Leave out what follows the sign =.",
                "wrong-value",
            )
        )
    known = "bin.10" if StepUnit.BIN in units else ", ".join(units)
    raise InvalidQueryError(
        Refusal(
            "",
            "Groups of this column have no such step.",
            "Steps accepted: %(known)s.",
            "wrong-value",
            {"known": known},
        )
    )


def _contradictions(
    query: Query, columns: tuple[TypedColumn, ...]
) -> Iterator[Refusal]:
    if query.is_grouped and query.columns is not None:
        yield Refusal(
            "columns",
            "Columns cannot be chosen together with groups.",
            "Leave columns out.",
            "contradiction",
        )
    for step in query.steps:
        if query.step_of(step.column) != step:
            name = column_at(columns, step.column).name[:LONGEST_SHOWN]
            reason = "Groups have one step for each column."
            remedy = "Leave out one of the two."
            yield Refusal(f"{name}__{GROUP}", reason, remedy, "contradiction")
    for sort in query.sort:
        name = column_at(columns, sort.column).name[:LONGEST_SHOWN]
        if (
            sort.aggregate is not None
            and Measure(sort.column, sort.aggregate) not in query.measures
        ):
            reason = "Groups are not measured by this."
            remedy = "Add «%(measure)s» to the address."
            values = {"measure": f"{name}__{sort.aggregate}"}
            yield Refusal(
                f"{name}__{sort.aggregate}__sort",
                reason,
                remedy,
                "contradiction",
                values,
            )
        elif (
            sort.aggregate is None
            and query.is_grouped
            and sort.column not in query.groups
        ):
            reason = "Groups cannot be sorted by this column."
            remedy = "Sort by a column that forms the groups."
            yield Refusal(f"{name}__sort", reason, remedy, "contradiction")


def _number(text: str, most: int) -> int:
    if not NUMBER.fullmatch(text) or not 1 <= int(text) <= most:
        reason = "This is not a number in range."
        remedy = "Send a whole number from 1 to %(most)s."
        values = {"most": most}
        raise InvalidQueryError(Refusal("", reason, remedy, "out-of-range", values))
    return int(text)


def _descends(text: str) -> bool:
    if text.lower() not in {"asc", "desc"}:
        raise InvalidQueryError(
            Refusal(
                "",
                "This sort order does not exist.",
                "Write asc or desc.",
                "wrong-value",
            )
        )
    return text.lower() == "desc"


def _require_no_value(text: str) -> None:
    if text.lower() not in VALUELESS_TEXTS:
        raise InvalidQueryError(
            Refusal(
                "",
                "This parameter takes no value.",
                "Leave out what follows the sign =.",
                "wrong-value",
            )
        )
