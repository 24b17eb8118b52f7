"""The marts of random hubs against a second implementation, written from the method page."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from tests.reference import adoption, downloads, growth
from tests.reference.hubs import Hub, Name, Record, Scopes, hubs, scopes
from tests.reference.identities import Identities
from tests.reference.lineage import Lineage, derivatives, descendants
from tests.reference.warehouse import Project

SETTINGS = settings(
    max_examples=160,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)

Rows = dict[Any, Any]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.compiled(tmp_path_factory.mktemp("reference"))


def found(con: duckdb.DuckDBPyConnection, mart: str, columns: str, keys: int) -> Rows:
    rows = con.execute(f"select {columns} from marts.{mart}").fetchall()
    return {row[:keys]: row[keys:] for row in rows}


def same(
    mart: str, expected: Mapping[Any, Any], got: Mapping[Any, Any], tolerance: float = 1e-12
) -> None:
    """Row by row; floats within a relative tolerance."""
    wrong = [
        f"{key}: expected {expected.get(key)}, got {got.get(key)}"
        for key in sorted(expected.keys() | got.keys(), key=repr)
        if not alike(expected.get(key), got.get(key), tolerance)
    ]
    assert not wrong, "\n".join([mart, *wrong[:6]])


def alike(one: Any, other: Any, tolerance: float) -> bool:
    if one is None or other is None:
        return one is other
    return all(
        math.isclose(left, right, rel_tol=tolerance)
        if isinstance(left, float) and isinstance(right, float)
        else left == right
        for left, right in zip(one, other, strict=True)
    )


def check_downloads(hub: Hub, con: duckdb.DuckDBPyConnection, whole_hub: tuple[date, date]) -> None:
    identities = Identities(hub)
    histories = downloads.histories(hub, identities)
    models = identities.by_name()
    tracked = {name for name, model in models.items() if model.is_tracked}
    same(
        "fct_model_downloads_daily",
        {
            (name, day): (
                entry.downloads,
                entry.adjustment,
                entry.counter,
                entry.counter_status,
                entry.day_status,
            )
            for name in tracked & histories.keys()
            for day, entry in histories[name].days.items()
        },
        found(
            con,
            "fct_model_downloads_daily",
            "model_id, day, downloads, adjustment, downloads_all_time, counter_status, day_status",
            2,
        ),
    )
    same(
        "model_downloads_monthly",
        {
            (month, name): (
                entry.downloads,
                entry.adjustment,
                entry.cumulative,
                entry.before_history,
                entry.observed,
                entry.interpolated,
                entry.missing,
            )
            for name, history in histories.items()
            for month, entry in downloads.months(hub, history).items()
        },
        found(
            con,
            "model_downloads_monthly",
            "month, model_id, downloads, adjustment, cumulative_downloads, "
            "downloads_before_history, days_observed, days_interpolated, days_missing",
            2,
        ),
    )
    for mart, column, group_of in GROUPS:
        expected: dict[tuple[date, str, str], tuple[Any, ...]] = {}
        for population, names, known in (
            ("tracked", tracked, (date.min, hub.as_of)),
            ("hub", set(models), whole_hub),
        ):
            members = {name: group_of(models[name]) for name in names}
            for (month, group), cell in downloads.groups(hub, members, histories, known).items():
                expected[month, population, group] = (
                    cell.downloads,
                    cell.share,
                    cell.rank,
                    cell.adjustment,
                    cell.cumulative,
                    cell.cumulative_share,
                    cell.growth,
                    None,
                    None,
                    cell.interpolated,
                    cell.models,
                    cell.carried,
                    cell.newly_covered,
                    cell.is_complete,
                )
        got = found(
            con,
            mart,
            f"month, population, {column}, downloads, share, rank, adjustment, "
            "cumulative_downloads, cumulative_share, growth_mom, growth_yoy, "
            "cumulative_growth_yoy, downloads_interpolated, models, models_carried, "
            "newly_covered, is_complete_month",
            3,
        )
        same(mart, expected, got)


GROUPS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("region_downloads_monthly", "region", lambda model: model.region),
    ("org_downloads_monthly", "org", lambda model: model.org),
    ("family_downloads_monthly", "family", lambda model: model.family),
    ("bucket_downloads_monthly", "size_bucket", lambda model: model.bucket),
)


def check_adoption(hub: Hub, con: duckdb.DuckDBPyConnection) -> None:
    identities = Identities(hub)
    histories = downloads.histories(hub, identities)
    growth.measure(hub, identities, histories)
    is_gentle = all(
        Fraction(1, 20) < level < 20
        for history in histories.values()
        for level in history.levels.values()
    )
    tables: tuple[tuple[str, str, adoption.Rows], ...] = (
        (
            "relative_adoption",
            "model_id, horizon_days",
            adoption.rows(hub, identities, histories),
        ),
        (
            "relative_adoption_active",
            "model_id, horizon_days",
            adoption.rows_active(hub, identities, histories),
        ),
        (
            "relative_adoption_now",
            "model_id, age_days",
            adoption.rows_now(hub, identities, histories),
        ),
        (
            "release_adoption",
            "release_id, horizon_days",
            adoption.rows_of_releases(hub, identities, histories),
        ),
    )
    for mart, key, expected in tables:
        columns = (
            f"{key}, size_bucket, cumulative_downloads, is_interpolated, "
            "is_wide_gap, is_date_uncertain, basis, ram_median, reference_median, "
            "reference_median_models, reference_status, reference_released_from, "
            "reference_released_to, in_reference, ram_cutoff, reference_cutoff, "
            "reference_cutoff_raw, reference_cutoff_models, ram_cohort, reference_cohort, "
            "reference_cohort_models, rank_in_bucket, reference_as_of, c_low, c_high, "
            "ram_median_loo_low, ram_median_loo_high, ram_median_deflated, "
            "reference_deflated_models"
        )
        got = found(con, mart, columns, 2)
        same(
            mart,
            {key: row[:-2] for key, row in expected.items()},
            {key: row[:-2] for key, row in got.items()},
        )
        if is_gentle:
            # Levels have nine decimals and a day's part of a score six.
            same(
                mart,
                {key: row[-2:] for key, row in expected.items()},
                {key: row[-2:] for key, row in got.items()},
                1e-4,
            )


def check_lineage(hub: Hub, con: duckdb.DuckDBPyConnection) -> None:
    identities = Identities(hub)
    lineage = Lineage(hub, identities)
    same(
        "lineage_edges",
        lineage.edges,
        found(
            con,
            "lineage_edges",
            "child_id, parent_id, relation, parent_status, is_dangling, is_self, in_cycle, "
            "is_first_party, first_seen_on",
            3,
        ),
    )
    same(
        "lineage_closure",
        lineage.closure_rows(),
        found(con, "lineage_closure", "model_id, ancestor_id, depth", 2),
    )
    same(
        "lineage_roots",
        lineage.root_rows(),
        found(con, "lineage_roots", "model_id, root_id, weight, depth, root_is_provisional", 2),
    )
    same(
        "derivatives_monthly",
        derivatives(hub, lineage, downloads.histories(hub, identities)),
        found(
            con,
            "derivatives_monthly",
            "month, attribution, filtered, base_org, family, relation, region, new_derivatives, "
            "new_derivative_models, share, share_all, later_reading_models, is_provisional",
            6,
        ),
    )


def check_descendants(hub: Hub, con: duckdb.DuckDBPyConnection) -> None:
    identities = Identities(hub)
    same(
        "model_descendants",
        descendants(Lineage(hub, identities), downloads.histories(hub, identities)),
        found(
            con,
            "model_descendants",
            "model_id, children, descendants, finetunes, adapters, quantizations, merges, "
            "downloads_own, downloads_with_descendants, descendants_without_counter",
            1,
        ),
    )


def check(project: Project, hub: Hub, scopes: Scopes | None = None) -> None:
    con = project.run(hub, scopes)
    # The whole Hub is known to its own last read, organisations may be read on after it.
    whole = scopes.whole if scopes else hub.reads
    try:
        check_downloads(hub, con, (min(whole), max(whole)))
        check_adoption(hub, con)
        check_lineage(hub, con)
        check_descendants(hub, con)
    finally:
        con.close()


@SETTINGS
@given(hub=hubs())
def test_marts_equal_the_reference(project: Project, hub: Hub) -> None:
    check(project, hub)


@settings(SETTINGS, max_examples=30)
@given(hub=hubs(is_long=True))
def test_months_of_growth_equal_the_reference(project: Project, hub: Hub) -> None:
    """Long enough for growth from one complete month to the next: the deflated score."""
    check(project, hub)


@settings(SETTINGS, max_examples=50)
@given(data=st.data())
def test_scopes_of_the_api_equal_the_reference(project: Project, data: st.DataObject) -> None:
    """Read by organisation, as a whole and by discovery, it is the same hub."""
    hub = data.draw(hubs())
    # A name that passes from one repository to another is resolved on the day of a metadata row,
    # and the scopes have rows on other days than one scope has.
    holders = {
        (record.name.model_id.split("/")[1].lower(), record.name.hub_oid)
        for records in hub.reads.values()
        for record in records
        if record.name.hub_oid is not None
    }
    assume(len(holders) == len({name for name, _ in holders}))
    check(project, hub, data.draw(scopes(hub)))


# Named cases: what random hubs found, and shapes that they meet seldom.


def day(number: int) -> date:
    return date(2025, 3, number)


def row(model_id: str, counter: int | None, created: int | None = None, **values: Any) -> Record:
    """A record; `created` is a day of March, else the creation is long before."""
    created_at = datetime(2025, 3, created) if created else datetime(2025, 1, 1)  # noqa: DTZ001
    name = Name(values.pop("hub_oid", None), model_id)
    return Record(name, counter, created_at=created_at, parameters_total=10**8, **values)


@pytest.mark.parametrize(
    "reads",
    [
        # The other name leaves; today's name is unchanged and has no row.
        [{"OldBeta/m": 5, "Beta/m": 5}, {"Beta/m": 5}, {"Beta/m": 5}],
        # The other name changes; today's name is unchanged and has no row.
        [{"OldBeta/m": 5, "Beta/m": 5}, {"OldBeta/m": 9, "Beta/m": 5}, {"Beta/m": 6}],
    ],
    ids=["leaves", "changes"],
)
def test_two_names_in_one_read(project: Project, reads: list[dict[str, int]]) -> None:
    check(
        project,
        Hub(
            {
                day(number): tuple(row(name, counter) for name, counter in read.items())
                for number, read in enumerate(reads, 1)
            },
            {},
        ),
    )


def test_trailing_days_without_a_row(project: Project) -> None:
    """Neither counter changes, so that day 0 + 2 has no row; it was read all the same."""
    record = row("Acme/m", None, created=1, downloads_30d=5)
    check(project, Hub({day(number): (record,) for number in (1, 2, 3, 4)}, {}))


@pytest.mark.parametrize("length", range(1, 7))
def test_cycles(project: Project, length: int) -> None:
    """A cycle (of one: a self edge), a model below it, and one beside it with a root of its own."""
    ids = [f"id{number}" for number in range(length)]
    names = [f"{('Acme', 'zed')[number % 2]}/m{number}" for number in range(length)]
    ring = [
        row(
            names[number],
            number,
            number + 1,
            hub_oid=ids[number],
            base_relation="finetune",
            base_models=(Name(ids[number - 1], names[number - 1]),),
        )
        for number in range(length)
    ]
    below = row(
        "Beta/below",
        1,
        2,
        hub_oid="below",
        base_relation="merge",
        base_models=(
            Name(ids[0], names[0]),
            Name(ids[-1], names[-1]),
            Name("far-p", "far/p"),
            Name(None, "nobody/x"),
        ),
    )
    diamond = row(
        "gamma/diamond",
        1,
        3,
        hub_oid="diamond",
        base_relation="merge",
        base_models=(Name("below", "Beta/below"), Name(ids[0], names[0])),
    )
    check(project, Hub({day(20): (*ring, below, diamond)}, {}))


def test_two_relations_to_one_parent(project: Project) -> None:
    """One child by two edges: counted once, and once by each relation."""
    parent = row("Acme/m", 7, 1)
    tags = ("base_model:finetune:Acme/m", "base_model:quantized:Acme/m")
    check(project, Hub({day(2): (parent, row("Beta/child", 5, 2, tags=tags))}, {}))
