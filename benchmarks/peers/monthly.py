"""Monthly sums by model, and by region, organisation and size bucket with shares and ranks.

model_months: a row for each model and month in which its counter changed or was first read.
downloads are the counter's rises, adjustment its falls; a model's first counter is downloads where
its launch was seen, and downloads_before_history where not; cumulative_downloads is the counter at
the month's last change (models/adoption/plain_months, where every day was read).

group_months: by kind of group (1 region, 2 organisation, 3 bucket), member and month, from the
member's first month to the last, whether or not anything changed: downloads, adjustment, the models
that were read by then and their counters at the month's end, the member's share of the month's
downloads (null where there are none) and its rank by downloads, ties by member; no rank for member
0, `unknown` (models/adoption/group_months and group_month_shares).
"""

from __future__ import annotations

from typing import Any

from benchmarks.peers import duck
from benchmarks.peers.runs import Engine, Run, Tables

COLUMNS = {
    "model_months": (
        "model_key",
        "month",
        "downloads",
        "adjustment",
        "downloads_before_history",
        "cumulative_downloads",
    ),
    "group_months": (
        "kind",
        "member",
        "month",
        "downloads",
        "adjustment",
        "cumulative_downloads",
        "models",
        "share",
        "rank",
    ),
}
KINDS = {1: "region", 2: "org", 3: "bucket"}


def duckdb_monthly(run: Run) -> Tables:
    """Sums of changes, grouping sets in one pass, and windows over the groups, as the project has
    them."""
    con = duck.connect(run)
    with run.stage("model_months"):
        con.execute(_MODEL_MONTHS.format(first_day=run.inputs.first_day))
    with run.stage("group_months"):
        con.execute(_GROUP_MONTHS)
    return duck.tables(con, COLUMNS)


_MODEL_MONTHS = """
create table model_months as
with summed as (
    select
        changes.model_key,
        calendar.month,
        coalesce(sum(greatest(counter - counter_before, 0)), 0) as rises,
        coalesce(sum(least(counter - counter_before, 0)), 0) as falls,
        max(case when counter_before is null then counter end) as first_counter,
        arg_max(counter, changes.day) as cumulative_downloads
    from changes
    inner join calendar on changes.day = calendar.day
    group by changes.model_key, calendar.month
)

select
    summed.model_key,
    summed.month,
    cast(
        rises + case when created_on >= {first_day} then coalesce(first_counter, 0) else 0 end
        as bigint
    ) as downloads,
    cast(falls as bigint) as adjustment,
    case when created_on >= {first_day} then 0 else coalesce(first_counter, 0) end
        as downloads_before_history,
    cumulative_downloads,
    first_counter is not null as is_first_month
from summed
inner join models on summed.model_key = models.model_key
"""

# A group's counter is the sum of all that its models' counters rose and fell by until then: no
# model has to have a row in a month without a change.
_GROUP_MONTHS = """
create table group_months as
with members as (
    select model_months.*, models.region, models.org, models.bucket
    from model_months
    inner join models on model_months.model_key = models.model_key
),

grouped as (
    select
        case when grouping(region) = 0 then 1 when grouping(org) = 0 then 2 else 3 end as kind,
        coalesce(region, org, bucket) as member,
        month,
        cast(sum(downloads) as bigint) as downloads,
        cast(sum(adjustment) as bigint) as adjustment,
        cast(sum(downloads + adjustment + downloads_before_history) as bigint) as increase,
        count(case when is_first_month then 1 end) as new_models
    from members
    group by grouping sets ((month, region), (month, org), (month, bucket))
),

cumulated as (
    select
        kind,
        member,
        month as changed_in,
        downloads,
        adjustment,
        cast(sum(increase) over months as bigint) as cumulative_downloads,
        cast(sum(new_models) over months as bigint) as models,
        lead(month, 1, (select max(month) + 1 from calendar)) over months as next_month
    from grouped
    window months as (partition by kind, member order by month)
),

-- A month without a change has the counters of the last one that had.
every_month as (
    select *, cast(unnest(range(changed_in, next_month)) as integer) as month
    from cumulated
),

filled as (
    select
        kind,
        member,
        month,
        case when month = changed_in then downloads else 0 end as downloads,
        case when month = changed_in then adjustment else 0 end as adjustment,
        cumulative_downloads,
        models
    from every_month
)

select
    filled.*,
    downloads / nullif(cast(sum(downloads) over (partition by kind, month) as double), 0) as share,
    case when member != 0 then row_number() over (
        partition by kind, month, member = 0 order by downloads desc, member
    ) end as rank
from filled
"""


