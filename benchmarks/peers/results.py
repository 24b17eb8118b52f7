"""Results: written as Parquet whatever made them, and compared to the row.

A table is a DuckDB relation, a Polars or pandas frame, or arrays by column; where an array has
nulls it is a pair of the values and a mask that is true where the value is null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb


class MismatchError(Exception):
    """Two engines' results differ."""


def write(engine: str, tables: Mapping[str, Any], folder: Path) -> None:
    """Write each table as `<name>.parquet`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        file = str(folder / f"{name}.parquet")
        if engine in ("duckdb", "polars"):
            table.write_parquet(file)
        elif engine == "pandas":
            table.to_parquet(file, index=False)
        else:
            _write_arrays(table, file)


def _write_arrays(table: Mapping[str, Any], file: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def column(values: Any) -> Any:
        return (
            pa.array(values[0], mask=values[1]) if isinstance(values, tuple) else pa.array(values)
        )

    pq.write_table(pa.table({name: column(values) for name, values in table.items()}), file)


def compare(one: Path, other: Path, columns: Mapping[str, Sequence[str]]) -> None:
    """Compare two folders of results, whatever the order of their rows.

    Raises:
        MismatchError: with the first row, in order of the columns, that only one of the two has.
    """
    with duckdb.connect(config={"temp_directory": str(one / "spilled")}) as con:
        con.execute("set enable_progress_bar = false")
        for table, names in columns.items():
            sides = [_rows(folder / f"{table}.parquet", names) for folder in (one, other)]
            if _checksum(con, sides[0]) != _checksum(con, sides[1]):
                raise MismatchError(_difference(con, table, names, one, other, sides))


def rows(folder: Path, table: str, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """A result's rows in order of their columns."""
    with duckdb.connect() as con:
        return con.execute(f"{_rows(folder / f'{table}.parquet', names)} order by all").fetchall()


def counts(folder: Path, columns: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Rows by table."""
    with duckdb.connect() as con:
        return {
            table: int(
                con.execute(
                    f"select count(*) from ({_rows(folder / f'{table}.parquet', names)})"
                ).fetchall()[0][0]
            )
            for table, names in columns.items()
        }


def greatest(folder: Path, table: str, name: str) -> int:
    """The greatest value of a column, 0 without any row."""
    file = str(folder / f"{table}.parquet")
    with duckdb.connect() as con:
        ((value,),) = con.execute(
            f"select coalesce(max({name}), 0) from read_parquet($file)", {"file": file}
        ).fetchall()
    return int(value)


def _rows(file: Path, names: Sequence[str]) -> str:
    """The columns as 64-bit numbers: engines differ in the widths of their integers."""
    path = str(file).replace("'", "''")
    return f"select {', '.join(_number(name) for name in names)} from read_parquet('{path}')"


def _number(name: str) -> str:
    # A share is a quotient of the same two integers in each engine, so equal to the last bit.
    # pandas has NaN where others have null.
    if name.endswith("share"):
        return f"nullif(cast({name} as double), 'nan') as {name}"
    return f"cast({name} as bigint) as {name}"


def _checksum(con: duckdb.DuckDBPyConnection, side: str) -> tuple[Any, ...]:
    """The rows' number and the sum of their hashes, for which no order is needed."""
    (row,) = con.execute(
        f"select count(*), sum(cast(hash(side) as hugeint)) from ({side}) as side"
    ).fetchall()
    return tuple(row)


def _difference(
    con: duckdb.DuckDBPyConnection,
    table: str,
    names: Sequence[str],
    one: Path,
    other: Path,
    sides: Sequence[str],
) -> str:
    found = con.execute(
        f"""
        select side, side_rows.* exclude (side)
        from (
            (select '{one.name}' as side, * from ({sides[0]} except all {sides[1]}) limit 1000000)
            union all
            (select '{other.name}' as side, * from ({sides[1]} except all {sides[0]}) limit 1000000)
        ) as side_rows
        order by {", ".join(names)}, side
        limit 1
        """
    ).fetchall()
    values = ", ".join(f"{name} {value}" for name, value in zip(names, found[0][1:], strict=True))
    return f"{table}: {one.name} and {other.name} differ; only {found[0][0]} has {values}"
