"""The headline tables: formatting, and what they say on a published copy."""

from decimal import Decimal
from pathlib import Path

import duckdb

from hubtide.headline import headline, render, telling_horizon
from hubtide.text import SYNTHETIC_BANNER, Table, format_table, format_value, share
from tests.conftest import Ran

CITATION = "Source: OpenRouter (openrouter.ai/rankings), as of 2026-08-22."
ABOUT = {"build_id": "b1", "data_kind": "real", "as_of": "2026-05-24"}


def test_numbers_are_marked_and_aligned() -> None:
    table = Table("Title", ("name", "downloads>"), [("one", 1234567), ("three", 8)])
    assert format_table(table).splitlines() == [
        "Title",
        "  name   downloads",
        "  -----  ---------",
        "  one    1,234,567",
        "  three          8",
    ]


def test_values() -> None:
    assert format_value(None) == "-"
    assert format_value(True) == "yes"
    assert format_value(2.345) == "2.35"
    assert format_value(Decimal("1234.5")) == "1,234.50"
    assert share(None) is None
    assert format_value(share(0.4567)) == "45.7%"


def test_the_telling_horizon_is_the_longest_with_scores_in_most_sizes() -> None:
    assert telling_horizon({7: 5, 30: 6, 90: 6, 365: 1}) == 90
    assert telling_horizon({7: 0}) is None
    assert telling_horizon({}) is None


def test_synthetic_figures_stand_between_two_banners() -> None:
    lines = render({**ABOUT, "data_kind": "synthetic"}, [], []).splitlines()
    assert [line for line in lines if line == SYNTHETIC_BANNER] == [SYNTHETIC_BANNER] * 2
    assert lines[1] == SYNTHETIC_BANNER
    assert lines[-2] == SYNTHETIC_BANNER


def test_real_token_figures_carry_their_citation() -> None:
    text = render(ABOUT, [], ["files, rows: 3 days partial, a to b"], CITATION)
    assert SYNTHETIC_BANNER not in text
    assert text.endswith(CITATION)
    assert "Coverage\n  files, rows" in text


def test_a_copy_with_few_marts_gives_what_it_has(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as connection:
        connection.execute(
            "create table about as select 'b1' as build_id, 'real' as data_kind, "
            "date '2026-05-24' as as_of"
        )
        connection.execute(
            """
            create table region_downloads_monthly as
            select * from (values
                (date '2026-04-01', 'tracked', 'us', 90::bigint, 0.9),
                (date '2026-05-01', 'tracked', 'us', 100::bigint, 0.25),
                (date '2026-05-01', 'tracked', 'china', 300::bigint, 0.75),
                (date '2026-05-01', 'hub', 'other', 999::bigint, 1.0)
            ) as t(month, population, region, cumulative_downloads, cumulative_share)
            """
        )
    text = headline(tmp_path)
    assert "Regions: cumulative downloads, tracked models, as of 2026-05-24" in text
    assert text.index("china") < text.index("us  ")
    assert "75.0%" in text
    assert "999" not in text
    assert "Sizes" not in text
    assert "openrouter.ai" not in text


def test_the_citation_is_the_one_that_publishing_wrote(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as connection:
        connection.execute(
            "create table about as select 'b1' as build_id, 'real' as data_kind, "
            "date '2026-05-24' as as_of"
        )
        connection.execute(
            "create table inference_region_monthly (month date, region varchar, "
            "tokens bigint, share double, share_of_matched double, "
            "days_present bigint)"
        )
        connection.execute(
            "comment on table inference_region_monthly is "
            f"'real data, build b1, as of 2026-05-24. {CITATION}'"
        )
    assert headline(tmp_path).endswith(CITATION)


def test_a_wide_gap_is_in_no_league_and_scores_name_their_reference(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as connection:
        connection.execute(
            "create table about as select 'b1' as build_id, 'real' as data_kind, "
            "date '2026-05-24' as as_of, 2 as tracked_models, 1 as tracked_models_counted, "
            "0.25 as uncounted_downloads_share"
        )
        connection.execute(
            """
            create table relative_adoption as
            select * from (values
                ('a/wide', 7, '<1B', 9.5, 6, true, 900::bigint, date '2026-05-24', true),
                ('a/near', 7, '<1B', 2.5, 6, false, 250::bigint, date '2026-05-24', false)
            ) as t(model_id, horizon_days, size_bucket, ram_median, reference_median_models,
                in_reference, cumulative_downloads, reference_as_of, is_wide_gap)
            """
        )
    text = headline(tmp_path)
    assert "a/near" in text
    assert "a/wide" not in text
    assert "leaders of their size as of 2026-05-24" in text
    assert (
        "tracked models: 1 of 2 have an all-time counter; "
        "the others had 25.0% of the last known 30 days' downloads"
    ) in text


def test_the_sample_prints_its_headline(sample_run: Ran) -> None:
    stdout = sample_run.stdout
    assert stdout.count(SYNTHETIC_BANNER) == 2
    for title in (
        "Regions:",
        "Organisations:",
        "Sizes:",
        "Relative adoption",
        "Tokens",
        "Coverage",
    ):
        assert title in stdout
    for word in ("Warehouse", "Exports", "For BI"):
        assert word in stdout
