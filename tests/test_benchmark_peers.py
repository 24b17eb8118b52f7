"""Every engine of benchmarks/peers gives what plain Python gives, and a wrong result is caught."""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from benchmarks.peers import __main__ as command
from benchmarks.peers import report, results
from benchmarks.peers.adoption import HORIZONS
from benchmarks.peers.exponents import exponent_lines, growths
from benchmarks.peers.inputs import EPOCH, Inputs, prepare, write
from benchmarks.peers.project_sql import query
from benchmarks.peers.running import measure
from benchmarks.peers.runs import Run, missing
from benchmarks.peers.tasks import TASKS
from benchmarks.whole_hub import LAST_DAY, Population, fill
from extract.home import Home

FIRST_DAY = date(2025, 2, 20)
AS_OF = date(2025, 5, 12)
Rows = list[tuple[Any, ...]]
Tables = dict[str, Rows]

# Without edges or changes at all, then ever more of both.
SEEDS = (0, 1, 2, 3, 4)


def random_tables(seed: int) -> Tables:
    """Models with gaps between their keys; cycles, merges and long chains; counters that fall."""
    rng = random.Random(seed)
    days = (AS_OF - FIRST_DAY).days
    keys = sorted(rng.sample(range(1, 90), 40))
    models = [
        (
            key,
            (FIRST_DAY - EPOCH).days + rng.randint(-20, days),
            rng.randint(1, 6),
            rng.randint(0, 3),
            rng.randint(0, 3),
        )
        for key in keys
    ]
    edges = {tuple(rng.sample(keys, 2)) for _ in range(9 * seed)}
    # Three that descend from each other and from nobody else: a root.
    ring = keys[:3] if seed else []
    edges = {(child, parent) for child, parent in edges if child not in ring}
    edges |= set(zip(ring, ring[1:] + ring[:1], strict=True))
    changes = []
    for key, created_on, *_ in models:
        day = max(created_on, (FIRST_DAY - EPOCH).days)
        counter = rng.choice([0, 0, 50])
        while seed and rng.random() < 0.9 and day <= (AS_OF - EPOCH).days:
            changes.append((key, day, counter))
            day += rng.choice([1, 1, 2, 9, 40])
            counter = max(0, counter + rng.choice([-7, -1, 1, 3, 200]))
    return {"models": models, "edges": sorted(edges), "changes": changes}


def written(tables: Tables, folder: Path) -> Inputs:
    """The tables as input files; the order of rows is the writer's to see to."""
    folder.mkdir(parents=True)
    with duckdb.connect() as con:
        con.execute("create table edges (child integer, parent integer)")
        con.execute(
            "create table models (model_key integer, created_on integer, org integer,"
            " region integer, bucket integer)"
        )
        con.execute("create table changes (model_key integer, day integer, counter bigint)")
        for table, rows in tables.items():
            for row in reversed(rows):
                con.execute(f"insert into {table} values ({', '.join('?' * len(row))})", row)
        con.execute(
            "create or replace table changes as"
            " select model_key, day,"
            " lag(counter) over (partition by model_key order by day) as counter_before, counter"
            " from changes order by hash(day)"
        )
        return write(con, folder, FIRST_DAY, AS_OF)


def lineage(tables: Tables, inputs: Inputs) -> Tables:
    parents: dict[int, set[int]] = defaultdict(set)
    for child, parent in tables["edges"]:
        parents[child].add(parent)
    depths: dict[int, dict[int, int]] = {}
    for model, *_ in tables["models"]:
        found, level, depth = {model: 0}, {model}, 0
        while level:
            depth += 1
            level = {parent for one in level for parent in parents[one]} - found.keys()
            found.update(dict.fromkeys(level, depth))
        depths[model] = found
    component = {
        model: min(other for other in found if model in depths[other])
        for model, found in depths.items()
    }
    members = defaultdict(list)
    for model, least in component.items():
        members[least].append(model)
    is_root = {
        least: all(component[parent] == least for model in found for parent in parents[model])
        for least, found in members.items()
    }
    roots: dict[tuple[int, int], int] = {}
    for model, found in depths.items():
        for ancestor, depth in found.items():
            root = component[ancestor]
            if is_root[root]:
                roots[model, root] = min(depth, roots.get((model, root), depth))
    return {
        "closure": [
            (model, ancestor, depth)
            for model, found in depths.items()
            for ancestor, depth in found.items()
            if model != ancestor
        ],
        "roots": [
            (model, root, int(len(members[root]) > 1), depth)
            for (model, root), depth in roots.items()
        ],
        "descendants": [
            (model, sum(model in found for found in depths.values()) - 1) for model in depths
        ],
    }


