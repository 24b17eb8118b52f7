"""A warehouse of the whole Hub's shape: all repositories, a year of readings, the family tree.

The rows follow from their numbers alone: two runs give the same. What a year of the loader's own
work would have left in `raw` is written by queries, in the loader's form (extract/readings.py): a
row where a counter changed, and one of every model on the first day of a month. The days after it
are snapshots in the import format, for the loader itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from extract.home import Home
from extract.sources.hub_pages import PAGE_SIZE
from extract.sources.hub_stats_columns import content_hash
from extract.warehouse import Warehouse
from orchestration.environment import DBT_PROJECT_DIR

LAST_DAY = date(2026, 3, 30)


@dataclass(frozen=True)
class Population:
    """`models` repositories at the end of `days` read days, `tracked` of them of the seed's
    organisations. `changes` sets how busy the others are: the readings that change on a day, month
    turns apart, are about half as many (`fill` counts the rows that came of it)."""

    name: str
    models: int
    days: int
    changes: int
    tracked: int = 1500

    @property
    def first_day(self) -> date:
        """The first read day."""
        return LAST_DAY - timedelta(days=self.days - 1)


POPULATIONS = {
    "small": Population("small", 20_000, 120, 2_000, 300),
    "middle": Population("middle", 100_000, 365, 10_000),
    "hub": Population("hub", 3_000_000, 365, 115_000),
}


def fill(population: Population, home: Home) -> dict[str, int]:
    """Create a home's warehouse with the population's history; the counts of what it holds.

    The home must be new. The days from LAST_DAY on are not in it (`snapshot`).
    """
    with Warehouse.open(home) as warehouse:
        con = warehouse.con
        create_models(con, population)
        con.execute("insert into raw.model_names select n, oid, id from models")
        days = [
            population.first_day + timedelta(days=number) for number in range(population.days - 1)
        ]
        for month in sorted({day.replace(day=1) for day in days}):
            _fill_month(con, [day for day in days if day.replace(day=1) == month], days[0])
        _fill_metadata(con, days[0], days[-1])
        return _counts(con)


def snapshot(population: Population, day: date, file: Path, *, factor: float = 1.0) -> None:
    """Write one day as a snapshot in the import format. A `factor` makes the day a restated one."""
    with duckdb.connect() as con:
        create_models(con, population)
        con.execute(
            f"""
            copy (
                select
                    oid as _id,
                    id,
                    org as author,
                    cast(created_on as timestamp) + interval 9 hour as "createdAt",
                    {_trailing("$day")} as downloads,
                    cast(floor({counter_at("$day")} * $factor) as bigint) as "downloadsAllTime",
                    {counter_at("$day")} // 200 as likes,
                    tags,
                    {{'parameters': {{'BF16': parameters}}, 'total': parameters}} as safetensors,
                    case when len(bases) > 0 then {{
                        'relation': relation,
                        'models': list_transform(
                            bases, lambda b: {{'_id': b.hub_oid, 'id': b.model_id}}
                        )
                    }} end as "baseModels",
                    'text-generation' as pipeline_tag,
                    'transformers' as library_name
                from models
                where created_on <= $day
            ) to '{file}' (format parquet, compression zstd)
            """,
            {"day": day, "factor": factor},
        )


def pages(population: Population, day: date) -> Iterator[tuple[int, bytes]]:
    """A read of the whole Hub on a day as pages of the API's JSON: records, and the page."""
    with duckdb.connect() as con:
        create_models(con, population)
        records = con.execute(
            f"""
            select count(*), '[' || string_agg(record, ',') || ']'
            from (
                select
                    (row_number() over (order by n) - 1) // {PAGE_SIZE} as page,
                    cast(json_object(
                        '_id', oid,
                        'id', id,
                        'author', org,
                        'createdAt', strftime(created_on, '%Y-%m-%dT09:00:00.000Z'),
                        'downloads', {_trailing("$day")},
                        'downloadsAllTime', {counter_at("$day")},
                        'likes', {counter_at("$day")} // 200,
                        'tags', tags,
                        'pipeline_tag', 'text-generation',
                        'library_name', 'transformers',
                        'safetensors',
                        {{'parameters': {{'BF16': parameters}}, 'total': parameters}},
                        'baseModels', case when len(bases) > 0 then {{
                            'relation': relation,
                            'models': list_transform(
                                bases, lambda b: {{'_id': b.hub_oid, 'id': b.model_id}}
                            )
                        }} end
                    ) as varchar) as record
                from models
                where created_on <= $day
            ) as records
            group by page
            order by page
            """,
            {"day": day},
        )
        while rows := records.fetchmany(100):
            for count, text in rows:
                yield count, text.encode()


