"""Lineage: the closure with its smallest depth, roots, and descendants.

closure: every model's ancestors, never itself. roots: the strongly connected components without a
parent outside that a model reaches or lies in, named by their smallest key. descendants: of every
model, 0 where it has none.

DuckDB runs the project's model_ancestors as it is. model_components, model_roots and
model_descendants also order members by name, make exact weights and count relations, which no other
engine does here: of these it runs the steps that the results need. Polars and pandas have the
same algorithm: models without children apart, the rest level by level until no pair is new.
networkx searches from each model. numba does too, on arrays of parents.
"""

from __future__ import annotations

from array import array
from collections import Counter
from typing import Any

from benchmarks.peers import duck
from benchmarks.peers.project_sql import query
from benchmarks.peers.runs import Engine, Run, Tables

# The columns of each result by name, keys first: `results` compares these.
COLUMNS = {
    "closure": ("model_key", "ancestor_key", "depth"),
    "roots": ("model_key", "root_key", "is_cycle", "depth"),
    "descendants": ("model_key", "descendants"),
}

# A pair of 32-bit keys as one integer: the first times this, plus the second.
PAIR = 1 << 32


def duckdb_lineage(run: Run) -> Tables:
    """The project's model_ancestors, then the steps of model_components, model_roots and
    model_descendants that the results need."""
    con = duck.connect(run)
    with run.stage("read"):
        con.execute(
            """
            create table model_edges as
            select child as child_key, parent as parent_key, false as is_self from edges
            """
        )
    with run.stage("closure"):
        con.execute(
            f"create table closure as {query('model_ancestors', {'model_edges': 'model_edges'})}"
        )
    with run.stage("roots"):
        con.execute(_COMPONENTS)
        con.execute(_ROOTS)
    with run.stage("descendants"):
        con.execute(_DESCENDANTS)
    return duck.tables(con, COLUMNS)


# The least key stands for the least name.
_COMPONENTS = """
create table components as
with inner_pairs as (
    select model_key, ancestor_key
    from closure
    where model_key in (select ancestor_key from closure)
),

-- Two models that are each other's ancestor lie on one cycle.
mutual as (
    select
        pairs.model_key,
        min(pairs.ancestor_key) as least_key
    from inner_pairs as pairs
    inner join inner_pairs as back
        on pairs.model_key = back.ancestor_key and pairs.ancestor_key = back.model_key
    group by pairs.model_key
)

select
    models.model_key,
    least(models.model_key, mutual.least_key) as component_key,
    cast(mutual.least_key is not null as integer) as is_cycle
from models
left join mutual on models.model_key = mutual.model_key
"""

_ROOTS = """
create table roots as
with inner_components as (
    select distinct child_components.component_key
    from model_edges as edges
    inner join components as child_components on edges.child_key = child_components.model_key
    inner join components as parent_components on edges.parent_key = parent_components.model_key
    where child_components.component_key != parent_components.component_key
),

-- A component with a parent outside is no root.
root_members as (
    select components.*
    from components
    left join inner_components on components.component_key = inner_components.component_key
    where inner_components.component_key is null
),

reached as (
    select model_key, component_key, is_cycle, 0 as depth
    from root_members

    union all

    select closure.model_key, root_members.component_key, root_members.is_cycle, closure.depth
    from closure
    inner join root_members on closure.ancestor_key = root_members.model_key
)

select model_key, component_key as root_key, is_cycle, min(depth) as depth
from reached
group by model_key, component_key, is_cycle
"""

_DESCENDANTS = """
create table descendants as
with counts as (
    select ancestor_key as model_key, count(*) as descendants
    from closure
    group by ancestor_key
)

select models.model_key, coalesce(counts.descendants, 0) as descendants
from models
left join counts on models.model_key = counts.model_key
"""


