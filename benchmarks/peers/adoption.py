"""Adoption: the all-time counter a number of days after a launch that was seen, at each horizon.

counters: a row for each model created on the first read day or later, with a column a horizon: the
counter of its last change on or before the horizon's day. Before the launch the counter was 0, so
these are the cumulative downloads of models/adoption/horizon_counters. Null where that day is past
the as-of day, or no counter was read by then.
"""

from __future__ import annotations

from typing import Any

from benchmarks.peers import duck
from benchmarks.peers.runs import Engine, Run, Tables

# The seed `horizons`; a test holds it against the file.
HORIZONS = (7, 14, 30, 60, 90, 180, 365)
COLUMNS = {"counters": ("model_key", *(f"after_{days}" for days in HORIZONS))}


def duckdb_adoption(run: Run) -> Tables:
    """`arg_max` with a filter for each horizon in one pass, as the project's counters are read.

    horizon_counters reads spans between readings, since real counters have gaps; without gaps the
    last change is the same.
    """
    con = duck.connect(run)
    horizons = run.inputs.horizons
    latest = ", ".join(
        f"arg_max(counter, day) filter (where age <= {days}) as after_{days}" for days in horizons
    )
    known = ", ".join(
        f"case when launches.created_on + {days} <= {run.inputs.as_of} then after_{days} end"
        f" as after_{days}"
        for days in horizons
    )
    with run.stage("counters"):
        con.execute(
            f"""
            create table counters as
            with launches as (
                select model_key, created_on from models
                where created_on >= {run.inputs.first_day}
            ),

            aged as (
                select
                    launches.model_key,
                    changes.day,
                    changes.counter,
                    changes.day - launches.created_on as age
                from launches
                inner join changes on launches.model_key = changes.model_key
            ),

            latest as (
                select model_key, {latest}
                from aged
                group by model_key
            )

            select launches.model_key, {known}
            from launches
            left join latest on launches.model_key = latest.model_key
            """
        )
    return duck.tables(con, COLUMNS)


def polars_adoption(run: Run) -> Tables:
    """The streaming engine: per horizon the last counter that is not masked, in the rows' order."""
    import polars as pl

    inputs = run.inputs
    with run.stage("counters"):
        launches = (
            pl.scan_parquet(inputs.file("models"))
            .filter(pl.col("created_on") >= inputs.first_day)
            .select("model_key", "created_on")
        )
        age = pl.col("day") - pl.col("created_on")
        latest = (
            pl.scan_parquet(inputs.file("changes"))
            .join(launches, on="model_key", maintain_order="left")
            .select(
                "model_key",
                *(
                    pl.when(age <= days).then("counter").alias(f"after_{days}")
                    for days in inputs.horizons
                ),
            )
            .group_by("model_key")
            .agg(pl.exclude("model_key").last(ignore_nulls=True))
        )
        counters = (
            launches.join(latest, on="model_key", how="left")
            .select(
                "model_key",
                *(
                    pl.when(pl.col("created_on") + days <= inputs.as_of)
                    .then(f"after_{days}")
                    .alias(f"after_{days}")
                    for days in inputs.horizons
                ),
            )
            .collect(engine="streaming")
        )
    return {"counters": counters}


def pandas_adoption(run: Run) -> Tables:
    """A group's last row on or before each horizon's day."""
    import pandas as pd

    inputs = run.inputs
    with run.stage("read"):
        models = pd.read_parquet(inputs.file("models"), columns=["model_key", "created_on"])
        launches = models[models["created_on"] >= inputs.first_day].set_index("model_key")
        changes = pd.read_parquet(inputs.file("changes"), columns=["model_key", "day", "counter"])
    with run.stage("counters"):
        changes = changes[changes["model_key"].isin(launches.index)]
        age = changes["day"] - changes["model_key"].map(launches["created_on"])
        counters = launches.index.to_frame(index=False)
        for days in inputs.horizons:
            # Rows lie in order of days, so a model's last one is its latest.
            last = changes[age <= days].drop_duplicates("model_key", keep="last")
            values = last.set_index("model_key")["counter"].reindex(launches.index)
            counters[f"after_{days}"] = values.where(
                launches["created_on"] + days <= inputs.as_of
            ).to_numpy()
    return {"counters": counters}


def numba_adoption(run: Run) -> Tables:
    """One pass over the changes, compiled; one thread."""
    import numpy as np
    import pyarrow.parquet as pq

    from benchmarks.peers import passes

    inputs = run.inputs
    with run.stage("read"):
        models = pq.read_table(inputs.file("models"), columns=["model_key", "created_on"])
        changes = pq.read_table(inputs.file("changes"), columns=["model_key", "day", "counter"])
        keys, created_on, model, day, counter = (
            column.to_numpy() for column in (*models.columns, *changes.columns)
        )
    with run.stage("counters"):
        horizons = np.array(inputs.horizons, np.int32)
        found, values, is_null = run.compiled(
            passes.counters,
            keys,
            created_on,
            model,
            day,
            counter,
            horizons,
            inputs.first_day,
            inputs.as_of,
        )
    columns: dict[str, Any] = {"model_key": found}
    for place, days in enumerate(inputs.horizons):
        columns[f"after_{days}"] = (values[place], is_null[place])
    return {"counters": columns}


ENGINES: dict[str, Engine] = {
    "duckdb": duckdb_adoption,
    "polars": polars_adoption,
    "pandas": pandas_adoption,
    "numba": numba_adoption,
}