def polars_monthly(run: Run) -> Tables:
    """The streaming engine up to the groups."""
    import polars as pl

    inputs = run.inputs
    with run.stage("model_months"):
        models = pl.scan_parquet(inputs.file("models"))
        calendar = pl.read_parquet(inputs.file("calendar"))
        model_months = (
            pl.scan_parquet(inputs.file("changes"))
            .with_columns(
                step=(pl.col("counter") - pl.col("counter_before")).fill_null(0),
                first_counter=pl.when(pl.col("counter_before").is_null()).then("counter"),
            )
            .join(calendar.lazy(), on="day", maintain_order="left")
            .group_by("model_key", "month")
            .agg(
                rises=pl.col("step").clip(lower_bound=0).sum(),
                adjustment=pl.col("step").clip(upper_bound=0).sum(),
                first_counter=pl.col("first_counter").max(),
                cumulative_downloads=pl.col("counter").last(),
            )
            .join(models, on="model_key")
            .with_columns(
                is_launch=pl.col("created_on") >= inputs.first_day,
                is_first_month=pl.col("first_counter").is_not_null(),
                first_counter=pl.col("first_counter").fill_null(0),
            )
            .select(
                "model_key",
                "month",
                "adjustment",
                "cumulative_downloads",
                "is_first_month",
                downloads=pl.col("rises") + pl.when("is_launch").then("first_counter").otherwise(0),
                downloads_before_history=pl.when("is_launch").then(0).otherwise("first_counter"),
            )
            .collect(engine="streaming")
        )
    with run.stage("group_months"):
        members = model_months.lazy().join(models, on="model_key")
        grouped = pl.concat(
            pl.collect_all(
                [
                    members.group_by(member=name, month="month")
                    .agg(
                        pl.col("downloads", "adjustment").sum(),
                        increase=pl.sum_horizontal(
                            "downloads", "adjustment", "downloads_before_history"
                        ).sum(),
                        new_models=pl.col("is_first_month").sum().cast(pl.Int64),
                    )
                    .with_columns(
                        kind=pl.lit(kind, dtype=pl.Int8), member=pl.col("member").cast(pl.Int32)
                    )
                    for kind, name in KINDS.items()
                ],
                engine="streaming",
            )
        )
        end = calendar["month"].max() + 1
        is_known = pl.col("member") != 0
        total = pl.col("downloads").sum().over("kind", "month")
        group_months = (
            grouped.lazy()
            .sort("kind", "member", "month")
            .with_columns(
                cumulative_downloads=pl.col("increase").cum_sum().over("kind", "member"),
                models=pl.col("new_models").cum_sum().over("kind", "member"),
                next_month=pl.col("month").shift(-1, fill_value=end).over("kind", "member"),
                changed_in="month",
            )
            # A month without a change has the counters of the last one that had.
            .with_columns(month=pl.int_ranges("month", "next_month", dtype=pl.Int32))
            .explode("month")
            .select(
                "kind",
                "member",
                "month",
                "cumulative_downloads",
                "models",
                *(
                    pl.when(pl.col("month") == pl.col("changed_in"))
                    .then(name)
                    .otherwise(0)
                    .alias(name)
                    for name in ("downloads", "adjustment")
                ),
            )
            # Members of a month lie in order, which decides between equals.
            .with_columns(
                share=pl.when(total != 0).then(pl.col("downloads") / total),
                rank=pl.when(is_known).then(
                    pl.col("downloads")
                    .rank("ordinal", descending=True)
                    .over("kind", "month", is_known)
                ),
            )
            .collect()
        )
    return {"model_months": model_months, "group_months": group_months}