def adoption(tables: Tables, inputs: Inputs) -> Tables:
    counters: dict[int, dict[int, int]] = defaultdict(dict)
    for model, day, counter in tables["changes"]:
        counters[model][day] = counter
    rows: Rows = []
    for model, created_on, *_ in tables["models"]:
        if created_on < inputs.first_day:
            continue
        values: list[int | None] = []
        for days in HORIZONS:
            until = [day for day in counters[model] if day <= created_on + days]
            known = until and created_on + days <= inputs.as_of
            values.append(counters[model][max(until)] if known else None)
        rows.append((model, *values))
    return {"counters": rows}


def month_of(day: int) -> int:
    on = EPOCH + timedelta(days=day)
    return on.year * 12 + on.month - 1


def monthly(tables: Tables, inputs: Inputs) -> Tables:
    created = {model: created_on for model, created_on, *_ in tables["models"]}
    sums: dict[tuple[int, int], list[int]] = {}
    counter_of: dict[int, int] = {}
    first_month: dict[int, int] = {}
    for model, day, counter in tables["changes"]:
        month = month_of(day)
        row = sums.setdefault((model, month), [0, 0, 0, 0])
        first_month.setdefault(model, month)
        if model not in counter_of and created[model] < inputs.first_day:
            row[2] = counter
        else:
            step = counter - counter_of.get(model, 0)
            row[0] += max(step, 0)
            row[1] += min(step, 0)
        row[3] = counter_of[model] = counter
    groups: Rows = []
    for kind, column in ((1, 3), (2, 2), (3, 4)):
        members = defaultdict(list)
        for model in tables["models"]:
            members[model[column]].append(model[0])
        for month in range(month_of(inputs.first_day), month_of(inputs.as_of) + 1):
            found: list[list[int]] = []
            for member, models in sorted(members.items()):
                known = [m for m in models if m in first_month and first_month[m] <= month]
                if not known:
                    continue
                of_month = [sums.get((model, month), [0, 0, 0, 0]) for model in known]
                latest = [
                    sums[model, max(at for key, at in sums if key == model and at <= month)][3]
                    for model in known
                ]
                found.append(
                    [
                        member,
                        sum(row[0] for row in of_month),
                        sum(row[1] for row in of_month),
                        sum(latest),
                        len(known),
                    ]
                )
            total = sum(row[1] for row in found)
            order = sorted((row for row in found if row[0] != 0), key=lambda row: (-row[1], row[0]))
            ranks = {row[0]: rank for rank, row in enumerate(order, 1)}
            groups += [
                (
                    kind,
                    row[0],
                    month,
                    *row[1:],
                    row[1] / total if total else None,
                    ranks.get(row[0]),
                )
                for row in found
            ]
    return {
        "model_months": [(*key, *values) for key, values in sums.items()],
        "group_months": groups,
    }


REFERENCES = {"lineage": lineage, "adoption": adoption, "monthly": monthly}
PAIRS = [(task, engine) for task in TASKS for engine in TASKS[task].engines]


def by_value(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple((value is None, value or 0) for value in row)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("task", "engine"), PAIRS)
def test_engines_agree_with_plain_python(task: str, engine: str, seed: int, tmp_path: Path) -> None:
    if absent := missing(engine):
        pytest.skip(f"not installed: {', '.join(absent)}")
    tables = random_tables(seed)
    inputs = written(tables, tmp_path / "inputs")
    results.write(engine, TASKS[task].engines[engine](Run(inputs)), tmp_path / "results")
    for table, rows in REFERENCES[task](tables, inputs).items():
        found = results.rows(tmp_path / "results", table, TASKS[task].columns[table])
        assert sorted(found, key=by_value) == sorted(rows, key=by_value)


