"""The command `hubtide`: stories of models and organisations, near names, hostile text."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract.home import Home
from hubtide import cli, model_story, organization_story
from hubtide.cli import main
from hubtide.marts import Marts, find_model, near_names, open_marts
from hubtide.text import SYNTHETIC_BANNER, Table, format_table, printable, sparkline
from tests.conftest import PROJECT_ROOT, environment_for

MODEL = "Qwen/Qwen3-8B"

# Clears the screen, sets the window's title, rings, turns the direction of writing, a C1 control.
HOSTILE = "evil/\x1b[2J\x1b]0;owned\x07\u202etxt\x9b31m\nSYNTHETIC"


@pytest.fixture(scope="module")
def published(sample_home: Home) -> Path:
    return sample_home.exports / "marts.duckdb"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(list(arguments))
    said = capsys.readouterr()
    return status, said.out, said.err


def rows(file: Path, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file.resolve()), read_only=True) as connection:
        return connection.execute(query, parameters).fetchall()


def test_a_models_story_is_what_the_marts_say(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(capsys, MODEL, "--json", "--marts", str(published))
    assert status == 0
    story = json.loads(out)
    assert story["build"]["build_id"] == published.resolve().parent.name
    assert story["build"]["notice"] == SYNTHETIC_BANNER
    scores = rows(
        published,
        "select horizon_days, cumulative_downloads, ram_median, ram_median_p05, ram_cutoff, "
        "reference_median_models, reference_cutoff_models, rank_in_bucket "
        "from relative_adoption where model_id = ? order by 1",
        [MODEL],
    )
    assert scores
    assert [
        tuple(
            row[name]
            for name in (
                "horizon_days", "cumulative_downloads", "ram_median", "ram_median_p05",
                "ram_cutoff", "reference_median_models", "reference_cutoff_models",
                "rank_in_bucket",
            )
        )
        for row in story["scores"]
    ] == scores  # fmt: skip
    quoted = rows(
        published,
        "select horizon_days, ram_median, ram_cutoff from relative_adoption_vintages "
        "where model_id = ? and is_latest_vintage order by 1",
        [MODEL],
    )
    assert quoted
    assert [
        (row["horizon_days"], row["ram_median"], row["ram_cutoff"])
        for row in story["scores_to_quote"]
    ] == quoted
    # The curve loses no download, and the children no child.
    downloads = rows(
        published,
        "select sum(downloads) from fct_model_downloads_daily where model_id = ?",
        [MODEL],
    )
    assert sum(week["downloads"] for week in story["curve"]["periods"]) == downloads[0][0]
    ages = rows(
        published,
        "select sum(downloads) from fct_model_downloads_daily join dim_models using (model_id) "
        "where model_id = ? and day between day_zero and day_zero + 6",
        [MODEL],
    )
    first_week = next(week for week in story["curve"]["periods"] if week["from_age_days"] == 0)
    assert first_week["downloads"] == ages[0][0]
    children = rows(published, "select children from model_descendants where model_id = ?", [MODEL])
    assert (
        sum(row["children"] for row in story["lineage"]["children_by_relation"]) == (children[0][0])
    )


def test_text_says_build_kind_and_day_and_every_part(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The Hub takes names without regard to case.
    status, out, _ = run(capsys, MODEL.upper(), "--marts", str(published))
    assert status == 0
    assert out.count(SYNTHETIC_BANNER) == 2
    about = rows(published, "select build_id, as_of from about")[0]
    assert f"Build {about[0]}, synthetic data, as of {about[1]}." in out
    for part in (
        MODEL,
        "size bucket   7-9B",
        "Downloads by age, a week a bar",
        "Relative adoption among 7-9B models",
        "To quote: among 7-9B models, against the frozen references of 2026-03-31",
        "finetune of Qwen/Qwen3-8B-Base",
        "root Qwen/Qwen3-8B-Base, 1 up",
        "children: ",
        "days observed",
    ):
        assert part in out


KNOWN = {
    "first_reading_on": "2026-04-22",
    "last_reading_on": "2026-05-24",
    "downloads_before_history": 900,
}
DAYS = {
    "counted_from": "2026-05-20",
    "days_observed": 4,
    "days_interpolated": 0,
    "days_missing": 1,
}


@pytest.mark.parametrize(
    ("model", "coverage", "expected"),
    [
        # Read for a month before anybody read its all-time counter: 900 are not before that month.
        (
            KNOWN,
            DAYS,
            "read from 2026-04-22 to 2026-05-24: 4 days observed, 0 interpolated, 1 missing\n"
            "  all-time counter from 2026-05-20 on, when it stood at 900",
        ),
        (
            {**KNOWN, "downloads_before_history": 0},
            DAYS,
            "read from 2026-04-22 to 2026-05-24: 4 days observed, 0 interpolated, 1 missing\n"
            "  all-time counter from 2026-05-20 on, its launch",
        ),
        (KNOWN, None, "read from 2026-04-22 to 2026-05-24, without an all-time counter"),
        (
            {**KNOWN, "last_reading_on": None},
            None,
            "first read on 2026-04-22, after the as-of day: nothing is known yet",
        ),
    ],
)
def test_what_was_read_is_told_apart_from_what_was_counted(
    model: dict[str, Any], coverage: dict[str, Any] | None, expected: str
) -> None:
    assert model_story.coverage_text(model, coverage) == f"Coverage\n  {expected}"


def test_models_without_a_counter_are_told_beside_the_most_downloaded(published: Path) -> None:
    with open_marts(published) as marts:
        org = marts.records("select org from dim_models where downloads_all_time is null limit 1")
        story = organization_story.story(marts, org[0]["org"])
    expected = rows(
        published,
        "select count(*), max(downloads_30d) from dim_models "
        "where org = ? and downloads_all_time is null",
        [org[0]["org"]],
    )[0]
    assert (story["uncounted"]["models"], story["uncounted"]["downloads_30d"]) == expected
    text = "\n".join(organization_story.text(story))
    assert f"  {expected[0]} model" in text
    assert "no all-time counter" in text


def test_flags_and_disagreements_are_told(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flagged = rows(published, "select model_id, evidence from download_flags limit 1")[0]
    _, out, _ = run(capsys, flagged[0], "--marts", str(published))
    assert flagged[1] in out
    disputed = rows(
        published, "select subject, value_b from source_disagreements order by all limit 1"
    )[0]
    _, out, _ = run(capsys, disputed[0], "--marts", str(published))
    assert "Sources disagree" in out
    assert disputed[1] in out


def test_every_model_and_organisation_has_a_story(published: Path) -> None:
    with open_marts(published) as marts:
        # One of each kind of knowledge: tracked or not, with and without day 0, size, readings.
        models = marts.records(
            """
            select any_value(model_id) as model_id
            from dim_models
            group by
                is_tracked, is_available, no_day_zero_reason, parameters_total is null,
                downloads_all_time is null, family is null, region
            """
        )
        for row in models:
            assert model_story.text(model_story.story(marts, row["model_id"]))
        for row in marts.records("select org from dim_organizations order by org limit 60"):
            assert organization_story.text(organization_story.story(marts, row["org"]))


def test_an_organisations_story(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "Qwen", "--marts", str(published))
    for part in ("region       china", "Downloads by month", "Sizes:", "Models,", "Leads"):
        assert part in out
    _, out, _ = run(capsys, "qwen", "--json", "--marts", str(published))
    story = json.loads(out)
    assert [(row["month"], row["downloads"]) for row in story["months"]] == [
        (str(month), downloads)
        for month, downloads in rows(
            published,
            "select month, downloads from org_downloads_monthly "
            "where org = 'Qwen' and population = 'tracked' order by month",
        )
    ]


def test_the_headline_is_the_default_also_for_machines(
    published: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBTIDE_HOME", str(published.parent.parent))
    _, text, _ = run(capsys)
    assert "Regions: cumulative downloads" in text
    _, out, _ = run(capsys, "--json")
    regions = json.loads(out)["tables"][0]
    expected = rows(
        published,
        "select region, cumulative_downloads, cumulative_share from region_downloads_monthly "
        "where population = 'tracked' qualify month = max(month) over () order by 2 desc",
    )
    assert [tuple(row) for row in regions["rows"]] == expected


def test_an_unknown_name_is_one_line_with_near_names(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run(capsys, "Qwen3-8b", "--marts", str(published))
    assert (status, out) == (1, "")
    assert err.count("\n") == 1
    assert "knows no Qwen3-8b; near it: Qwen/Qwen3-8B, " in err
    status, _, err = run(capsys, "0x/\x1b[31m~~~~~~~~", "--marts", str(published))
    assert status == 1
    assert "near" not in err
    assert "\x1b" not in err


def test_no_published_file_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBTIDE_HOME", str(tmp_path))
    status, _, err = run(capsys)
    assert status == 1
    assert "there is no published file marts.duckdb" in err
    assert str(tmp_path) not in err
    (tmp_path / "notes.txt").write_text("no database" * 1000)
    status, _, err = run(capsys, "--marts", str(tmp_path / "notes.txt"))
    assert status == 1
    assert "notes.txt is no published file of marts" in err
    assert str(tmp_path) not in err
    # The warehouse that dbt writes is not for readers.
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create schema marts; create table marts.about as select 1 as build_id")
    status, _, err = run(capsys, "--marts", str(tmp_path / "warehouse.duckdb"))
    assert status == 1
    assert err.count("\n") == 1
    assert "is no published file of marts" in err


def test_a_file_of_any_name_is_read_and_left_as_it_is(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "o'brien.db"
    shutil.copyfile(published.resolve(), other)
    other.chmod(0o444)
    before = other.stat().st_mtime_ns
    status, out, _ = run(capsys, "--marts", str(other))
    assert status == 0
    assert "Regions" in out
    assert other.stat().st_mtime_ns == before


def test_hostile_names_are_shown_and_never_obeyed(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "marts.duckdb"
    shutil.copyfile(published.resolve(), file)
    with duckdb.connect(str(file)) as connection:
        for statement in (
            "update dim_models set org = $h, license = $h, family = $h where model_id = $m",
            "update lineage_edges set child_id = $h where parent_id = $m",
            "update org_downloads_monthly set org = $h where org = $o",
            "update dim_organizations set org_name = $h, region_reason = $h where org = $o",
            "insert into download_flags values ($m, date '2026-01-01', 'rule', $h)",
            "insert into source_disagreements values ($m, $h, $h, $h, $h, $h, $h)",
        ):
            names = {"h": HOSTILE, "m": MODEL, "o": "Qwen"}
            used = {key: value for key, value in names.items() if f"${key}" in statement}
            connection.execute(statement, used)
        connection.execute(
            "insert into dim_models by name (select * replace ($h as model_id) from dim_models "
            "where model_id = $m)",
            {"h": HOSTILE, "m": MODEL},
        )
    for arguments in ([], [MODEL], ["Qwen"], [HOSTILE], ["evil/"], ["--json"], [MODEL, "--json"]):
        _, out, err = run(capsys, *arguments, "--marts", str(file))
        said = out + err
        assert "evil/" in said
        assert not [char for char in said if not char.isprintable() and char != "\n"]
        # A line break in a name begins no line of its own.
        assert not any(line.startswith("SYNTHETIC\n") for line in said.splitlines(keepends=True))


def test_text_of_others_keeps_its_letters() -> None:
    assert printable("Qwen/通义-7B é") == "Qwen/通义-7B é"
    assert printable("a\x1b[2Jb\u202ec\u2028d") == "a\\u001b[2Jb\\u202ec\\u2028d"
    table = format_table(Table("T", ("name",), [("x" * 500,)]))
    assert max(len(line) for line in table.splitlines()) == 102


def test_a_sparkline_never_shows_unknown_as_little() -> None:
    assert sparkline([0, 7, None, 14]) == "▁▅·█"
    assert sparkline([None, 0]) == "·▁"
    assert sparkline([]) == ""


def weeks(*downloads: int | None, last_days: int = 7) -> dict[str, Any]:
    """A curve of weeks since day 0, the last of `last_days` days."""
    periods = [
        {
            "from_age_days": 7 * number,
            "downloads": count,
            "days": 7,
            "days_missing": 7 if count is None else 0,
        }
        for number, count in enumerate(downloads)
    ]
    periods[-1]["days"] = last_days
    return {"by": "week", "age_from": "day 0", "periods": periods}


def test_a_curve_leaves_out_a_week_that_is_not_over_and_shows_what_is_unknown() -> None:
    lines = model_story._curve_text(weeks(5, None, 10, 1, last_days=2)).splitlines()
    assert lines == [
        "Downloads by age, a week a bar, the first 21 days since day 0",
        "  ▅·█",
        "  highest bar 10; days missing 7 (· where no day is known)",
    ]
    assert model_story._curve_text(weeks(5, last_days=2)).splitlines() == [
        "Downloads by age",
        "  no whole week yet; days 2, of them missing 0",
    ]
    # 61 weeks do not fit into 60 bars: two weeks a bar, and the odd one is left out.
    lines = model_story._curve_text(weeks(*[1] * 61)).splitlines()
    assert "2 weeks a bar, the first 420 days" in lines[0]
    assert lines[1] == "  " + "█" * 30


def test_a_name_that_two_models_share_but_for_case_must_be_spelled(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table dim_models as select * from (values ('a/X', 1), ('a/x', 2)) "
            "as t(model_id, downloads_all_time)"
        )
        connection.execute(
            "create table dim_organizations as select 'a' as org, 3 as downloads_all_time"
        )
        marts = Marts(connection, {})
        assert find_model(marts, "a/x") == "a/x"
        assert find_model(marts, "A/X") is None
        assert near_names(marts, "A/X")[:2] == ["a/x", "a/X"]


def test_the_command_runs_without_the_rest_of_the_project(published: Path, tmp_path: Path) -> None:
    """The package needs the file alone: not dbt, not Dagster, not extract/."""
    shutil.copytree(PROJECT_ROOT / "hubtide", tmp_path / "hubtide")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "hubtide", MODEL, "--marts", str(published)],
        cwd=tmp_path,
        env={**environment_for(tmp_path), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert MODEL in done.stdout


def test_the_command_of_the_environment(published: Path, tmp_path: Path) -> None:
    """What the Makefile writes into .venv/bin, run from another folder."""
    scripts = tmp_path / ".venv" / "bin"
    scripts.mkdir(parents=True)
    shutil.copyfile(PROJECT_ROOT / "Makefile", tmp_path / "Makefile")
    shutil.copytree(PROJECT_ROOT / "hubtide", tmp_path / "hubtide")
    (scripts / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (scripts / "python").chmod(0o755)
    subprocess.run(["make", ".venv/bin/hubtide"], cwd=tmp_path, check=True, capture_output=True)
    done = subprocess.run(
        [scripts / "hubtide", "--json", "--marts", published],
        cwd=tmp_path.parent,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["build"]["data_kind"] == "synthetic"
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"hubtide": f"{cli.__name__}:{main.__name__}"}