def pandas_monthly(run: Run) -> Tables:
    """Groups with built-in functions only. What a change follows is told by the rows' order: a
    column of integers with nulls would be one of floats."""
    import pandas as pd

    inputs = run.inputs
    with run.stage("read"):
        models = pd.read_parquet(inputs.file("models")).set_index("model_key")
        calendar = pd.read_parquet(inputs.file("calendar"))
        changes = pd.read_parquet(inputs.file("changes"), columns=["model_key", "day", "counter"])
    with run.stage("model_months"):
        changes["month"] = changes["day"].map(calendar.set_index("day")["month"])
        changes["is_first"] = changes["model_key"].ne(changes["model_key"].shift())
        step = changes["counter"].diff().where(~changes["is_first"], 0).astype("int64")
        first_counter = changes["counter"].where(changes["is_first"], 0)
        is_launch = changes["model_key"].map(models["created_on"] >= inputs.first_day)
        changes["downloads"] = step.clip(lower=0) + first_counter.where(is_launch, 0)
        changes["adjustment"] = step.clip(upper=0)
        changes["downloads_before_history"] = first_counter.where(~is_launch, 0)
        model_months = changes.groupby(["model_key", "month"], as_index=False, sort=False).agg(
            downloads=("downloads", "sum"),
            adjustment=("adjustment", "sum"),
            downloads_before_history=("downloads_before_history", "sum"),
            cumulative_downloads=("counter", "last"),
            is_first_month=("is_first", "any"),
        )
    with run.stage("group_months"):
        members = model_months.assign(
            increase=model_months["downloads"]
            + model_months["adjustment"]
            + model_months["downloads_before_history"],
            new_models=model_months["is_first_month"].astype("int64"),
        )
        sums = ["downloads", "adjustment", "increase", "new_models"]
        groups = [
            members.assign(member=members["model_key"].map(models[name]))
            .groupby(["member", "month"], as_index=False)[sums]
            .sum()
            .assign(kind=kind)
            for kind, name in KINDS.items()
        ]
        grouped = pd.concat(groups, ignore_index=True)
        group = grouped.groupby(["kind", "member"], sort=False)
        grouped["cumulative_downloads"] = group["increase"].cumsum()
        grouped["models"] = group["new_models"].cumsum()
        # A month without a change has the counters of the last one that had: each row as often as
        # months pass until the next.
        end = int(calendar["month"].max()) + 1
        months = (group["month"].shift(-1, fill_value=end) - grouped["month"]).to_numpy()
        group_months = grouped.loc[grouped.index.repeat(months)].drop(
            columns=["increase", "new_models"]
        )
        passed = group_months.groupby(level=0).cumcount()
        group_months["month"] += passed
        group_months.loc[passed > 0, ["downloads", "adjustment"]] = 0
        group_months = group_months.reset_index(drop=True)
        total = group_months.groupby(["kind", "month"])["downloads"].transform("sum")
        group_months["share"] = group_months["downloads"] / total.where(total != 0)
        # Members of a month lie in order, which decides between equals.
        known = group_months[group_months["member"] != 0]
        group_months["rank"] = known.groupby(["kind", "month"])["downloads"].rank(
            method="first", ascending=False
        )
    return {"model_months": model_months, "group_months": group_months}


def numba_monthly(run: Run) -> Tables:
    """One pass over the changes and one over their months for each kind, compiled; one thread."""
    import numpy as np
    import pyarrow.parquet as pq

    from benchmarks.peers import passes

    inputs = run.inputs
    with run.stage("read"):
        models = pq.read_table(inputs.file("models"))
        calendar = pq.read_table(inputs.file("calendar"))
        changes = pq.read_table(inputs.file("changes"), columns=["model_key", "day", "counter"])
        keys = models["model_key"].to_numpy()
        created_on = models["created_on"].to_numpy()
        month_of = calendar["month"].to_numpy()
        model, day, counter = (column.to_numpy() for column in changes.columns)
    with run.stage("model_months"):
        columns = run.compiled(
            passes.model_months,
            keys,
            created_on,
            model,
            day,
            counter,
            month_of,
            inputs.first_day,
        )
        model_months = dict(zip(("place", *COLUMNS["model_months"][1:]), columns, strict=True))
    with run.stage("group_months"):
        place = model_months.pop("place")
        groups = [
            run.compiled(
                passes.group_months,
                models[name].to_numpy(),
                place,
                *(model_months[name] for name in COLUMNS["model_months"][1:5]),
                int(month_of[0]),
                int(month_of[-1]),
            )
            for name in KINDS.values()
        ]
        kinds = [np.full(len(group[0]), kind) for kind, group in zip(KINDS, groups, strict=True)]
        columns = [np.concatenate(kinds), *map(np.concatenate, zip(*groups, strict=True))]
        group_months: dict[str, Any] = dict(
            zip((*COLUMNS["group_months"], "no_share", "no_rank"), columns, strict=True)
        )
        for name in ("share", "rank"):
            group_months[name] = (group_months[name], group_months.pop(f"no_{name}"))
        model_months = {"model_key": keys[place], **model_months}
    return {"model_months": model_months, "group_months": group_months}


ENGINES: dict[str, Engine] = {
    "duckdb": duckdb_monthly,
    "polars": polars_monthly,
    "pandas": pandas_monthly,
    "numba": numba_monthly,
}