# The all-time counter at the end of a day: it rises most in the first months, and by a fraction of
# a download a day for most models.
def counter_at(day: str) -> str:
    age = f"(date_diff('day', created_on, {day}) + 1)"
    return (
        f"cast(floor(case when {age} <= 0 then 0 else "
        f"phase + rate * (0.15 * {age} + 90 * (1 - exp(-{age} / 90.0))) end) as bigint)"
    )


def _trailing(day: str) -> str:
    return f"({counter_at(day)} - {counter_at(f'{day} - 30')})"


def create_models(con: duckdb.DuckDBPyConnection, population: Population) -> None:
    """A temporary table of all models: 60 % are older than the history, most have a parent.

    Parents are mostly tracked models, else any earlier model; one in 25 has two or three. Of every
    50,000 models 40 in a row descend from each other, and two name each other as parents.
    """
    organizations = DBT_PROJECT_DIR / "seeds" / "organizations.csv"
    con.execute(
        """
        create or replace temp table numbered as
        with orgs as (
            select list(org order by org) as names
            from read_csv($organizations) where is_tracked
        )

        select
            n,
            n % $step = 1 and n // $step < $tracked as is_tracked,
            hash(n, 'u') % 1000003 / 1000003.0 as u,
            hash(n, 'v') % 1000003 / 1000003.0 as v,
            hash(n, 'w') % 1000003 / 1000003.0 as w,
            hash(n, 'x') % 1000003 / 1000003.0 as x,
            case when n % $step = 1 and n // $step < $tracked
                then orgs.names[1 + (n // $step) % len(orgs.names)]
                else 'user-' || cast(floor(pow(hash(n, 'org') % 1000003 / 1000003.0, 2)
                    * $models / 6) as integer)
            end as org,
            md5('model ' || n)[:24] as oid,
            case when n <= $models * 0.6
                then $first - cast(ceil((1 - n / ($models * 0.6)) * 1100) as integer)
                else $first + cast(floor((n / $models - 0.6) / 0.4 * $days) as integer)
            end as created_on
        from range(1, $models + 1) as numbers (n)
        cross join orgs
        """,
        {
            "organizations": str(organizations),
            "models": population.models,
            "tracked": population.tracked,
            "step": population.models // population.tracked,
            "first": population.first_day,
            "days": population.days,
        },
    )
    con.execute(
        """
        create or replace temp table parents as
        with first_parents as (
            select
                n,
                case
                    -- A chain of 40, and a pair that name each other.
                    when n % 50000 between 1001 and 1040 then n - 1
                    when n % 50000 = 2001 then n + 1
                    when n % 50000 = 2002 then n - 1
                    when is_tracked then null
                    when u < 0.42
                        then 1 + $step
                            * cast(floor(least(pow(v, 3) * $tracked, n / $step)) as bigint)
                    when u < 0.57 then cast(floor(v * (n - 1)) as bigint)
                end as parent
            from numbered
        )

        select n, parent from first_parents where parent between 1 and $models and parent != n
        union
        select f.n, 1 + cast(floor(m.w * (f.n - 1)) as bigint) as parent
        from first_parents as f
        inner join numbered as m on f.n = m.n
        where f.parent is not null and m.x < 0.04 and not m.is_tracked and f.n > 2
        union
        select f.n, 1 + cast(floor(m.u * (f.n - 1)) as bigint) as parent
        from first_parents as f
        inner join numbered as m on f.n = m.n
        where f.parent is not null and m.x < 0.01 and not m.is_tracked and f.n > 2
        """,
        {
            "models": population.models,
            "step": population.models // population.tracked,
            "tracked": population.tracked,
        },
    )
    con.execute(
        """
        create or replace temp table models as
        with bases as (
            select
                p.n,
                list(
                    {'hub_oid': m.oid, 'model_id': m.org || '/Model-' || m.n} order by p.parent
                ) as bases
            from parents as p
            inner join numbered as m on p.parent = m.n
            group by p.n
        )

        select
            m.n,
            m.is_tracked,
            m.org,
            m.org || '/Model-' || m.n as id,
            m.oid,
            m.created_on,
            coalesce(b.bases, []) as bases,
            case
                when len(b.bases) > 1 then 'merge'
                when b.bases is not null
                    then ['finetune', 'quantized', 'adapter'][1 + m.n % 3]
            end as relation,
            list_sort(list_concat(
                ['transformers', 'safetensors', 'text-generation'],
                list_transform(coalesce(b.bases, []), lambda b: 'base_model:' || b.model_id)
            )) as tags,
            cast(
                [0.6, 1.7, 3, 4, 7, 8, 8, 9, 14, 27, 32, 70, 72, 120, 235, 480][1 + m.n % 16] * 1e9
                as bigint
            ) as parameters,
            m.v as phase,
            -- Few have most of the downloads; most have one in a season.
            case when m.is_tracked then 40 * pow(1 / (1 - 0.999 * m.w), 1.2)
                else 0.9 * $share * pow(1 / (1 - 0.9999 * m.w), 1.1) end as rate
        from numbered as m
        left join bases as b on m.n = b.n
        """,
        # A download changes two readings: it comes into the trailing 30 days, and leaves them.
        {"share": population.changes / population.models / 6},
    )


