"""The rows that every engine starts from, as Parquet files of integers.

edges(child, parent): one row a pair, without self edges.
models(model_key, created_on, org, region, bucket): in order of the key. Member 0 of region and
    bucket is `unknown`.
changes(model_key, day, counter_before, counter): a row where the all-time counter is another than
    the day before, with both, and each model's first, with null for the one before; in order of
    model and day. A row of the project's plain_spans knows both of its ends too.
calendar(day, month): every day from the first change to the as-of day.

Days are days since 1970-01-01, months are months since January of year 0. Every day of the history
was read in full, so no counter is interpolated.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from benchmarks.whole_hub import LAST_DAY, Population, counter_at, create_models
from orchestration.environment import DBT_PROJECT_DIR

TABLES = {
    "edges": "child, parent",
    "models": "model_key",
    "changes": "model_key, day",
    "calendar": "day",
}
EPOCH = date(1970, 1, 1)

# A slice of the models and all of its days are in memory at a time: 36 million rows.
_MODELS_A_SLICE = 100_000


@dataclass(frozen=True)
class Inputs:
    """A folder of input files. `first_day` is the first day that was read, `as_of` the last;
    both, and `horizons`, in days. `counts` are rows by table."""

    folder: Path
    first_day: int
    as_of: int
    horizons: tuple[int, ...]
    counts: dict[str, int]

    def file(self, table: str) -> str:
        """The path of a table's Parquet file."""
        return str(self.folder / f"{table}.parquet")

    @classmethod
    def of(cls, folder: Path) -> Inputs:
        """The inputs that `write` left in a folder; raises FileNotFoundError without any."""
        values = json.loads(_description(folder).read_text(encoding="utf-8"))
        return cls(
            folder=folder,
            first_day=values["first_day"],
            as_of=values["as_of"],
            horizons=tuple(values["horizons"]),
            counts=values["counts"],
        )


def prepare(population: Population, data: Path) -> Inputs:
    """The inputs of a population below `data`, written unless they are there."""
    folder = data / population.name
    if _description(folder).exists():
        return Inputs.of(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with duckdb.connect(config={"temp_directory": str(folder / "spilled")}) as con:
        # The day before LAST_DAY is the last that the history of whole_hub has.
        first_day, as_of = population.first_day, LAST_DAY - timedelta(days=1)
        create_models(con, population)
        _create_members(con, as_of)
        _create_changes(con, first_day, as_of)
        return write(con, folder, first_day, as_of)


def write(con: duckdb.DuckDBPyConnection, folder: Path, first_day: date, as_of: date) -> Inputs:
    """Write a connection's tables `edges`, `models` and `changes` as files, and the calendar.

    The horizons are the project's seed.
    """
    con.execute(
        """
        create or replace temp table calendar as
        select
            cast(day - date '1970-01-01' as integer) as day,
            cast(year(day) * 12 + month(day) - 1 as integer) as month
        from (
            select cast(unnest(generate_series(
                cast($first_day as timestamp), cast($as_of as timestamp), interval 1 day
            )) as date) as day
        ) as days
        """,
        {"first_day": first_day, "as_of": as_of},
    )
    for table, order in TABLES.items():
        file = str(folder / f"{table}.parquet").replace("'", "''")
        con.execute(f"copy (select * from {table} order by {order}) to '{file}' (format parquet)")
    horizons = con.execute(
        "select horizon_days from read_csv($seed) order by horizon_days",
        {"seed": str(DBT_PROJECT_DIR / "seeds" / "horizons.csv")},
    ).fetchall()
    inputs = Inputs(
        folder=folder,
        first_day=(first_day - EPOCH).days,
        as_of=(as_of - EPOCH).days,
        horizons=tuple(days for (days,) in horizons),
        counts={table: _count(con, table) for table in TABLES},
    )
    values = {name: value for name, value in asdict(inputs).items() if name != "folder"}
    _description(folder).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    return inputs


def _description(folder: Path) -> Path:
    return folder / "inputs.json"


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    ((rows,),) = con.execute(f"select count(*) from {table}").fetchall()
    return int(rows)


def _create_members(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """`models` with integers for names, and `edges`, of the models that exist on the as-of day."""
    seeds = DBT_PROJECT_DIR / "seeds"
    con.execute("alter table models rename to named_models")
    con.execute(
        """
        create temp table models as
        with regions as (
            select region, row_number() over (order by region) as code
            from (select distinct region from read_csv($organizations) where region != 'unknown')
        ),

        organizations as (
            select org, coalesce(regions.code, 0) as region
            from read_csv($organizations) as seed
            left join regions using (region)
        ),

        buckets as (
            select sort_order as code, min_parameters, max_parameters
            from read_csv($size_buckets) where size_bucket != 'unknown'
        )

        select
            cast(named_models.n as integer) as model_key,
            cast(named_models.created_on - date '1970-01-01' as integer) as created_on,
            cast(dense_rank() over (order by named_models.org) as integer) as org,
            cast(coalesce(organizations.region, 0) as integer) as region,
            cast(coalesce(buckets.code, 0) as integer) as bucket
        from named_models
        left join organizations on named_models.org = organizations.org
        left join buckets
            on
                named_models.parameters >= buckets.min_parameters
                and named_models.parameters < coalesce(buckets.max_parameters, 9e18)
        where named_models.created_on <= $as_of
        """,
        {
            "organizations": str(seeds / "organizations.csv"),
            "size_buckets": str(seeds / "size_buckets.csv"),
            "as_of": as_of,
        },
    )
    con.execute(
        """
        create temp table edges as
        select cast(n as integer) as child, cast(parent as integer) as parent
        from parents
        where
            n != parent
            and n in (select model_key from models)
            and parent in (select model_key from models)
        """
    )


def _create_changes(con: duckdb.DuckDBPyConnection, first_day: date, as_of: date) -> None:
    con.execute(
        "create temp table changes"
        " (model_key integer, day integer, counter_before bigint, counter bigint)"
    )
    ((last,),) = con.execute("select max(n) from named_models").fetchall()
    for start in range(1, last + 1, _MODELS_A_SLICE):
        con.execute(
            f"""
            insert into changes
            select
                n,
                day - date '1970-01-01',
                case when day != first_on then counter_before end,
                counter
            from (
                select
                    m.n,
                    t.day,
                    greatest(m.created_on, $first_day) as first_on,
                    {counter_at("t.day")} as counter,
                    {counter_at("t.day - 1")} as counter_before
                from named_models as m
                inner join (
                    select cast(unnest(generate_series(
                        cast($first_day as timestamp), cast($as_of as timestamp), interval 1 day
                    )) as date) as day
                ) as t
                    on m.created_on <= t.day
                where m.n >= $start and m.n < $stop
            ) as counters
            where day = first_on or counter != counter_before
            """,
            {
                "first_day": first_day,
                "as_of": as_of,
                "start": start,
                "stop": start + _MODELS_A_SLICE,
            },
        )
