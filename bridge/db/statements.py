"""Plain statements, for what is asked at every look: columns that equal values, put together without the ORM.

Its builder takes ten times as long over such a statement as the database does. Whatever asks for more goes through
it all the same. Values pass through the fields of the models here too, so what a column can't hold is refused.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeVar

from tortoise.connection import get_connection
from tortoise.fields import DatetimeField
from tortoise.models import Model

M = TypeVar("M", bound=Model)

GIVEN: Final = object()
"""Stands for any value but null."""


async def rows(model: type[M], order_by: str = "", *, own: bool = False, **equal: Any) -> list[M]:
    """Return the rows whose columns equal these values, one at least; of a list, which has some, any of them.

    `own`: nobody else writes to them until the transaction ends. On SQLite nobody writes to anything.
    """
    found = await _select(model, list(model._meta.fields_db_projection), order_by, equal, own=own)
    return [model._init_from_db(**_read(model, row)) for row in found]  # as the ORM's own executor does


async def first(model: type[M], *, own: bool = False, **equal: Any) -> M | None:
    """Return such a row, if there is one."""
    found = await rows(model, own=own, **equal)
    return found[0] if found else None


async def columns(model: type[Model], *names: str, **equal: Any) -> list[dict[str, Any]]:
    """Return these columns of such rows, as the database has them: of SQLite no moments, and 0 and 1 for truth."""
    return [dict(row) for row in await _select(model, names, "", equal)]


async def update(model: type[Model], values: Mapping[str, Any], *, more: str = "", **equal: Any) -> int:
    """Write `values` into such rows, and add 1 to the column `more`; return how many rows there were."""
    sets = [f'"{name}"=?' for name in values] + ([f'"{more}"="{more}"+1'] if more else [])
    where, sought = _where(model, equal)
    given = [_value(model, name, value) for name, value in values.items()]
    return await run(f'UPDATE "{model._meta.db_table}" SET {",".join(sets)}{where}', given + sought)


async def insert(model: type[Model], *made: Mapping[str, Any], unless_there: bool = False) -> list[int]:
    """Add these rows, which name the same columns, the others as by default; return their ids.

    `unless_there`: those that would be there twice are left out.
    """
    if not made:
        return []
    meta = model._meta
    left = [name for name in meta.fields_db_projection if name not in made[0] and name != meta.pk_attr]
    default = {name: meta.fields_map[name].default for name in left}
    columns = [*made[0], *left]
    values = [_value(model, name, {**default, **row}[name]) for row in made for name in columns]
    one = f"({','.join('?' * len(columns))})"
    names = ",".join(f'"{name}"' for name in columns)
    text = f'INSERT INTO "{meta.db_table}" ({names}) VALUES {",".join([one] * len(made))}'
    text += f'{" ON CONFLICT DO NOTHING" * unless_there} RETURNING "id"'
    return [row["id"] for row in await select(text, values)]


async def select(statement: str, values: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
    """Return the few rows that a statement finds, whose values are written as "?"."""
    connection: Any = get_connection("default")
    found: Sequence[Mapping[str, Any]]
    if _is_sqlite(connection):
        _, found = await connection.at_once(statement, list(values))
    else:
        found = await connection.execute_query_dict(_numbered(statement), list(values))
    return found


async def run(statement: str, values: Sequence[Any]) -> int:
    """Run such a statement; return how many rows it changed."""
    connection: Any = get_connection("default")
    if _is_sqlite(connection):
        return int((await connection.at_once(statement, list(values)))[0])
    return int((await connection.execute_query(_numbered(statement), list(values)))[0])


def _is_sqlite(connection: Any) -> bool:
    return bool(connection.capabilities.dialect == "sqlite")


def _numbered(statement: str) -> str:
    """The statement as PostgreSQL wants it."""
    before, *after = statement.split("?")
    return before + "".join(f"${place}{text}" for place, text in enumerate(after, 1))


async def _select(
    model: type[Model], names: Sequence[str], order_by: str, equal: Mapping[str, Any], *, own: bool = False
) -> Sequence[Mapping[str, Any]]:
    where, sought = _where(model, equal)
    order = f' ORDER BY "{order_by}"' if order_by else ""
    lock = " FOR NO KEY UPDATE" if own and not _is_sqlite(get_connection("default")) else ""
    listed = ",".join(f'"{name}"' for name in names)
    return await select(f'SELECT {listed} FROM "{model._meta.db_table}"{where}{order}{lock}', sought)


def _read(model: type[Model], row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a row, its moments read as SQLite has them: the ORM takes ten times as long."""
    read = dict(row)
    for name in _moments(model):
        if isinstance(read[name], str):
            read[name] = datetime.fromisoformat(read[name])
    return read


@cache
def _moments(model: type[Model]) -> tuple[str, ...]:
    return tuple(name for name, field in model._meta.fields_map.items() if isinstance(field, DatetimeField))


def _where(model: type[Model], equal: Mapping[str, Any]) -> tuple[str, list[Any]]:
    terms, sought = [], []
    for name, value in equal.items():
        if value is GIVEN:
            terms.append(f'"{name}" IS NOT NULL')
        elif value is None:
            terms.append(f'"{name}" IS NULL')
        elif isinstance(value, list):
            terms.append(f'"{name}" IN ({",".join("?" * len(value))})')
            sought += [_value(model, name, it) for it in value]
        else:
            terms.append(f'"{name}"=?')
            sought.append(_value(model, name, value))
    return f" WHERE {' AND '.join(terms)}", sought


def _value(model: type[Model], name: str, value: Any) -> Any:
    """The value as the field hands it to the database. Raises ValueError and ValidationError."""
    return model._meta.fields_map[name].to_db_value(value, model)