def polars_lineage(run: Run) -> Tables:
    """Joins of integer columns; a pair of keys is one 64-bit integer where pairs are compared."""
    import polars as pl

    def with_pair(frame: Any) -> Any:
        return frame.with_columns(
            pair=pl.col("model_key").cast(pl.Int64) * PAIR + pl.col("ancestor_key")
        )

    with run.stage("read"):
        edges = pl.read_parquet(run.inputs.file("edges"))
        models = pl.read_parquet(run.inputs.file("models"), columns=["model_key"])
    with run.stage("closure"):
        parents = edges.select(model_key=pl.col("parent")).unique()
        # An edge of a model that has children itself.
        inner = edges.join(parents, left_on="child", right_on="model_key", how="semi")
        new = with_pair(inner.select(model_key="child", ancestor_key="parent"))
        seen = new.select("pair")
        levels, depth = [], 1
        while new.height:
            levels.append(
                new.select("model_key", "ancestor_key", depth=pl.lit(depth, dtype=pl.Int32))
            )
            new = (
                with_pair(
                    new.lazy()
                    .join(inner.lazy(), left_on="ancestor_key", right_on="child")
                    .select("model_key", ancestor_key="parent")
                    .filter(pl.col("model_key") != pl.col("ancestor_key"))
                )
                .join(seen.lazy(), on="pair", how="anti")
                .unique("pair")
                .collect()
            )
            seen = pl.concat([seen, new.select("pair")])
            depth += 1
        inner_closure = pl.concat(levels) if levels else _no_pairs(pl)
        leaves = edges.join(parents, left_on="child", right_on="model_key", how="anti").lazy()
        leaf_closure = (
            pl.concat(
                [
                    leaves.select(
                        model_key="child",
                        ancestor_key="parent",
                        depth=pl.lit(1, dtype=pl.Int32),
                    ),
                    leaves.join(inner_closure.lazy(), left_on="parent", right_on="model_key")
                    .select("ancestor_key", model_key=pl.col("child"), depth=pl.col("depth") + 1)
                    .select("model_key", "ancestor_key", "depth"),
                ]
            )
            .group_by("model_key", "ancestor_key")
            .agg(pl.col("depth").min())
            .collect()
        )
        closure = pl.concat([inner_closure, leaf_closure])
    with run.stage("roots"):
        # Two models that are each other's ancestor lie on one cycle; only inner ones can.
        mutual = inner_closure.join(
            inner_closure.select(model_key="ancestor_key", ancestor_key="model_key"),
            on=["model_key", "ancestor_key"],
            how="semi",
        )
        components = models.join(
            mutual.group_by("model_key").agg(least=pl.col("ancestor_key").min()),
            on="model_key",
            how="left",
        ).select(
            "model_key",
            component=pl.min_horizontal("model_key", "least"),
            is_cycle=pl.col("least").is_not_null().cast(pl.Int32),
        )
        inside = (
            edges.join(components, left_on="child", right_on="model_key")
            .select("parent", child_component="component")
            .join(components, left_on="parent", right_on="model_key")
            .filter(pl.col("child_component") != pl.col("component"))
            .select(component="child_component")
        )
        root_components = components.join(inside, on="component", how="anti")
        reached = (
            closure.lazy()
            .join(root_components.lazy(), left_on="ancestor_key", right_on="model_key")
            .select("model_key", root_key="component", is_cycle="is_cycle", depth="depth")
        )
        own = root_components.lazy().select(
            "model_key",
            root_key="component",
            is_cycle="is_cycle",
            depth=pl.lit(0, dtype=pl.Int32),
        )
        roots = (
            pl.concat([own, reached])
            .group_by("model_key", "root_key", "is_cycle")
            .agg(pl.col("depth").min())
            .collect()
        )
    with run.stage("descendants"):
        descendants = models.join(
            closure.group_by(model_key="ancestor_key").agg(descendants=pl.len()),
            on="model_key",
            how="left",
        ).with_columns(pl.col("descendants").fill_null(0))
    return {"closure": closure, "roots": roots, "descendants": descendants}