def test_random_inputs_have_the_hard_cases(tmp_path: Path) -> None:
    tables = random_tables(4)
    inputs = written(tables, tmp_path / "inputs")
    lines = [lineage(random_tables(seed), inputs) for seed in SEEDS[1:]]
    assert any(is_cycle for found in lines for _, _, is_cycle, _ in found["roots"])
    assert max(depth for found in lines for *_, depth in found["closure"]) > 3
    counters = adoption(tables, inputs)["counters"]
    assert any(None in row[1:-1] and row[1] is not None for row in counters)
    sums = monthly(tables, inputs)
    assert any(adjustment < 0 for _, _, _, adjustment, *_ in sums["model_months"])
    assert any(before > 0 for *_, before, _ in sums["model_months"])


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return written(random_tables(3), tmp_path_factory.mktemp("tiny") / "inputs")


@pytest.mark.parametrize(
    ("table", "change", "row"),
    [
        ("closure", "replace (depth + 1 as depth)", "only right has"),
        ("roots", "replace (1 - is_cycle as is_cycle)", "is_cycle"),
        ("descendants", "replace (descendants + 1 as descendants)", "descendants"),
    ],
)
def test_a_wrong_result_is_caught(
    tiny: Inputs, tmp_path: Path, table: str, change: str, row: str
) -> None:
    columns = TASKS["lineage"].columns
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    for folder in (right, wrong):
        results.write("duckdb", TASKS["lineage"].engines["duckdb"](Run(tiny)), folder)
    results.compare(right, wrong, columns)
    file = right / f"{table}.parquet"
    least = results.rows(right, table, columns[table])[0]
    key = columns[table][0]
    with duckdb.connect() as con:
        con.execute(
            f"copy (select * {change} from '{file}' where {key} = {least[0]}"
            f" union all select * from '{file}' where {key} != {least[0]})"
            f" to '{wrong / file.name}' (format parquet)"
        )
    with pytest.raises(
        results.MismatchError, match=f"^{table}: right and wrong differ; only"
    ) as error:
        results.compare(right, wrong, columns)
    assert f"{key} {least[0]}, " in str(error.value)
    assert row in str(error.value)


def test_a_missing_row_is_caught(tiny: Inputs, tmp_path: Path) -> None:
    columns = TASKS["adoption"].columns
    for folder in (tmp_path / "whole", tmp_path / "part"):
        results.write("duckdb", TASKS["adoption"].engines["duckdb"](Run(tiny)), folder)
    file = tmp_path / "whole" / "counters.parquet"
    last = results.rows(tmp_path / "whole", "counters", columns["counters"])[-1]
    with duckdb.connect() as con:
        con.execute(
            f"copy (select * from '{file}' where model_key != {last[0]})"
            f" to '{tmp_path / 'part' / file.name}' (format parquet)"
        )
    with pytest.raises(results.MismatchError, match=f"only whole has model_key {last[0]}, "):
        results.compare(tmp_path / "whole", tmp_path / "part", columns)


def test_runs_in_processes_of_their_own_are_measured(tiny: Inputs) -> None:
    measured, counts = measure("lineage", ["duckdb"], tiny, 2, say=lambda _: None)
    runs = measured["duckdb"]
    assert runs.failure == ""
    assert len(runs.seconds) == 2
    assert min(runs.seconds) > 0
    assert min(runs.peaks_mb) > 10
    assert set(runs.summary()["stages"]) == {"read", "closure", "roots", "descendants"}
    assert counts["closure"] == len(lineage(random_tables(3), tiny)["closure"])
    assert not (tiny.folder / "results").exists()


def test_a_run_that_takes_too_long_is_reported(tiny: Inputs) -> None:
    measured, counts = measure("adoption", ["duckdb"], tiny, 3, timeout=0.01, say=lambda _: None)
    assert measured["duckdb"].summary() == {"failure": "> 0.01 s"}
    assert counts == {}
    summary = report.task_summary("hub", "adoption", measured, counts)
    assert "> 0.01 s" in "\n".join(report.lines(_result(tiny, summary)))


def test_a_run_that_fails_is_reported(tmp_path: Path) -> None:
    inputs = written(random_tables(1), tmp_path / "inputs")
    Path(inputs.file("changes")).unlink()
    measured, _ = measure("adoption", ["duckdb"], inputs, 3, say=lambda _: None)
    assert measured["duckdb"].failure.startswith("ended with 1: ")


def _result(inputs: Inputs, summary: dict[str, Any]) -> dict[str, Any]:
    return report.head("hub", inputs, 3, 2) | {"tasks": {"adoption": summary}}


