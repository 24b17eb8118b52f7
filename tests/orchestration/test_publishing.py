"""Publishing: complete or not at all, replaced in one step, seven builds kept."""

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from extract.home import Home
from extract.warehouse import SCHEMA
from orchestration import publishing
from orchestration.builds import new_build_id, project_commit, seeds_digest
from orchestration.defs.published import published_asset
from orchestration.environment import prepare
from orchestration.publishing import (
    KEPT_BUILDS,
    NotAuditedError,
    current_build,
    prune,
    publish,
    published_builds,
    record_audit,
    require_audit,
    set_current,
)
from orchestration.runs import failure_line


def make_warehouse(path: Path, build_id: str = "b1", rows: int = 3) -> Path:
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(SCHEMA.read_text(encoding="utf-8"))
        connection.execute(
            """
            insert into raw.loads
            values (7, 'openrouter', 'p', 'loaded', 1, 1, 0, 0, 0, 'abc', false,
                date '2026-05-24', 0, null, now(), now())
            """
        )
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.about as select 'real' as data_kind, date '2026-05-24' as as_of, "
            f"timestamp '2026-05-25' as built_at, '{build_id}' as build_id"
        )
        connection.execute(f"create table marts.facts as select range as n from range({rows})")
        connection.execute("create view marts.doubled as select n * 2 as m from marts.facts")
    return path


def build_folder(exports: Path, build_id: str) -> None:
    folder = exports / "builds" / build_id
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")