def _no_pairs(pl: Any) -> Any:
    return pl.DataFrame(schema={"model_key": pl.Int32, "ancestor_key": pl.Int32, "depth": pl.Int32})


def pandas_lineage(run: Run) -> Tables:
    """Merges of integer columns; known pairs are kept as one sorted array of 64-bit integers."""
    import pandas as pd

    def pairs(frame: Any) -> Any:
        return frame["model_key"].astype("int64") * PAIR + frame["ancestor_key"]

    with run.stage("read"):
        edges = pd.read_parquet(run.inputs.file("edges"))
        models = pd.read_parquet(run.inputs.file("models"), columns=["model_key"])
    with run.stage("closure"):
        names = {"child": "model_key", "parent": "ancestor_key"}
        # An edge of a model that has children itself.
        is_inner = edges["child"].isin(edges["parent"].unique())
        inner = edges[is_inner]
        level = inner.rename(columns=names).assign(depth=1)
        levels, seen = [level], pd.Index(pairs(level))
        while len(level):
            level = level.merge(inner, left_on="ancestor_key", right_on="child")
            level = level.loc[
                level["model_key"] != level["parent"], ["model_key", "parent", "depth"]
            ]
            level = level.rename(columns=names)
            level["depth"] += 1
            # The index keeps its hash table, so that a level looks up its own pairs alone.
            pair = pd.Index(pairs(level))
            is_new = ~pair.duplicated() & (seen.get_indexer(pair) < 0)
            level = level[is_new]
            if len(level):
                levels.append(level)
                seen = seen.append(pair[is_new])
        inner_closure = pd.concat(levels, ignore_index=True)
        leaves = edges[~is_inner]
        further = leaves.merge(inner_closure, left_on="parent", right_on="model_key")
        further = further[["child", "ancestor_key", "depth"]].rename(columns=names)
        further["depth"] += 1
        leaf_closure = (
            pd.concat([leaves.rename(columns=names).assign(depth=1), further], ignore_index=True)
            .groupby(["model_key", "ancestor_key"], as_index=False, sort=False)["depth"]
            .min()
        )
        closure = pd.concat([inner_closure, leaf_closure], ignore_index=True)
    with run.stage("roots"):
        # Two models that are each other's ancestor lie on one cycle; only inner ones can.
        back = inner_closure["ancestor_key"].astype("int64") * PAIR + inner_closure["model_key"]
        mutual = inner_closure[pairs(inner_closure).isin(back)]
        least = mutual.groupby("model_key")["ancestor_key"].min()
        component = pd.Series(models["model_key"].to_numpy(), index=models["model_key"])
        component.loc[least.index] = least.clip(upper=least.index.to_series())
        is_cycle = component.index.isin(least.index)
        of_child = edges["child"].map(component)
        inside = of_child[of_child != edges["parent"].map(component)].unique()
        is_root = ~component.isin(inside)
        own = pd.DataFrame(
            {"model_key": component.index, "root_key": component.to_numpy(), "depth": 0}
        )[is_root.to_numpy()]
        reached = closure[closure["ancestor_key"].map(is_root)]
        reached = reached.assign(root_key=reached["ancestor_key"].map(component))
        roots = (
            pd.concat([own, reached[["model_key", "root_key", "depth"]]], ignore_index=True)
            .groupby(["model_key", "root_key"], as_index=False, sort=False)["depth"]
            .min()
        )
        in_cycle = pd.Series(is_cycle.astype("int32"), index=component.index)
        roots["is_cycle"] = roots["root_key"].map(in_cycle)
    with run.stage("descendants"):
        counts = closure["ancestor_key"].value_counts()
        descendants = models.assign(
            descendants=models["model_key"].map(counts).fillna(0).astype("int64")
        )
    return {"closure": closure, "roots": roots, "descendants": descendants}