def test_a_missed_ratio_is_said() -> None:
    from benchmarks.peers.running import Measured

    measured = {
        engine: Measured(
            seconds=[seconds] * 3,
            cpu_seconds=[seconds] * 3,
            compile_seconds=[0.0] * 3,
            peaks_mb=[100.0] * 3,
            stages_of_runs=[{"counters": seconds}] * 3,
        )
        for engine, seconds in {"duckdb": 2.0, "polars": 6.0, "pandas": 7.0, "numba": 0.5}.items()
    }
    ratios = report.task_summary("hub", "adoption", measured, {"counters": 1})["ratios"]
    assert ratios["polars"] == {"ratio": 3.0, "target": 2.5, "is_met": True}
    assert ratios["pandas"] == {"ratio": 3.5, "target": 4, "is_met": False}
    assert ratios["numba"] == {"ratio": 4.0, "target": 2, "is_met": False}
    assert (
        "target" not in report.task_summary("small", "adoption", measured, {})["ratios"]["polars"]
    )


def test_the_horizons_are_the_projects(tiny: Inputs) -> None:
    assert tiny.horizons == HORIZONS


def test_the_inputs_are_the_benchmark_warehouses(tmp_path: Path) -> None:
    population = Population("tiny", models=400, days=45, changes=40, tracked=20)
    inputs = prepare(population, tmp_path / "data")
    assert prepare(population, tmp_path / "data") == inputs
    home = Home(tmp_path / "home")
    fill(population, home)
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        readings = con.execute(
            """
            select
                name_key,
                day - date '1970-01-01' as day,
                lag(downloads_all_time) over (partition by name_key order by day) as before,
                downloads_all_time
            from raw.hub_stats_readings
            qualify before is distinct from downloads_all_time
            order by all
            """
        ).fetchall()
    with duckdb.connect() as con:
        changes = con.execute(f"from '{inputs.file('changes')}'").fetchall()
        ((unknown,),) = con.execute(
            f"select count(*) from '{inputs.file('models')}' where bucket = 0 or org = 0"
        ).fetchall()
    assert changes == readings
    assert inputs.as_of == (LAST_DAY - timedelta(days=1) - EPOCH).days
    assert unknown == 0


def test_the_projects_sql_needs_its_relations() -> None:
    assert "using key" in query("model_ancestors", {"model_edges": "edges"})
    with pytest.raises(KeyError):
        query("model_ancestors", {})
    with pytest.raises(FileNotFoundError, match="no model no_such_model"):
        query("no_such_model", {})


def test_what_is_missing_is_said_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "missing", lambda engine: ["polars"] if engine == "polars" else [])
    assert command.main(["--scale", "small", "--engines", "duckdb", "polars"]) == 1
    assert re.fullmatch(
        r"not installed: polars; install with: \.venv/bin/python -m pip install"
        r"( \w+==[\d.]+)* polars==[\d.]+( \w+==[\d.]+)*\n",
        capsys.readouterr().err,
    )


def _saved(scale: str, **steps: tuple[float, int, int]) -> dict[str, Any]:
    models = {
        name: {"seconds": seconds, "rows_in": rows_in, "rows_out": rows_out}
        for name, (seconds, rows_in, rows_out) in steps.items()
    }
    return {"scale": scale, "steps": [{"name": "full build", "models": models}]}


def test_exponents_of_two_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    smaller = _saved("middle", linear=(1.0, 900, 100), square=(1.0, 10, 0), short=(0.1, 10, 0))
    larger = _saved("hub", linear=(10.0, 9000, 1000), square=(100.0, 100, 0), short=(9.0, 20, 0))
    exponents = {growth.step: growth.exponent for growth in growths(smaller, larger)}
    assert exponents["linear"] == pytest.approx(1)
    assert exponents["square"] == pytest.approx(2)
    lines = exponent_lines(smaller, larger)
    assert lines[-1] == "over 1.15: square"
    files = [tmp_path / "middle.json", tmp_path / "hub.json"]
    for file, result in zip(files, (smaller, larger), strict=True):
        file.write_text(json.dumps(result), encoding="utf-8")
    assert command.main(["--exponents", *map(str, files)]) == 0
    assert capsys.readouterr().out == "\n".join(lines) + "\n"


def test_exponents_need_rows_out() -> None:
    old = _saved("middle", linear=(1.0, 900, 100))
    del old["steps"][0]["models"]["linear"]["rows_out"]
    with pytest.raises(ValueError, match="linear has no rows_out"):
        growths(old, old)
    with pytest.raises(ValueError, match="no build 'full build'"):
        growths({"steps": []}, old)