def _fill_month(con: duckdb.DuckDBPyConnection, days: list[date], first_day: date) -> None:
    con.execute(
        f"""
        insert into raw.hub_stats_readings
        with values as (
            select
                m.n,
                t.day,
                m.created_on,
                {counter_at("t.day")} as counter,
                {_trailing("t.day")} as last_30,
                {counter_at("t.day - 1")} as counter_before,
                {_trailing("t.day - 1")} as last_30_before
            from (select unnest($days) as day) as t
            inner join models as m on m.created_on <= t.day
        )

        select
            n, day, 'hub', 'present', last_30, counter, counter // 200, 0,
            date_diff('day', $first_day, day) + 1,
            case when day > $first_day and created_on < day then counter_before end
        from values
        where
            day = $month_turn
            or created_on = day
            or counter != counter_before
            or last_30 != last_30_before
        order by day, n
        """,
        {"days": days, "month_turn": days[0], "first_day": first_day},
    )
    con.execute(
        """
        insert into raw.loads
        select
            date_diff('day', $first_day, t.day) + 1, 'hub_stats', cast(t.day as varchar), 'loaded',
            m.models, r.rows, m.models - r.rows, 0, 0, md5(cast(t.day as varchar)), true, t.day, 0,
            null, t.day + interval 14 hour, t.day + interval 15 hour
        from (select unnest($days) as day) as t
        inner join (
            select day, count(*) as rows from raw.hub_stats_readings
            where day between $first and $last group by day
        ) as r on t.day = r.day
        cross join lateral (select count(*) as models from models where created_on <= t.day) as m
        """,
        {"days": days, "first_day": first_day, "first": days[0], "last": days[-1]},
    )
    con.execute(
        """
        insert into raw.read_days
        select source, 'hub', as_of, true, 0, rows_read, partition, load_id
        from raw.loads where as_of between $first and $last
        """,
        {"first": days[0], "last": days[-1]},
    )


def _fill_metadata(con: duckdb.DuckDBPyConnection, first_day: date, last_day: date) -> None:
    con.execute(
        f"""
        insert into raw.hub_stats_metadata
        with records as (
            select
                n,
                greatest(created_on, $first_day) as day,
                cast(created_on as timestamp) + interval 9 hour as created_at,
                'text-generation' as pipeline_tag,
                'transformers' as library_name,
                tags,
                relation as base_relation,
                case when len(bases) > 0 then bases end as base_models,
                parameters as parameters_total,
                map {{'BF16': parameters}} as parameters_by_dtype,
                cast(null as bigint) as gguf_total
            from models
            where created_on <= $last_day
        )

        select
            n,
            day,
            'hub',
            {content_hash()},
            * exclude (n, day),
            date_diff('day', $first_day, day) + 1
        from records
        order by created_at, n
        """,
        {"first_day": first_day, "last_day": last_day},
    )


def _counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    ((models, edges, readings, days),) = con.execute(
        "select (select count(*) from models), (select count(*) from parents), "
        "(select count(*) from raw.hub_stats_readings), (select count(*) from raw.read_days)"
    ).fetchall()
    return {"models": models, "edges": edges, "readings": readings, "days": days}
