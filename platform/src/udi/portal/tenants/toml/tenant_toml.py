"""`tenant.toml` changed by a page: comments and order stay, and what is the operator's stays as it is online.

A value is named by its keys, from the top: `("theme", "hue")`. A list, of tables too, is one value.
"""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import tomlkit
from tomlkit.items import AoT, InlineTable, Item, Table

Key = tuple[str, ...]
Values = dict[Key, Any]
OPERATOR_TABLES = frozenset(
    {"hosts", "login", "costs", "organisation", "team", "account"}
)
OPERATOR_KEYS = frozenset({("territory", "slug"), ("territory", "languages")})


def read_values(source: bytes) -> Values:
    """Every value of a file, by its keys.

    Raises:
        tomllib.TOMLDecodeError: this is no TOML.
    """
    return dict(_flatten((), tomllib.loads(source.decode())))


def _flatten(prefix: Key, table: Mapping[str, Any]) -> Iterator[tuple[Key, Any]]:
    for name, value in table.items():
        key = (*prefix, name)
        if isinstance(value, dict):
            yield from _flatten(key, value)
        else:
            yield key, value


def is_operators(key: Key) -> bool:
    """Whether the operator of the installation alone changes a value, in the files."""
    return key[0] in OPERATOR_TABLES or key[:2] in OPERATOR_KEYS


def operator_values(source: bytes) -> Values:
    """The values that the operator alone changes."""
    return {
        key: value for key, value in read_values(source).items() if is_operators(key)
    }


def find_changes(before: bytes, after: bytes) -> Values:
    """The values of `after` that `before` has otherwise; None for those that are gone."""
    old = read_values(before)
    new = read_values(after)
    changes: Values = {key: None for key in old if key not in new}
    changes |= {
        key: value
        for key, value in new.items()
        if key not in old or not _is_same(old[key], value)
    }
    return changes


def _is_same(first: Any, second: Any) -> bool:
    """Whether two values are the same in TOML, where 1, 1.0 and true are three."""
    return repr(first) == repr(second)


def set_values(source: bytes, changes: Values) -> bytes:
    """The file with other values, comments and order as they were; None takes a value away."""
    document = tomlkit.parse(source.decode())
    for key, value in changes.items():
        if value is None:
            _remove(document, key)
        else:
            _set(document, key, value)
    return tomlkit.dumps(document).encode()


def _set(document: tomlkit.TOMLDocument, key: Key, value: Any) -> None:
    table: Any = document
    for name in key[:-1]:
        if name not in table:
            table[name] = _new_table(table)
        table = table[name]
    name = key[-1]
    if name in table and _is_same(_plain(table[name]), value):
        return
    tables = table.get(name)
    if isinstance(tables, AoT) and _are_tables(value) and _is_small(tables, value):
        _change_tables(tables, value)
        return
    table[name] = _make_item(value, is_inline=isinstance(table, InlineTable))


def _are_tables(value: Any) -> bool:
    """Whether a value is a list of tables that has some."""
    is_list = isinstance(value, list) and bool(value)
    return is_list and all(isinstance(element, dict) for element in value)


def _is_small(tables: AoT, elements: list[Mapping[str, Any]]) -> bool:
    """Whether one table alone changes, or some go and others come last: comments stay with what they are about."""
    before = [_plain(table) for table in tables]
    if len(before) == len(elements):
        pairs = zip(before, elements, strict=True)
        return bool(sum(old != new for old, new in pairs) <= 1)
    staying = [old for old in before if old in elements]
    return bool(staying and elements[: len(staying)] == staying)


def _change_tables(tables: AoT, elements: list[Mapping[str, Any]]) -> None:
    """Make a list of tables another one: what stays, in the table that changes too, keeps its comments."""
    if len(tables) != len(elements):
        for index in reversed(range(len(tables))):
            if _plain(tables[index]) not in elements:
                del tables[index]
        for element in elements[len(tables) :]:
            tables.append(_make_table(element))
    for table, element in zip(tables, elements, strict=True):
        for name in [name for name in table if name not in element]:
            del table[name]
        for name, value in element.items():
            if name not in table or not _is_same(_plain(table[name]), value):
                table[name] = _make_inline(value)


def _make_inline(value: Any) -> Any:
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        table.update(value)
        return table
    return value


def _new_table(parent: Any) -> Any:
    if isinstance(parent, tomlkit.TOMLDocument):
        return tomlkit.table()
    return tomlkit.inline_table()


def _make_item(value: Any, *, is_inline: bool) -> Any:
    if is_inline or not _are_tables(value):
        return value
    tables = tomlkit.aot()
    for element in value:
        tables.append(_make_table(element))
    return tables


def _make_table(element: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    table.update(element)
    return table


def _plain(item: Any) -> Any:
    if isinstance(item, Item):
        return item.unwrap()
    return item


def _remove(document: tomlkit.TOMLDocument, key: Key) -> None:
    tables: list[Any] = [document]
    for name in key[:-1]:
        if name not in tables[-1]:
            return
        tables.append(tables[-1][name])
    tables[-1].pop(key[-1], None)
    for table, name in zip(reversed(tables[:-1]), reversed(key[:-1]), strict=True):
        if table[name]:
            break
        table.pop(name)


def merge_changes(base: bytes, changed: bytes, online: bytes) -> bytes:
    """What changed from `base` to `changed`, made in `online` too; `changed` itself where `online` is as `base`."""
    if online == base:
        return changed
    return set_values(online, find_changes(base, changed))


def keep_operator_values(former: bytes, online: bytes) -> bytes:
    """The territory's values of one file with the operator's values of another.

    It is the first, byte for byte, where both have the same of the operator's.
    """
    if repr(operator_values(former)) == repr(operator_values(online)):
        return former
    changes = {
        key: value
        for key, value in find_changes(online, former).items()
        if not is_operators(key)
    }
    return set_values(online, changes)
