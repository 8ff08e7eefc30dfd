"""Model instances by SQL that is made once, for the few statements that are run all day.

For a read that joins six tables, and for an insert, Django's compiler takes several times as long
as the database, and the database plans for longer than it works. What is read and written here is
what the ORM would read and write.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeAlias

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import CharField, Field, ForeignKey, Model
from django.db.models.expressions import DatabaseDefault
from psycopg import Cursor

KEY = "(SELECT key FROM row{})"  # of a row inserted in the same statement
AnyField: TypeAlias = "Field[Any, Any]"
Row: TypeAlias = Sequence[Any]
Values: TypeAlias = Sequence[Any] | Mapping[str, Any]


def ask(sql: str, values: Values = ()) -> list[Row]:
    """Return the rows of a statement that the database plans once a connection.

    So it plans without knowing the values: what an index is chosen by must stand in the SQL.
    """
    with _cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[Row] = cursor.fetchall()
        return rows


def tell(sql: str, values: Values = ()) -> None:
    """Carry out a statement that gives no rows, planned as `ask` does."""
    with _cursor() as cursor:
        cursor.execute(sql, values)


@cache
def columns(model: type[Model], table: str) -> str:
    """Return the model's columns as a SELECT names them, of the table under this alias."""
    return ", ".join(f'{table}."{field.column}"' for field in model._meta.concrete_fields)


def instances(row: Row, *models: type[Model]) -> list[Any]:
    """Return an instance of each model, whose columns follow each other in the row.

    None for one that a LEFT JOIN did not find.
    """
    found: list[Model | None] = []
    start = 0
    for model in models:
        read = _reading(model)
        values = list(row[start : start + len(read.names)])
        start += len(read.names)
        if values[read.key] is None:
            found.append(None)
            continue
        for place, convert in read.converters:
            values[place] = convert(values[place])
        found.append(model.from_db(DEFAULT_DB_ALIAS, read.names, values))
    return found


def relate(instance: Model, **related: Model | None) -> None:
    """Let the instance's relations be known: reading one then asks the database nothing."""
    for name, other in related.items():
        field: Any = instance._meta.get_field(name)
        field.set_cached_value(instance, other)


def insert(*rows: Model) -> None:
    """Write the instances as new rows, in one statement of the caller's transaction.

    One may refer to another that comes before it.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    parts, values = [], []
    for place, row in enumerate(rows):
        head, fields = _insertion(type(row))
        cells = []
        for field in fields:
            earlier = _place_of(row, field, rows[:place])
            cells.append("%s" if earlier is None else KEY.format(earlier))
            if earlier is None:
                values.append(field.get_db_prep_save(field.pre_save(row, add=True), connection))
        parts.append(f"row{place} AS ({head} VALUES ({', '.join(cells)}) RETURNING id AS key)")
    keys = ", ".join(KEY.format(place) for place in range(len(rows)))
    (found,) = ask(f"WITH {', '.join(parts)} SELECT {keys}", values)
    for row, key in zip(rows, found, strict=True):
        row.pk = key
        row._state.adding = False
        row._state.db = DEFAULT_DB_ALIAS
    for row in rows:
        _take_keys(row)


def inserting(row: Model, source: str, **taken: str) -> tuple[str, list[Any]]:
    """Return a statement that writes the row once for each row of `source`, and its values.

    For a WITH query whose parts hang together. taken: SQL for columns that come out of such a part,
    by their field's name.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    head, fields = _insertion(type(row))
    cells, values = [], []
    for field in fields:
        if field.name in taken:
            cells.append(taken[field.name])
            continue
        # Without its type PostgreSQL takes a value of a SELECT for text, and by a text's own type
        # it would cut it to its length in silence.
        kind = "text" if isinstance(field, CharField) else field.cast_db_type(connection)
        cells.append(f"%s::{kind}")
        value = field.pre_save(row, add=True)
        value = field.db_default if isinstance(value, DatabaseDefault) else value
        values.append(field.get_db_prep_save(value, connection))
    return f"{head} SELECT {', '.join(cells)} FROM {source}", values  # noqa: S608 - made of names


def _cursor() -> Any:
    """Return a cursor that prepares its statement; where queries are noted, one that writes it."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.queries_logged:
        return connection.cursor()
    connection.ensure_connection()
    bare: Any = Cursor(connection.connection)
    return connection.make_cursor(bare)


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """How a row becomes an instance. key: the primary key's place."""

    names: Sequence[str]
    key: int
    converters: Sequence[tuple[int, Callable[[Any], Any]]]


@cache
def _reading(model: type[Model]) -> _Reading:
    fields = model._meta.concrete_fields
    return _Reading(
        names=[field.attname for field in fields],
        key=fields.index(model._meta.pk),
        converters=[
            (place, partial(_converted, field, convert))
            for place, field in enumerate(fields)
            for convert in field.get_db_converters(connections[DEFAULT_DB_ALIAS])
        ],
    )


def _converted(field: AnyField, convert: Callable[..., Any], value: Any) -> Any:
    return convert(value, field.cached_col, connections[DEFAULT_DB_ALIAS])


@cache
def _insertion(model: type[Model]) -> tuple[str, Sequence[AnyField]]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    names = ", ".join(f'"{field.column}"' for field in fields)
    return f'INSERT INTO "{model._meta.db_table}" ({names})', fields


def _place_of(row: Model, field: AnyField, earlier: Sequence[Model]) -> int | None:
    """Return which of the earlier rows the field refers to, None for none of them."""
    if not isinstance(field, ForeignKey) or getattr(row, field.attname) is not None:
        return None
    other = field.get_cached_value(row, default=None)
    return next((place for place, one in enumerate(earlier) if one is other), None)


def _take_keys(row: Model) -> None:
    """Let the row know the keys that those it refers to have got."""
    for field in row._meta.concrete_fields:
        if isinstance(field, ForeignKey) and getattr(row, field.attname) is None:
            other = field.get_cached_value(row, default=None)
            if other is not None:
                setattr(row, field.name, other)  # by its id alone, what is known would be forgotten