def networkx_lineage(run: Run) -> Tables:
    """A search by breadth from each model that has a parent; arrays of integers as the result."""
    import networkx as nx
    import pyarrow.parquet as pq

    with run.stage("read"):
        edges = pq.read_table(run.inputs.file("edges"))
        keys = pq.read_table(run.inputs.file("models"), columns=["model_key"])["model_key"]
        graph = nx.DiGraph()
        graph.add_nodes_from(keys.to_pylist())
        graph.add_edges_from(
            zip(edges["child"].to_pylist(), edges["parent"].to_pylist(), strict=True)
        )
    with run.stage("roots"):
        component, is_cycle, is_root = {}, {}, set()
        for members in nx.strongly_connected_components(graph):
            least = min(members)
            is_cycle[least] = int(len(members) > 1)
            component.update(dict.fromkeys(members, least))
            if all(parent in members for member in members for parent in graph.adj[member]):
                is_root.add(least)
    closure: dict[str, array[int]] = {name: array("i") for name in COLUMNS["closure"]}
    roots: dict[str, array[int]] = {name: array("i") for name in COLUMNS["roots"]}
    descendants: Counter[int] = Counter()
    with run.stage("closure"):
        for model in graph:
            reached: dict[int, int] = {}
            if component[model] in is_root:
                reached[component[model]] = 0
            if graph.adj[model]:
                depths = nx.single_source_shortest_path_length(graph, model)
                del depths[model]
                closure["model_key"].extend([model] * len(depths))
                closure["ancestor_key"].extend(depths)
                closure["depth"].extend(depths.values())
                descendants.update(depths.keys())
                for ancestor, depth in depths.items():
                    root = component[ancestor]
                    if root in is_root:
                        reached[root] = min(depth, reached.get(root, depth))
            for root, depth in reached.items():
                roots["model_key"].append(model)
                roots["root_key"].append(root)
                roots["is_cycle"].append(is_cycle[root])
                roots["depth"].append(depth)
    with run.stage("descendants"):
        counted = {
            "model_key": array("i", graph),
            "descendants": array("i", (descendants[model] for model in graph)),
        }
    return {"closure": closure, "roots": roots, "descendants": counted}


def numba_lineage(run: Run) -> Tables:
    """One search by breadth from each model over arrays of parents, compiled; one thread."""
    import numpy as np
    import pyarrow.parquet as pq

    from benchmarks.peers import passes

    with run.stage("read"):
        edges = pq.read_table(run.inputs.file("edges"))
        child, parent = edges["child"].to_numpy(), edges["parent"].to_numpy()
        keys = pq.read_table(run.inputs.file("models"), columns=["model_key"])["model_key"]
        models = keys.to_numpy()
    with run.stage("closure"):
        # Models are numbered in order of their keys, so least number is least key.
        size = len(models)
        # Keys are dense but for those that came after the as-of day: a table finds their numbers.
        number = np.zeros(int(models[-1]) + 1 if size else 1, np.int32)
        number[models] = np.arange(size, dtype=np.int32)
        offsets, parents = run.compiled(passes.parents_of, number, child, parent, size)
        ends, ancestors, depths = run.compiled(passes.closure, offsets, parents)
    with run.stage("roots"):
        component, is_cycle, is_root = run.compiled(passes.components, offsets, parents)
        of_root, root, depth = run.compiled(
            passes.roots, component, is_root, ends, ancestors, depths
        )
    with run.stage("descendants"):
        descendants = np.bincount(ancestors, minlength=size)
    with run.stage("keys"):
        return {
            "closure": {
                "model_key": np.repeat(models, np.diff(ends)),
                "ancestor_key": models[ancestors],
                "depth": depths,
            },
            "roots": {
                "model_key": models[of_root],
                "root_key": models[root],
                "is_cycle": is_cycle[root],
                "depth": depth,
            },
            "descendants": {"model_key": models, "descendants": descendants},
        }


ENGINES: dict[str, Engine] = {
    "duckdb": duckdb_lineage,
    "polars": polars_lineage,
    "pandas": pandas_lineage,
    "networkx": networkx_lineage,
    "numba": numba_lineage,
}
