"""Columns: what a chunk is made of. A table is names with arrays of one length, in the order of its rows.

Numbers, flags and moments are numpy arrays (NaN, NaT: nothing). Words are codes into a vocabulary (-1: nothing), until
they become Arrow once, at the end. An ID is two uint64 until it is formatted, in bulk, into a vocabulary of its own;
rows that refer to it hold codes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seed_pipeline import schema
from seed_pipeline.core.arrays import codes_of, number_array, raw, text_array, valid

Rows = np.ndarray | slice
"""Row numbers, one boolean per row, or a stretch."""

_FEW = 4  # a vocabulary this many times shorter than its column is worth keeping in Arrow
_ARROW = {
    "text": pa.string(),
    "enum": pa.string(),
    "json": pa.string(),
    "timestamp": pa.timestamp("s"),
    "date": pa.date32(),
    "int": pa.int32(),
    "float": pa.float64(),
    "bool": pa.bool_(),
}


class Words:
    """A column of texts: a code per row into `vocabulary`, -1 for none; without codes, the vocabulary itself."""

    __slots__ = ("_codes", "vocabulary")

    def __init__(self, vocabulary: pa.Array | Sequence[str] | np.ndarray, codes: np.ndarray | None = None) -> None:
        self.vocabulary = vocabulary if isinstance(vocabulary, pa.Array) else text_array(vocabulary)
        self._codes = codes

    def __len__(self) -> int:
        return len(self.vocabulary) if self._codes is None else len(self._codes)

    @property
    def codes(self) -> np.ndarray:
        """The place of each row's text in the vocabulary; -1 where there is none."""
        if self._codes is None:
            there = np.arange(len(self.vocabulary))
            return (
                np.where(codes_of(pc.binary_length(self.vocabulary)) < 0, -1, there)
                if self.vocabulary.null_count
                else there
            )
        return self._codes

    def __getitem__(self, rows: Rows) -> "Words":
        return Words(self.vocabulary, self.codes[rows])

    def among(self, *words: str) -> np.ndarray:
        """One boolean per row: it holds one of these words."""
        holds = np.array([*(text in words for text in self.vocabulary.to_pylist()), False])
        return holds[self.codes]

    def where(self, kept: np.ndarray) -> "Words":
        """The texts of the rows that are kept, nothing in the others."""
        return Words(self.vocabulary, np.where(kept, self.codes, -1))

    def among_rows(self, keys: "Words") -> np.ndarray:
        """The row of `keys` (no text twice) that holds each row's text; -1 where none does."""
        if self.vocabulary is keys.vocabulary and keys._codes is None:
            return self.codes
        rows = pc.index_in(self.vocabulary, value_set=keys.arrow().cast(pa.string()))
        return np.append(codes_of(rows), -1)[self.codes].astype(np.int64)

    def not_empty(self) -> np.ndarray:
        """One boolean per row: it holds a text, of one character or more."""
        lengths = codes_of(pc.binary_length(self.vocabulary))
        return np.append(lengths > 0, False)[self.codes]

    def texts(self) -> np.ndarray:
        """The texts as objects, None where there is none: for few rows, or for who cannot do with codes."""
        known = np.array([*self.vocabulary.to_pylist(), None], dtype=object)
        return known[self.codes]

    def plain(self) -> pa.Array:
        """As Arrow, without a dictionary."""
        if self._codes is None:
            return self.vocabulary
        return self.vocabulary.take(number_array(self._codes, none=self._codes < 0))

    def arrow(self) -> pa.Array:
        """As Arrow: with a dictionary, if that is much shorter than the column.

        It holds what the rows say, in their order: a vocabulary may know more, from chunks before (X1).
        """
        if self._codes is None:
            return self.plain()
        rows = len(self._codes)
        first = np.full(len(self.vocabulary) + 1, rows)
        first[self._codes[::-1]] = np.arange(rows)[::-1]
        said = np.flatnonzero(first[:-1] < rows)
        if len(said) * _FEW > rows:
            return self.plain()
        said = said[np.argsort(first[said])]
        words = self.vocabulary.take(number_array(said)).dictionary_encode()
        place = np.full(len(first), -1, dtype=np.int32)
        place[said] = codes_of(words.indices)
        codes = place[self._codes]
        return pa.DictionaryArray.from_arrays(number_array(codes, none=codes < 0), words.dictionary)


Column = np.ndarray | Words


def written(*parts: "Words | np.ndarray | str", where: np.ndarray | None = None) -> Words:
    """Texts put together row by row from words, whole numbers and what is the same in each row; none but `where`."""
    arrow = [_part(part) for part in (*parts, "")]
    whole = pc.binary_join_element_wise(*arrow)
    return Words(whole if where is None else pc.if_else(number_array(where), whole, text_array([None])[0]))


def constant(word: str | None, n: int) -> Words:
    """The same text, or none, in each of `n` rows."""
    return Words([] if word is None else [word], np.full(n, -1 if word is None else 0, dtype=np.int32))


def _part(part: "Words | np.ndarray | str") -> pa.Array | pa.Scalar:
    if isinstance(part, str):
        return text_array([part])[0]
    return part.plain() if isinstance(part, Words) else number_array(part).cast(pa.string())