def test_a_build_holds_tables_views_parquet_and_a_manifest(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path / "warehouse.duckdb")
    build = publish(warehouse, tmp_path / "exports", commit="c0ffee", seeds_sha256="5eed")
    assert build.tables == {"about": 1, "doubled": 3, "facts": 3}
    with duckdb.connect(str(tmp_path / "exports" / "marts.duckdb"), read_only=True) as connection:
        # Both ways in which a user would write it.
        assert connection.execute("select sum(m) from marts.doubled").fetchall() == [(6,)]
        assert connection.execute("select sum(n) from facts").fetchall() == [(3,)]
        kinds = connection.execute(
            "select distinct table_type from information_schema.tables"
        ).fetchall()
        assert kinds == [("BASE TABLE",)]
    facts = tmp_path / "exports" / "current" / "facts.parquet"
    assert duckdb.execute(f"select count(*) from '{facts}'").fetchall() == [(3,)]
    manifest = json.loads((build.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["data_kind"] == "real"
    assert (manifest["commit"], manifest["seeds_sha256"]) == ("c0ffee", "5eed")
    assert manifest["tables"] == build.tables
    assert manifest["loads"] == [
        {"load_id": 7, "source": "openrouter", "partition": "p", "sha256": "abc"}
    ]
    assert manifest["sources"][0]["citation"] == (
        "Source: OpenRouter (openrouter.ai/rankings), as of 2026-05-24."
    )
    for name, entry in manifest["files"].items():
        content = (build.folder / name).read_bytes()
        assert entry == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def test_every_table_and_file_says_which_build_and_kind_it_is_of(tmp_path: Path) -> None:
    build = publish(
        make_warehouse(tmp_path / "warehouse.duckdb"), tmp_path / "exports", "c0ffee", "5eed"
    )
    label = "real data, build b1, as of 2026-05-24"
    with duckdb.connect(str(build.folder / "marts.duckdb"), read_only=True) as connection:
        comments = connection.execute("select distinct comment from duckdb_tables()").fetchall()
    assert comments == [(label,)]
    for file in build.folder.glob("*.parquet"):
        metadata = duckdb.execute(
            f"select decode(value) from parquet_kv_metadata('{file}') where decode(key) = 'hubtide'"
        ).fetchall()
        assert metadata == [(label,)]


def test_a_table_of_openrouters_figures_carries_the_citation(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path / "warehouse.duckdb")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create table marts.inference_daily as select 1 as tokens")
    build = publish(warehouse, tmp_path / "exports", "c0ffee", "5eed")
    citation = "Source: OpenRouter (openrouter.ai/rankings), as of 2026-05-24."
    label = f"real data, build b1, as of 2026-05-24. {citation}"
    with duckdb.connect(str(build.folder / "marts.duckdb"), read_only=True) as connection:
        comments = connection.execute("select table_name, comment from duckdb_tables()").fetchall()
    assert dict(comments)["inference_daily"] == label
    assert "OpenRouter" not in dict(comments)["facts"]


def test_a_models_months_stand_together(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path / "warehouse.duckdb")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create table marts.model_downloads_monthly as select * from (values "
            "('b', 1), ('a', 1), ('b', 2), ('a', 2)) as t (model_id, month)"
        )
    folder = publish(warehouse, tmp_path / "exports", "c", "s").folder
    rows = [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as connection:
        assert connection.table("model_downloads_monthly").fetchall() == rows
    assert duckdb.read_parquet(str(folder / "model_downloads_monthly.parquet")).fetchall() == rows


def test_the_file_is_written_for_older_clients(tmp_path: Path) -> None:
    build = publish(make_warehouse(tmp_path / "warehouse.duckdb"), tmp_path / "exports", "c", "s")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{build.folder / 'marts.duckdb'}' as p (read_only)")
        tags = connection.execute(
            "select tags from duckdb_databases() where database_name = 'p'"
        ).fetchall()[0][0]
    assert "v1.4" in str(tags)


def test_links_are_relative_and_follow_the_newest_build(tmp_path: Path) -> None:
    warehouse, exports = tmp_path / "warehouse.duckdb", tmp_path / "exports"
    publish(make_warehouse(warehouse, "b1"), exports, "c", "s")
    publish(make_warehouse(warehouse, "b2"), exports, "c", "s")
    assert (exports / "current").readlink() == Path("builds/b2")
    assert (exports / "marts.duckdb").readlink() == Path("current/marts.duckdb")
    moved = exports.rename(tmp_path / "moved")
    assert current_build(moved) == (moved / "builds" / "b2").resolve()


def test_a_reader_keeps_the_build_that_it_opened(tmp_path: Path) -> None:
    warehouse, exports = tmp_path / "warehouse.duckdb", tmp_path / "exports"
    first = publish(make_warehouse(warehouse, "b1", rows=3), exports, "c", "s")
    with duckdb.connect(str(first.folder / "marts.duckdb"), read_only=True) as reader:
        publish(make_warehouse(warehouse, "b2", rows=5), exports, "c", "s")
        assert reader.execute("select count(*) from facts").fetchall() == [(3,)]
    folder = current_build(exports)
    assert folder is not None
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as reader:
        assert reader.execute("select count(*) from facts").fetchall() == [(5,)]


def test_a_build_that_breaks_leaves_the_last_one_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse, exports = tmp_path / "warehouse.duckdb", tmp_path / "exports"
    publish(make_warehouse(warehouse, "b1"), exports, "c", "s")

    def broken(*_arguments: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "_write_json", broken)
        make_warehouse(warehouse, "b2")
        with pytest.raises(OSError, match="disk full"):
            publish(warehouse, exports, "c", "s")
    assert (exports / "current").readlink() == Path("builds/b1")
    assert not (exports / "builds" / "b2").exists()
    # Nor does what a killed one spilled stay.
    (exports / "builds" / ".spilled").mkdir()
    (exports / "builds" / ".spilled" / "part").write_bytes(bytes(10))
    publish(warehouse, exports, "c", "s")
    assert (exports / "current").readlink() == Path("builds/b2")
    assert sorted(path.name for path in (exports / "builds").iterdir()) == ["b1", "b2"]


def test_a_link_is_never_absent_while_it_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for build_id in ("b1", "b2"):
        build_folder(tmp_path, build_id)
    set_current(tmp_path, "b1")
    seen = []
    replace = os.replace

    def watched(source: Path, target: Path) -> Path:
        seen.append(os.readlink(target))
        replace(source, target)
        seen.append(os.readlink(target))
        return target

    monkeypatch.setattr(Path, "replace", watched)
    set_current(tmp_path, "b2")
    assert seen == ["builds/b1", "builds/b2", "current/marts.duckdb", "current/marts.duckdb"]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_publishing_the_same_build_again_changes_no_file(tmp_path: Path) -> None:
    warehouse, exports = make_warehouse(tmp_path / "warehouse.duckdb"), tmp_path / "exports"
    first = publish(warehouse, exports, "c", "s")
    before = {path: path.stat().st_mtime_ns for path in first.folder.iterdir()}
    # Of a file manager: no leftover of a run.
    (exports / "builds" / ".DS_Store").touch()
    publish(warehouse, exports, "c", "s")
    assert {path: path.stat().st_mtime_ns for path in first.folder.iterdir()} == before


def test_seven_builds_are_kept_and_the_current_one_always(tmp_path: Path) -> None:
    for number in range(KEPT_BUILDS + 3):
        build_folder(tmp_path, f"b{number:02}")
    # Of whoever looked into the folder: no build, and in nobody's way.
    (tmp_path / "builds" / "desktop.ini").touch()
    set_current(tmp_path, "b01")
    assert prune(tmp_path) == ["b00", "b02"]
    assert current_build(tmp_path) == (tmp_path / "builds" / "b01").resolve()
    assert len(list((tmp_path / "builds").iterdir())) == KEPT_BUILDS + 2


def test_a_build_of_an_earlier_version_says_when_it_was_built(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    build = publish(make_warehouse(tmp_path / "warehouse.duckdb"), exports, "c", "s")
    manifest = build.folder / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    known = [datetime.fromisoformat(content.pop("published_at"))]
    assert [entry.published_at for entry in published_builds(exports)] == known
    manifest.write_text(json.dumps(content), encoding="utf-8")
    (found,) = published_builds(exports)
    assert found.published_at == datetime.fromisoformat(content["built_at"])


@pytest.mark.parametrize("damaged", ["{", "[]", "{}", '{"published_at": "soon"}'])
def test_a_damaged_build_is_told_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damaged: str
) -> None:
    """Each later build asks for the earlier ones."""
    exports = tmp_path / "exports"
    build = publish(make_warehouse(tmp_path / "warehouse.duckdb"), exports, "c", "s")
    other = exports / "builds" / "b0"
    other.mkdir()
    (other / "manifest.json").write_text(damaged, encoding="utf-8")
    assert [entry.build_id for entry in published_builds(exports)] == [build.build_id]
    assert "exports/builds/b0 is left out: its manifest.json is damaged" in caplog.text


def test_rolling_back_to_a_build_that_is_gone_is_refused(tmp_path: Path) -> None:
    build_folder(tmp_path, "b1")
    set_current(tmp_path, "b1")
    with pytest.raises(FileNotFoundError, match="no build b0"):
        set_current(tmp_path, "b0")
    assert (tmp_path / "current").readlink() == Path("builds/b1")


@pytest.mark.parametrize("name", ["../builds/b1", "./b1", "b1/", "b1/.", ".b2.partial", "", ".."])
def test_only_the_name_of_a_build_leads_to_it(tmp_path: Path, name: str) -> None:
    build_folder(tmp_path, "b1")
    build_folder(tmp_path, ".b2.partial")
    (tmp_path / "builds" / "manifest.json").touch()
    (tmp_path / "manifest.json").touch()
    with pytest.raises(FileNotFoundError, match="exports/builds has no build"):
        set_current(tmp_path, name)
    assert not (tmp_path / "current").exists()


def test_a_warehouse_without_its_one_row_about_is_not_published(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path / "warehouse.duckdb")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from marts.about")
    with pytest.raises(ValueError, match="has 0 rows"):
        publish(warehouse, tmp_path / "exports", "c", "s")
    assert current_build(tmp_path / "exports") is None


def refusal(warehouse: Path, exports: Path) -> str:
    with pytest.raises(NotAuditedError) as caught:
        require_audit(warehouse, exports)
    return str(caught.value)


def test_what_passed_its_checks_may_be_published(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path / "warehouse.duckdb")
    record_audit(warehouse, tmp_path / "exports", "b1")
    require_audit(warehouse, tmp_path / "exports")
    # The same marts in another order are the same.
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create or replace table marts.facts as from marts.facts order by n desc"
        )
    require_audit(warehouse, tmp_path / "exports")


def test_what_was_never_checked_is_refused(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path / "warehouse.duckdb")
    assert refusal(warehouse, tmp_path / "exports") == (
        "the warehouse holds build b1, which has not passed its checks; nothing is published yet. "
        "Run the job `build`"
    )


def test_the_audit_of_another_build_is_none(tmp_path: Path) -> None:
    warehouse, exports = make_warehouse(tmp_path / "warehouse.duckdb", "b1"), tmp_path / "exports"
    record_audit(warehouse, exports, "b1")
    publish(warehouse, exports, "c", "s")
    # dbt alone, or a run whose checks failed, leaves another build behind.
    make_warehouse(warehouse, "b2")
    assert refusal(warehouse, exports) == (
        "the warehouse holds build b2, which has not passed its checks; readers keep build b1. "
        "Run the job `build`"
    )


@pytest.mark.parametrize(
    "change",
    [
        "update marts.facts set n = 7 where n = 1",
        "delete from marts.facts where n = 1",
        "insert into marts.facts select n from marts.facts",
        "create table marts.more as select 1 as n",
        "drop view marts.doubled",
        "create or replace view marts.doubled as select n * 3 as m from marts.facts",
    ],
)
def test_marts_that_were_changed_after_their_audit_are_refused(tmp_path: Path, change: str) -> None:
    warehouse, exports = make_warehouse(tmp_path / "warehouse.duckdb"), tmp_path / "exports"
    record_audit(warehouse, exports, "b1")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(change)
    assert refusal(warehouse, exports) == (
        "the warehouse holds build b1, which was changed after its checks; nothing is published "
        "yet. Run the job `build`"
    )


def test_a_view_is_what_its_tables_are(tmp_path: Path) -> None:
    """The largest marts are views that put names to numbers; dbt's own record is none of them."""
    warehouse, exports = make_warehouse(tmp_path / "warehouse.duckdb"), tmp_path / "exports"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema adoption")
        connection.execute("create table adoption.spans as select 1 as model_key, 5 as downloads")
        connection.execute("create view marts.spans as select downloads from adoption.spans")
        connection.execute("create schema state")
        connection.execute("create table state.table_versions as select 1 as version")
    record_audit(warehouse, exports, "b1")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update state.table_versions set version = 2")
    require_audit(warehouse, exports)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update adoption.spans set downloads = 6")
    assert "which was changed after its checks" in refusal(warehouse, exports)


def test_the_asset_refuses_what_was_not_checked(at_home: Callable[[], Home]) -> None:
    """Also when somebody materializes exports/current alone."""
    home = prepare()
    make_warehouse(home.warehouse, "b1")
    record_audit(home.warehouse, home.exports, "b0")
    result = dg.materialize(
        [published_asset([])], instance=dg.DagsterInstance.ephemeral(), raise_on_error=False
    )
    assert not result.success
    assert "b1, which has not passed its checks" in failure_line(result.all_events)
    assert current_build(home.exports) is None


def test_build_ids_sort_by_time() -> None:
    early = new_build_id("ffffffff-1", datetime(2026, 5, 1, 9, tzinfo=UTC))
    late = new_build_id("00000000-1", datetime(2026, 5, 1, 10, tzinfo=UTC))
    assert early == "20260501T090000Z-ffffffff"
    assert early < late


def test_a_folder_without_git_has_the_commit_that_it_was_made_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HUBTIDE_COMMIT", raising=False)
    assert project_commit(tmp_path) == "unknown"
    monkeypatch.setenv("HUBTIDE_COMMIT", "c0ffee")
    assert project_commit(tmp_path) == "c0ffee"


def test_git_knows_better_than_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBTIDE_COMMIT", "c0ffee")
    who = ["-c", "user.name=a", "-c", "user.email=a@b.invalid"]
    for arguments in (["init", "--quiet"], [*who, "commit", "--quiet", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
    commit = project_commit(tmp_path)
    assert len(commit) == 40
    (tmp_path / "new").touch()
    assert project_commit(tmp_path) == f"{commit}-dirty"


def test_the_seeds_digest_follows_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n")
    one = seeds_digest(tmp_path)
    (tmp_path / "a.csv").rename(tmp_path / "b.csv")
    two = seeds_digest(tmp_path)
    (tmp_path / "b.csv").write_text("y\n")
    assert len({one, two, seeds_digest(tmp_path)}) == 3
