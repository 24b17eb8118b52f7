"""Readings, rankings and metadata as CSV: bad rows are set aside, the rest loads."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract import csv_lines
from extract.errors import ContractError, ImportFolderError, LoadFailedError
from extract.home import Home
from extract.import_folder import ImportFolder
from extract.loading import load_source, rebuild
from tests.extract import hubs

Query = Callable[..., list[tuple[Any, ...]]]

READINGS = "as_of,model_id,downloads_30d,downloads_all_time,likes,created_on\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def good_readings(count: int = 1200) -> str:
    return "".join(f"2026-01-01,org/m{index},{index},,1,2025-01-01\n" for index in range(count))


def test_a_reading_of_the_future_is_rejected(folder: Path, home: Home, raw: Query) -> None:
    today = datetime.now(UTC).date()
    days = [today, today + timedelta(days=1), today + timedelta(days=2)]
    lines = "".join(f"{day},org/late,1,,1,2025-01-01\n" for day in days)
    write(folder / "readings" / "mine.csv", READINGS + good_readings() + lines)
    load_source("files", folder, home)
    assert raw("select reason from raw.rejects") == [
        ("as_of is after the day on which the file was landed",)
    ]
    assert raw("select count(*) from raw.files_readings where day >= ?", today) == [(2,)]


def test_bad_readings_never_end_the_load(folder: Path, home: Home, raw: Query) -> None:
    bad = [
        ("2026-01-01,org/short,1", "the row has 3 fields instead of 6"),
        ("2026-01-01,org/long,1,,1,2025-01-01,7", "the row has 7 fields instead of 6"),
        ('2026-01-01,"org/open,1,,1,2025-01-01', "quotes are not closed"),
        ("2026-13-01,org/a,1,,1,2025-01-01", "as_of is no date"),
        ("1026-01-01,org/a,1,,1,2025-01-01", "as_of is out of range"),
        (",org/a,1,,1,2025-01-01", "as_of is no date"),
        ("2026-01-01,,1,,1,2025-01-01", "model_id is missing"),
        ("2026-01-01,org/a b,1,,1,2025-01-01", "model_id is no repository id"),
        ("2026-01-01,org/a,-1,,1,2025-01-01", "downloads_30d is negative"),
        ("2026-01-01,org/a,12k,,1,2025-01-01", "downloads_30d is unreadable"),
        ("2026-01-01,org/a,,,1,2025-01-01", "the row has no counter"),
        ("2026-01-01,org/m0,1,,1,2025-01-01", "a row before has the same model_id and as_of"),
    ]
    write(
        folder / "readings" / "mine.csv",
        READINGS
        + good_readings()
        + "\n".join(line for line, _ in bad)
        + '\n\n2026-01-02,"org/quoted","5",6,,\n',
    )
    (result,) = load_source("files", folder, home)
    assert (result.rows_read, result.rows_stored, result.rows_rejected) == (1213, 1201, 12)
    rejects = raw("select page, row_number, reason, payload from raw.rejects order by row_number")
    assert [row[0] for row in rejects] == ["mine.csv"] * 12
    assert [row[2] for row in rejects] == [reason for _, reason in bad]
    assert [row[1] for row in rejects] == list(range(1201, 1213))
    assert json.loads(rejects[2][3]) == {"line": bad[2][0]}
    assert json.loads(rejects[9][3])["downloads_30d"] == "12k"
    assert raw(
        "select day, downloads_30d, downloads_all_time, likes, created_on, days_early, partition "
        "from raw.files_readings inner join raw.model_names using (name_key) "
        "where model_id = 'org/quoted'"
    ) == [(date(2026, 1, 2), 5, 6, None, None, 0, "mine")]
    assert raw("select day, scope, is_complete, models_read from raw.read_days order by day") == [
        (date(2026, 1, 1), "rows", False, 1200),
        (date(2026, 1, 2), "rows", False, 1),
    ]


def test_gzip_crlf_bom_other_order_and_unknown_columns(
    folder: Path, home: Home, raw: Query
) -> None:
    path = folder / "readings" / "mine.csv.gz"
    path.parent.mkdir()
    path.write_bytes(
        gzip.compress(b"\xef\xbb\xbfmodel_id, downloads_30d ,note,as_of\r\na/b,7,hm,2026-01-01\r\n")
    )
    hubs.write_manifest(folder, [("readings/mine.csv.gz", "", 7, "")])
    (result,) = load_source("files", folder, home)
    assert (result.partition, result.note) == ("mine", "unknown columns: note")
    assert raw("select day, downloads_30d, days_early from raw.files_readings") == [
        (date(2026, 1, 1), 7, 7)
    ]
    assert raw("select source, column_name from raw.unknown_columns") == [("files", "note")]


def damaged(text: str) -> dict[str, bytes]:
    """A .gz of a text that is not what was packed, each in a way that another reader notices."""
    packed = gzip.compress(text.encode(), mtime=0)
    return {
        # Whole blocks, stored as they are, of which one digit has changed.
        "checksum": gzip.compress(text.encode(), 0, mtime=0).replace(b",9\n", b",8\n"),
        "length": packed[:-4] + b"\1\0\0\0",
        "cut off": packed[:-20],
        "without its end": packed[:-8],
        "block": packed[:10] + b"\xff" * (len(packed) - 18) + packed[-8:],
        "no gzip": text.encode(),
    }


@pytest.mark.parametrize("fault", damaged(""))
def test_a_damaged_gzip_file_is_refused_and_costs_no_other(
    folder: Path, home: Home, raw: Query, fault: str
) -> None:
    text = "as_of,model_id,downloads_30d\n2026-01-01,a/b,9\n"
    write(folder / "readings" / "whole.csv", text)
    path = folder / "readings" / "mine.csv.gz"
    path.write_bytes(damaged(text)[fault])
    line = "files mine: mine.csv.gz is damaged, or no gzip file: copy it again"
    with pytest.raises(LoadFailedError, match=f"^{line}$"):
        load_source("files", folder, home)
    assert raw("select partition, status, error from raw.loads order by 1") == [
        ("mine", "failed", line),
        ("whole", "loaded", None),
    ]
    assert raw("select distinct partition from raw.files_readings") == [("whole",)]
    path.write_bytes(gzip.compress(text.encode()))
    load_source("files", folder, home)
    assert raw("select downloads_30d from raw.files_readings where partition = 'mine'") == [(9,)]


def test_a_damaged_gzip_file_that_has_been_loaded_is_refused_by_a_rebuild(
    folder: Path, home: Home, raw: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "as_of,model_id,downloads_30d\n2026-01-01,a/b,9\n"
    path = folder / "readings" / "mine.csv.gz"
    path.parent.mkdir()
    path.write_bytes(damaged(text)["checksum"])
    with monkeypatch.context() as earlier:
        earlier.setattr(csv_lines, "require_whole", lambda *_: None)
        load_source("files", folder, home)
    with pytest.raises(LoadFailedError, match="is damaged"):
        rebuild(home)
    assert raw("select * from raw.files_readings") == []


def test_the_manifest_dates_the_rows(folder: Path, home: Home, raw: Query) -> None:
    write(folder / "readings" / "mine.csv", "model_id,downloads_30d\na/b,7\n")
    hubs.write_manifest(folder, [("readings/mine.csv", "2026-02-03", 4, "")])
    load_source("files", folder, home)
    assert raw("select day, days_early from raw.files_readings") == [(date(2026, 2, 3), 4)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no header"),
        ("as_of,model_id,downloads_30d\n", "has no rows"),
        ("as_of;model_id;downloads_30d\n2026-01-01;a/b;1\n", "has no column as_of, model_id"),
        ("as_of,model_id,model_id,downloads_30d\n2026-01-01,a,b,1\n", "column 'model_id' twice"),
    ],
)
def test_files_that_cannot_be_loaded(folder: Path, home: Home, text: str, message: str) -> None:
    write(folder / "readings" / "mine.csv", text)
    with pytest.raises(LoadFailedError, match=message):
        load_source("files", folder, home)


def test_an_unclosed_quote_costs_its_line_only(folder: Path, home: Home, raw: Query) -> None:
    lines = good_readings(3000).splitlines()
    lines[10] = '2026-01-01,"org/open,1,,1,2025-01-01'
    lines[2000] = '2026-01-01,"org/open2,1,,1,2025-01-01'
    write(folder / "readings" / "mine.csv", READINGS + "\n".join(lines))
    load_source("files", folder, home)
    assert raw("select row_number from raw.rejects order by 1") == [(11,), (2001,)]
    assert raw("select count(*) from raw.files_readings") == [(2998,)]


def test_lines_that_are_no_text(folder: Path, home: Home, raw: Query) -> None:
    lines = good_readings(400).encode().splitlines()
    lines[7] = b"2026-01-01,org/\xff,1,,1,2025-01-01"
    path = folder / "readings" / "mine.csv"
    path.parent.mkdir()
    path.write_bytes(READINGS.encode() + b"\n".join(lines))
    load_source("files", folder, home)
    assert raw("select row_number, reason from raw.rejects") == [
        (8, "the line is unreadable: invalid encoding")
    ]
    assert raw("select count(*) from raw.files_readings") == [(399,)]


def test_a_line_that_is_no_text_is_no_fault_of_the_next_file(
    folder: Path, home: Home, raw: Query
) -> None:
    lines = good_readings(400).encode().splitlines()
    lines[7] = b"2026-01-01,org/\xff,1,,1,2025-01-01"
    (folder / "readings").mkdir()
    (folder / "readings" / "a.csv").write_bytes(READINGS.encode() + b"\n".join(lines))
    write(folder / "readings" / "b.csv", READINGS + "2026-02-01,org/clean,1,,1,2025-01-01\n")
    first, second = load_source("files", folder, home)
    assert (first.rows_read, first.rows_rejected) == (400, 1)
    assert (second.rows_read, second.rows_stored, second.rows_rejected) == (1, 1, 0)
    assert raw("select partition from raw.rejects") == [("a",)]


def test_a_number_whose_sums_would_not_fit_is_rejected(
    folder: Path, home: Home, raw: Query
) -> None:
    rows = f"2026-01-01,org/most,1,{10**15},1,\n2026-01-01,org/more,1,{2**63 - 1},1,\n"
    write(folder / "readings" / "mine.csv", READINGS + good_readings(200) + rows)
    load_source("files", folder, home)
    assert raw("select reason from raw.rejects") == [("downloads_all_time is impossibly large",)]
    assert raw("select max(downloads_all_time) from raw.files_readings") == [(10**15,)]


def test_a_restated_file_supersedes(folder: Path, home: Home, raw: Query) -> None:
    path = write(folder / "readings" / "mine.csv", READINGS + good_readings(3))
    load_source("files", folder, home)
    write(path, READINGS + "2026-03-01,org/new,5,,,\n")
    (result,) = load_source("files", folder, home)
    assert result.note == "supersedes load 1"
    assert raw("select status from raw.loads order by load_id") == [("superseded",), ("loaded",)]
    assert raw("select model_id from raw.model_names") == [("org/new",)]
    assert raw("select day from raw.read_days") == [(date(2026, 3, 1),)]


def test_what_is_passed_over_is_told(folder: Path) -> None:
    for name in ("readings/a.csv", "readings/b.CSV", "readings/2026/c.csv", "readings/.d.csv",
                 "hub_stats/2026-01-01.parquet", "hub_stats/notes.txt", "openrouter/models.json",
                 "openrouter/old-models.json",
                 "tracked-models/README.md"):  # fmt: skip
        write(folder / name, "")
    write(folder / "manifest.csv", "file,as_of,days_early\nreadings/a.csv,,0\na.csv,,0\n")
    assert ImportFolder.open(folder).warnings() == [
        "manifest.csv names a.csv, which is not in the folder",
        "hub_stats/notes.txt is not read: hub_stats/ has files that end in .parquet",
        "readings/2026/c.csv is not read: readings/ has files that end in .csv or .csv.gz",
        "readings/b.CSV is not read: readings/ has files that end in .csv or .csv.gz",
        "openrouter/old-models.json is not read: openrouter/ has files that end in .csv or .csv.gz "
        "or models.json",
    ]


def test_two_files_of_one_stem(folder: Path, home: Home) -> None:
    write(folder / "readings" / "a.csv", "")
    write(folder / "readings" / "a.csv.gz", "")
    with pytest.raises(ImportFolderError, match="are one partition: rename one"):
        load_source("files", folder, home)


def rankings(days: int = 3) -> str:
    return "date,model_permaslug,total_tokens\n" + "".join(
        f"2026-05-{day + 1:02d},a/b-20260101:free,{10**12 + day}\n2026-05-{day + 1:02d},other,5\n"
        for day in range(days)
    )


def test_rankings(folder: Path, home: Home, raw: Query) -> None:
    write(folder / "openrouter" / "may.csv", rankings())
    (result,) = load_source("openrouter", folder, home)
    assert (result.partition, result.rows_stored) == ("rankings-may", 6)
    assert raw("select * exclude (load_id) from raw.openrouter_rankings limit 1") == [
        (date(2026, 5, 1), "a/b-20260101:free", 10**12, date(2026, 5, 3), "rankings-may")
    ]
    assert raw("select distinct scope, is_complete from raw.read_days") == [("rankings", True)]


@pytest.mark.parametrize("fault", damaged(""))
def test_damaged_rankings_are_refused_and_date_nothing(
    folder: Path, home: Home, raw: Query, fault: str
) -> None:
    write(folder / "openrouter" / "may.csv", rankings())
    text = "date,model_permaslug,total_tokens\n2026-06-30,a/b,9\n"
    (folder / "openrouter" / "june.csv.gz").write_bytes(damaged(text)[fault])
    write(folder / "openrouter" / "models.json", '{"data":[{"id":"a/b","canonical_slug":"a/b-1"}]}')
    with pytest.raises(LoadFailedError, match=r"rankings-june: june\.csv\.gz is damaged"):
        load_source("openrouter", folder, home)
    assert raw("select partition from raw.loads where status = 'loaded' order by 1") == [
        ("catalogue-2026-05-03",),
        ("rankings-may",),
    ]


def test_bad_rankings(folder: Path, home: Home, raw: Query) -> None:
    good = "".join(f"2026-05-01,v/m{index},{index}\n" for index in range(700))
    bad = (
        "2026-05-01,v/x,-1\n2026-05-01,v/x,1.5e9\n2026-05-01,v/x,\n2026-05-01,,7\n"
        "May 1,v/x,7\n2026-05-01,v/m0,7\n"
    )
    write(folder / "openrouter" / "may.csv", rankings(0) + good + bad)
    load_source("openrouter", folder, home)
    assert raw("select reason from raw.rejects order by row_number") == [
        ("total_tokens is negative",),
        ("total_tokens is unreadable",),
        ("total_tokens is unreadable",),
        ("model_permaslug is missing",),
        ("date is no date",),
        ("a row before has the same date and model_permaslug",),
    ]


def test_a_ranking_of_the_future_is_rejected(folder: Path, home: Home, raw: Query) -> None:
    good = "".join(f"2026-05-01,v/m{index},{index}\n" for index in range(200))
    write(folder / "openrouter" / "may.csv", rankings(0) + good + "2062-05-01,other,9\n")
    load_source("openrouter", folder, home)
    assert raw("select reason from raw.rejects") == [
        ("date is after the day on which the file was landed",)
    ]
    assert raw("select distinct as_of from raw.openrouter_rankings") == [(date(2026, 5, 1),)]


NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)

CATALOGUE = {
    "data": [
        {
            "id": "a/b",
            "canonical_slug": "a/b-20260101",
            "hugging_face_id": "A/B",
            "name": "B",
            "created": 1735689600,
            "context_length": 4096,
            "brand_new": {"x": 1},
        },
        {"id": "c/d", "hugging_face_id": "", "created": 1735689600.0},
    ]
}


def test_the_catalogue(folder: Path, home: Home, raw: Query) -> None:
    write(folder / "openrouter" / "models.json", json.dumps(CATALOGUE))
    write(folder / "openrouter" / "may.csv", rankings())
    results = load_source("openrouter", folder, home)
    assert [result.partition for result in results] == ["rankings-may", "catalogue-2026-05-03"]
    assert results[1].note == "unknown columns: brand_new"
    assert raw("select * exclude (load_id, partition) from raw.openrouter_catalogue") == [
        (date(2026, 5, 3), "a/b", "a/b-20260101", "A/B", "B", NEW_YEAR, 4096),
        (date(2026, 5, 3), "c/d", "c/d", None, None, NEW_YEAR, None),
    ]


def test_the_catalogue_alone_is_of_today(
    folder: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBTIDE_TODAY", "2026-07-01")
    write(folder / "openrouter" / "models.json", json.dumps(CATALOGUE["data"]))
    (result,) = load_source("openrouter", folder, home)
    assert (result.partition, result.rows_read) == ("catalogue-2026-07-01", 2)


@pytest.mark.parametrize(
    "text", ['{"error": {"code": 401}}', "<html>", '{"data": []}', "", '{"data": [1, "x", null]}']
)
def test_a_catalogue_that_is_none(folder: Path, home: Home, text: str, raw: Query) -> None:
    write(folder / "openrouter" / "models.json", text)
    with pytest.raises(LoadFailedError):
        load_source("openrouter", folder, home)
    assert raw("select status from raw.loads") == [("failed",)]


def tracked(folder: Path, models: str = "Q,M,Q/M\n") -> None:
    root = folder / "tracked-models"
    write(root / "models.csv", "org,model,modelId\n" + models)
    write(
        root / "metadata" / "model_parameters.csv",
        'model_id,total_params_b,active_params_b,is_moe,notes\nQ/M,671,37,true,"a ""b"", c"\n',
    )
    write(root / "metadata" / "organization_regions.csv", "hf_org,region,notes\nQ,china,\n")
    write(
        root / "metadata" / "release_date_corrections.csv",
        "# Manual\n# HF created_at\n# Format: a,b\n"
        "model_id,hf_created_at,actual_release_date,notes\nQ/M,2025-01-01,2025-01-03,2 days\n",
    )


def test_tracked_models(folder: Path, home: Home, raw: Query) -> None:
    tracked(folder)
    (result,) = load_source("tracked_models", folder, home)
    assert (result.partition, result.rows_read, result.rows_stored) == ("folder", 4, 4)
    assert raw("select * from raw.tracked_models_list") == [("models", "Q", "M", "Q/M", 1)]
    assert raw("select * from raw.tracked_models_parameters") == [
        ("Q/M", 671.0, 37.0, True, 'a "b", c', 1)
    ]
    assert raw("select * from raw.tracked_models_regions") == [("Q", "china", None, 1)]
    assert raw("select * from raw.tracked_models_release_dates") == [
        ("Q/M", date(2025, 1, 1), date(2025, 1, 3), "2 days", 1)
    ]
    tracked(folder, "Q,M,Q/M\nQ,N,Q/N\n")
    load_source("tracked_models", folder, home)
    assert raw("select load_id, model_id from raw.tracked_models_list order by model_id") == [
        (2, "Q/M"),
        (2, "Q/N"),
    ]
    assert raw("select count(*) from raw.tracked_models_parameters") == [(1,)]


def test_bad_tracked_models(folder: Path, home: Home, raw: Query) -> None:
    good = "".join(f"Q,m{index},Q/m{index}\n" for index in range(700))
    tracked(folder, good + "Q,x,\n,x,Q/x\nQ,m0,Q/m0\n")
    write(
        folder / "tracked-models" / "metadata" / "model_parameters.csv",
        "model_id,total_params_b,active_params_b,is_moe,notes\nQ/a,big,,,\nQ/b,-1,,,\nQ/c,1,,x,\n"
        "Q/d,8000000000,,,\n",
    )
    load_source("tracked_models", folder, home)
    assert raw("select page, reason from raw.rejects order by page, row_number") == [
        ("metadata/model_parameters.csv", "total_params_b is unreadable"),
        ("metadata/model_parameters.csv", "total_params_b is negative"),
        ("metadata/model_parameters.csv", "is_moe is neither true nor false"),
        ("metadata/model_parameters.csv", "total_params_b is above 1,000,000 billion"),
        ("models.csv", "modelId is missing"),
        ("models.csv", "org is missing"),
        ("models.csv", "a row before has the same modelId"),
    ]


def test_everything_rebuilds_from_landing(folder: Path, home: Home) -> None:
    tracked(folder)
    write(folder / "openrouter" / "models.json", json.dumps(CATALOGUE))
    write(folder / "openrouter" / "may.csv", rankings())
    write(folder / "readings" / "mine.csv", READINGS + good_readings(3))
    for source in ("files", "openrouter", "tracked_models"):
        load_source(source, folder, home)
    with duckdb.connect(str(home.warehouse)) as con:
        before = hubs.dump(con)
    for path in folder.rglob("*.csv"):
        path.unlink()
    home.warehouse.unlink()
    rebuild(home, order=lambda manifests: list(reversed(manifests)))
    with duckdb.connect(str(home.warehouse)) as con:
        assert hubs.dump(con) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,as_of\n", "has no column days_early"),
        ("file,as_of,days_early\na,05/20,1\n", "row 1: as_of '05/20' is no date"),
        ("file,as_of,days_early\na,,-1\n", "row 1: days_early '-1'"),
        ("file,as_of,days_early,scope\na,,1,all\n", "row 1: scope 'all'"),
        ("file,as_of,days_early\na,,1\n./a,,2\n", "row 2: a is there twice"),
    ],
)
def test_manifests_that_cannot_be_read(folder: Path, text: str, message: str) -> None:
    write(folder / "manifest.csv", text)
    with pytest.raises(ImportFolderError, match=message):
        ImportFolder.open(folder)


cells = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\x00\ufeff", exclude_categories=["Cs"]),
    max_size=6,
)


@settings(max_examples=20, deadline=None)
@given(rows=st.lists(st.tuples(cells, cells, cells), max_size=8))
def test_lines_are_split_as_the_csv_module_writes_them(
    rows: list[tuple[str, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("a", "b", "c"), *rows])
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    header = csv_lines.read_header(path, "x.csv", ["a"])
    with duckdb.connect() as con:
        csv_lines.stage_lines(con, path, "x.csv", header)
        found = con.execute("select fields, problem from temp.csv_rows order by row_number")
        assert found.fetchall() == [(list(row), None) for row in rows]


def test_a_header_that_is_no_text(folder: Path) -> None:
    path = folder / "x.csv"
    path.write_bytes(b"\xff\xfe,a\n")
    with pytest.raises(ContractError, match="save it as UTF-8 text"):
        csv_lines.read_header(path, "x.csv", ["a"])