class Table(Mapping[str, Any]):
    """Columns of one length by name. Never changed: what differs is a new table that shares the other columns."""

    __slots__ = ("_columns", "rows")

    def __init__(self, columns: Mapping[str, Column], rows: int | None = None) -> None:
        self._columns = dict(columns)
        self.rows = len(next(iter(columns.values()))) if rows is None else rows
        wrong = {name: len(column) for name, column in columns.items() if len(column) != self.rows}
        if wrong:
            raise ValueError(f"columns of {wrong} rows in a table of {self.rows}")

    def __getitem__(self, name: str) -> Any:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def number(self, name: str) -> np.ndarray:
        """A column of numbers, flags or moments."""
        column = self._columns[name]
        if isinstance(column, Words):
            raise TypeError(f"{name} is a column of words")
        return column

    def words(self, name: str) -> Words:
        """A column of words."""
        column = self._columns[name]
        if not isinstance(column, Words):
            raise TypeError(f"{name} is no column of words")
        return column

    def take(self, rows: Rows) -> "Table":
        """Some of the rows."""
        return Table({name: column[rows] for name, column in self._columns.items()})

    def with_columns(self, **columns: Column) -> "Table":
        """The table with columns more, or others."""
        return Table({**self._columns, **columns}, self.rows)

    def only(self, names: Iterable[str]) -> "Table":
        """Some of the columns, in this order."""
        return Table({name: self._columns[name] for name in names}, self.rows)


Tables = dict[str, Table]


def chosen_words(first: np.ndarray, one: Words, other: Words) -> Words:
    """The word of `one` where `first` holds, else that of `other`."""
    both = pa.concat_arrays([one.vocabulary, other.vocabulary])
    rest = np.where(other.codes < 0, -1, other.codes + len(one.vocabulary))
    return Words(both, np.where(first, one.codes, rest))


def stacked(tables: Sequence[Table]) -> Table:
    """The rows of all tables, one after the other; the columns are the first one's."""
    if len(tables) == 1:
        return tables[0]
    return Table({name: _joined([table[name] for table in tables]) for name in tables[0]})


def _joined(columns: Sequence[Column]) -> Column:
    words = [column for column in columns if isinstance(column, Words)]
    if not words:
        return np.concatenate([np.asarray(column) for column in columns])
    if all(column.vocabulary is words[0].vocabulary for column in words):
        return Words(words[0].vocabulary, np.concatenate([column.codes for column in words]))
    starts = np.cumsum([0, *(len(column.vocabulary) for column in words[:-1])])
    codes = np.concatenate([np.where(w.codes < 0, -1, w.codes + start) for w, start in zip(words, starts, strict=True)])
    vocabulary = pa.concat_arrays([column.vocabulary for column in words])
    if len(vocabulary) * _FEW > len(codes):
        return Words(vocabulary, codes)
    distinct = vocabulary.dictionary_encode()  # a dictionary says no word twice
    return Words(distinct.dictionary, np.append(codes_of(distinct.indices), -1)[codes])


def arrow_type(column: schema.Column) -> pa.DataType:
    """The type in which the column's values travel and are digested."""
    return _ARROW[schema.kind(column)]


def to_arrow(name: str, table: Table) -> pa.Table:
    """The columns in the schema's types; those of working tables, which the schema does not know, in their own."""
    definition = schema.metadata.tables.get(name)
    types = {} if definition is None else {c.name: arrow_type(c) for c in definition.columns}
    arrays = [_array(column, types.get(c)) for c, column in table.items()]
    return pa.Table.from_arrays(arrays, names=list(table))


def _array(column: Column, type_: pa.DataType | None) -> pa.Array:
    if isinstance(column, Words):
        return column.arrow() if type_ in (None, pa.string()) else column.arrow().cast(type_)
    none = np.isnat(column) if column.dtype.kind == "M" else np.isnan(column) if column.dtype.kind == "f" else None
    if none is not None and type_ is not None and pa.types.is_integer(type_):
        column = np.where(none, 0, column)
    return number_array(column, type_, none)


def from_arrow(data: pa.Table) -> Table:
    """Columns as they were before `to_arrow`; whole numbers of which some are nothing come back as floats."""
    return Table({name: _column(data.column(name)) for name in data.column_names}, data.num_rows)


def _column(values: pa.ChunkedArray) -> Column:
    type_, array = values.type, values.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else text_array([]).cast(type_)
    if pa.types.is_dictionary(type_) or pa.types.is_null(type_) or type_ in (pa.string(), pa.large_string()):
        coded = array.cast(pa.string()).dictionary_encode()
        return Words(coded.dictionary, codes_of(coded.indices))
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        seconds = raw(array.cast(pa.timestamp("s"))).view("datetime64[s]")
        return np.where(valid(array), seconds, np.datetime64("NaT")) if array.null_count else seconds
    if pa.types.is_boolean(type_):
        return raw(array.cast(pa.uint8())).view(bool)
    return np.where(valid(array), raw(array), np.nan) if array.null_count else raw(array)
