"""An import folder of any size: dated snapshots of an invented Hub, made by one query.

Every name, counter and day is SYNTHETIC and follows from its number alone: two runs give the same
rows. Organisations are those of the seed, by turns; sizes, releases with precision copies and
derivatives stand in the proportions of the embedded sample (about one derivative a tracked model).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from orchestration.environment import DBT_PROJECT_DIR

# The last day of the history is the last but one of a month: nearly all of the month is built
# again for one more day, which is the dearest case.
LAST_DAY = date(2026, 3, 30)
FIRST_TRACKED_DAY = date(2022, 12, 1)
SIZES = (0.6, 1.7, 3, 4, 7, 8, 8, 9, 14, 27, 32, 70, 72, 120, 235, 480)


@dataclass(frozen=True)
class Hub:
    """`models` tracked ones and as many derivatives, read on each of `days` days and one more."""

    models: int
    days: int

    @property
    def first_day(self) -> date:
        """The first day of the history."""
        return LAST_DAY - timedelta(days=self.days - 1)

    @property
    def new_day(self) -> date:
        """The day that is loaded on top of the full build."""
        return LAST_DAY

    @property
    def next_day(self) -> date:
        """The day after it, for the run through Dagster."""
        return LAST_DAY + timedelta(days=1)

    @property
    def late_day(self) -> date:
        """The day in the middle that is loaded last."""
        return self.first_day + timedelta(days=self.days // 2)


def write_snapshots(hub: Hub, folder: Path) -> None:
    """Write the import folder: hub_stats/<day>.parquet, manifest.csv, and the mark SYNTHETIC."""
    snapshots = folder / "hub_stats"
    snapshots.mkdir(parents=True, exist_ok=True)
    (folder / "SYNTHETIC").touch()
    with duckdb.connect() as con:
        con.execute("set threads = 1; set partitioned_write_max_open_files = 2000")
        con.execute("set preserve_insertion_order = false")
        _create_models(con, hub)
        _create_counters(con, hub)
        scratch = folder / "scratch"
        con.execute(
            f"copy ({_SNAPSHOTS}) to '{scratch}' "
            "(format parquet, partition_by (snapshot), compression zstd)"
        )
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("file", "as_of", "days_early", "scope"))
        for part in sorted(scratch.iterdir()):
            day = part.name.partition("=")[2]
            (written,) = part.iterdir()
            written.replace(snapshots / f"{day}.parquet")
            part.rmdir()
            rows.writerow((f"hub_stats/{day}.parquet", day, 0, "hub"))
    scratch.rmdir()


def _create_models(con: duckdb.DuckDBPyConnection, hub: Hub) -> None:
    """Half of the tracked models are older than the history, the others come during it."""
    organizations = DBT_PROJECT_DIR / "seeds" / "organizations.csv"
    con.execute(
        """
        create table models as
        with orgs as (
            select list(org order by org) as names
            from read_csv($organizations) where is_tracked
        ),

        numbered as (
            select
                n,
                n <= $models as is_tracked,
                case when n <= $models then n else n - $models end as place,
                hash(n, 'salt') % 1000003 / 1000003.0 as u
            from range(1, 2 * $models + 1) as numbers (n)
        )

        select
            n,
            is_tracked,
            -- Every ninth repository is a precision copy of the one before of its organisation.
            is_tracked and place % 9 = 0 as is_copy,
            case when is_tracked then orgs.names[1 + (place // 9) % len(orgs.names)]
                else 'community-' || place % 400 end as org,
            ($sizes)[1 + (place // 9) % len($sizes)] as size,
            case when is_tracked and place % 2 = 0
                then $oldest + cast(u * greatest($first - $oldest - 1, 1) as integer)
                else $first + cast(u * $days as integer) end as created_on,
            -- A few models have most of the downloads.
            cast(case when is_tracked then 40 else 2 end * pow(1 / (1 - 0.999 * u), 1.2)
                as double) as rate,
            md5('model ' || n)[:24] as oid
        from numbered cross join orgs
        """,
        {
            "organizations": str(organizations),
            "models": hub.models,
            "days": hub.days,
            "sizes": [float(size) for size in SIZES],
            "first": hub.first_day,
            "oldest": min(
                max(FIRST_TRACKED_DAY, hub.first_day - timedelta(days=365)), hub.first_day
            ),
        },
    )
    con.execute(
        """
        create table described as
        select
            m.*,
            m.org || '/Model-' || (m.n - case when m.is_copy then 1 else 0 end) || '-' || m.size
            || 'B' || case when m.is_copy then '-FP8' else '' end as id,
            case when not m.is_tracked then b.org || '/Model-' || b.n || '-' || b.size || 'B' end
                as base_id,
            b.oid as base_oid
        from models as m
        left join models as b on not m.is_tracked and b.n = (m.n * 7) % $models // 9 * 9 + 1
        """,
        {"models": hub.models},
    )


def _create_counters(con: duckdb.DuckDBPyConnection, hub: Hub) -> None:
    """Downloads fade with age and fall at weekends; removed downloads make some counters fall."""
    con.execute(
        """
        create table counters as
        with daily as (
            select
                d.n,
                cast(t.day as date) as day,
                cast(floor(
                    d.rate
                    * (0.15 + exp(-greatest(date_diff('day', d.created_on, t.day), 0) / 90.0))
                    * case when isodow(t.day) >= 6 then 0.7 else 1 end
                    * (0.6 + 0.8 * (hash(d.n, t.day) % 1000 / 1000.0))
                    + hash(d.n, t.day, 'carry') % 1000 / 1000.0
                ) as bigint) as downloads,
                hash(d.n, t.day, 'fall') % 20000 = 0 as has_fall
            from described as d
            inner join
                generate_series($first::timestamp, $last::timestamp, interval 1 day) as t (day)
                on t.day >= d.created_on
        ),

        summed as (
            select
                *,
                sum(downloads) over (partition by n order by day) as risen,
                sum(downloads) over (
                    partition by n order by day rows between 29 preceding and current row
                ) as last_30_days,
                sum(case when has_fall then downloads * 5 else 0 end) over (
                    partition by n order by day
                ) as removed
            from daily
        )

        select n, day, cast(last_30_days as bigint) as downloads,
            greatest(cast(risen - removed as bigint), 0) as downloads_all_time
        from summed
        """,
        {"first": hub.first_day, "last": hub.next_day},
    )


_SNAPSHOTS = """
select
    c.day as snapshot,
    d.oid as _id,
    d.id,
    d.org as author,
    cast(d.created_on as timestamp) + interval 9 hour as "createdAt",
    c.downloads,
    c.downloads_all_time as "downloadsAllTime",
    1 + c.downloads_all_time // 20000 as likes,
    case when d.is_tracked then ['transformers', 'safetensors', 'text-generation']
        else ['transformers', 'base_model:' || d.base_id, 'base_model:finetune:' || d.base_id]
    end as tags,
    {'parameters': {'BF16': cast(d.size * 1e9 as bigint)},
     'total': cast(d.size * 1e9 as bigint)} as safetensors,
    case when not d.is_tracked
        then {'relation': 'finetune', 'models': [{'_id': d.base_oid, 'id': d.base_id}]}
    end as "baseModels",
    'text-generation' as pipeline_tag,
    'transformers' as library_name
from counters as c
inner join described as d on c.n = d.n
order by c.day, c.n
"""
