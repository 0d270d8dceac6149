"""What a person corrected of what was understood: it wins for ever, also for the next version of the file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from udi.tabular.columns.column import (
    GEOMETRY,
    RESERVED_NAMES,
    ColumnType,
    TypedColumn,
)
from udi.tabular.formats.line_settings import NO_LINES, LineSettings
from udi.tabular.personal.treatments import Treatment
from udi.tabular.schemas.declarations import DeclaredSchema

NUMBERED_GEOMETRY = f"{GEOMETRY} (2)"
"""What a column called `geometry` is called where only the places have that name."""
SYSTEMS = {
    "EPSG:4326": "WGS 84",
    "EPSG:2154": "RGF93 / Lambert-93",
    **{
        f"EPSG:{3900 + parallel}": f"RGF93 / CC{parallel}" for parallel in range(42, 51)
    },
    "EPSG:27572": "NTF / Lambert II étendu",
    "EPSG:5490": "RGAF09 / UTM 20N (Antilles)",
    "EPSG:2972": "RGFG95 / UTM 22N (Guyane)",
    "EPSG:2975": "RGR92 / UTM 40S (Réunion)",
    "EPSG:4471": "RGM04 / UTM 38S (Mayotte)",
    "EPSG:3857": "WGS 84 / Pseudo-Mercator",
}
"""Systems of coordinates that a person may choose, as they are called."""


@dataclass(frozen=True)
class CorrectedType:
    """What a column is; `format` as in `TypedColumn`, found from the values when empty."""

    type: ColumnType
    format: str = ""


@dataclass(frozen=True)
class MadeFrom:
    """Where a file comes from that the node wrote for its producer: how theirs was read, what was done to it."""

    corrections: Mapping[str, Any]
    treated: Mapping[str, Any]
    """`TreatmentSummary`: names of columns and counts."""


@dataclass(frozen=True)
class Corrections:
    """Nothing, an empty text or None mean: as it was understood.

    `crs` is a key of `SYSTEMS`; `encoding` is IANA's name; `header_line` is 0 when no line names the columns; `types` go
    by name of column. `treatments` are the last ones asked for what the table says of people; `schema` is the one that
    it follows.
    """

    encoding: str = ""
    delimiter: str = ""
    header_line: int | None = None
    sheet: str = ""
    types: Mapping[str, CorrectedType] = field(default_factory=dict)
    crs: str = ""
    treatments: tuple[Treatment, ...] = ()
    schema: DeclaredSchema | None = None
    made_from: MadeFrom | None = None
    lines: LineSettings = NO_LINES
    """What the lines of the file are; a header there wins over `header_line`."""
    zeros: tuple[str, ...] = ()
    """Names of the columns of codes in which zeros that were lost are put back."""
    mended: bool = False
    """Whether the table is published as a mended copy of the file, with the list of its repairs."""
    mended_zeros: tuple[str, ...] = ()
    """Columns among `zeros` that came with the mended copy, and go with it."""

    left_out: tuple[str, ...] = ()
    """Titles of the tables beside the main one that its producer leaves out; one that the file has not changes nothing."""

    reserves_geometry: bool = False
    """Whether only the places are called `geometry`, as in an earlier version: a column of this name gets a number."""

    @property
    def reserved_names(self) -> frozenset[str]:
        """What no column may be called."""
        return RESERVED_NAMES | ({GEOMETRY} if self.reserves_geometry else set())

    @property
    def chosen_zeros(self) -> tuple[str, ...]:
        """Columns among `zeros` that the producer chose one by one."""
        return tuple(name for name in self.zeros if name not in self.mended_zeros)

    def keep_geometry(
        self, columns: Iterable[TypedColumn], *, has_places: bool = False
    ) -> "Corrections":
        """The same after a table of these columns: the places that are called `geometry` there, or a column's number, stay."""
        names = {column.name.casefold() for column in columns}
        if GEOMETRY in names or not (has_places or NUMBERED_GEOMETRY in names):
            return self
        return replace(self, reserves_geometry=True)

    def as_json(self) -> dict[str, Any]:
        """For a JSON column; only what was corrected."""
        whole = {
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "header_line": self.header_line,
            "sheet": self.sheet,
            "crs": self.crs,
            "types": {
                name: [column.type.value, column.format]
                for name, column in self.types.items()
            },
            "treatments": [treatment.as_json() for treatment in self.treatments],
            "schema": self.schema.as_json() if self.schema else None,
            "made_from": dict(vars(self.made_from)) if self.made_from else None,
            "lines": self.lines.as_json(),
            "zeros": list(self.zeros),
            "mended": self.mended or None,
            "mended_zeros": list(self.mended_zeros),
            "left_out": list(self.left_out),
            "reserves_geometry": self.reserves_geometry or None,
        }
        return {
            name: value
            for name, value in whole.items()
            if value not in ("", None, {}, [])
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> "Corrections":
        """What `as_json` gave."""
        value = value or {}
        line = value.get("header_line")
        made_from = value.get("made_from")
        schema = value.get("schema")
        return cls(
            encoding=str(value.get("encoding", "")),
            delimiter=str(value.get("delimiter", "")),
            header_line=None if line is None else int(line),
            sheet=str(value.get("sheet", "")),
            crs=str(value.get("crs", "")),
            types={
                str(name): CorrectedType(ColumnType(kind), pattern)
                for name, (kind, pattern) in (value.get("types") or {}).items()
            },
            treatments=tuple(
                Treatment.from_json(treatment)
                for treatment in value.get("treatments") or ()
            ),
            schema=DeclaredSchema(**schema) if schema else None,
            made_from=MadeFrom(**made_from) if made_from else None,
            lines=LineSettings.from_json(value.get("lines")),
            zeros=tuple(map(str, value.get("zeros") or ())),
            mended=bool(value.get("mended")),
            mended_zeros=tuple(map(str, value.get("mended_zeros") or ())),
            left_out=tuple(map(str, value.get("left_out") or ())),
            reserves_geometry=bool(value.get("reserves_geometry")),
        )

    def for_next_file(self, columns: Sequence[str] = ()) -> "Corrections":
        """What holds for the next file that the producer drops: theirs, not the one that was made from it.

        `columns` are the names in this one, by which the lines that were settled are recognised.
        """
        if self.made_from is None:
            return replace(self, lines=self.lines.for_next_file(columns))
        before = Corrections.from_json(self.made_from.corrections)
        return replace(
            before,
            treatments=self.treatments,
            schema=self.schema,
            lines=before.lines.for_next_file(columns),
            zeros=tuple(dict.fromkeys((*before.zeros, *self.chosen_zeros))),
        )

    def for_treated(
        self,
        treated: Mapping[str, Any],
        unchanged_columns: set[str],
        columns: Sequence[str],
    ) -> "Corrections":
        """What holds for the file made from this one: the types of columns that were left as they are.

        `columns` are the names in this one: the lines that were settled hold for a next file that has them, not for one
        with the names of the treated file.
        """
        types = {
            name: kind for name, kind in self.types.items() if name in unchanged_columns
        }
        before = replace(self.for_next_file(columns), treatments=()).as_json()
        corrections = Corrections(
            "UTF-8", ",", 1, types=types, treatments=self.treatments
        )
        return replace(
            corrections, schema=self.schema, made_from=MadeFrom(before, treated)
        )


NONE = Corrections()
