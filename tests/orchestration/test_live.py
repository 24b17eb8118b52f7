"""The commands `live` and `backfill`: plans, refusals, what fails, and what never leaks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from extract.errors import HubtideError
from extract.fetching import Fetched, Planned
from extract.home import Home
from extract.live import seconds_needed
from orchestration.defs.landed import escaped, problems, skipped, summary
from orchestration.live import ask_for, parse_day
from orchestration.seeds import modelscope_owners, tracked_bases, tracked_organizations
from tests.conftest import run_module
from tests.fake.server import FakeServices

TOKEN = "hf_plantedTokenThatMustNotShow"
KEY = "sk-or-plantedKeyThatMustNotShow"


def test_organisations_come_from_the_seeds() -> None:
    organizations = tracked_organizations()
    assert "Qwen" in organizations
    assert organizations == sorted(set(organizations))
    assert "ZhipuAI" in modelscope_owners()


def test_without_a_published_build_there_are_no_bases(tmp_path: Path) -> None:
    assert tracked_bases(Home(tmp_path)) == []


def test_bases_are_tracked_models_by_downloads(sample_home: Home) -> None:
    bases = tracked_bases(sample_home)
    assert len(bases) > 100
    assert all("/" in base and "@" not in base for base in bases)
    assert bases != sorted(bases)


def test_a_day_is_read_or_refused() -> None:
    assert parse_day("2026-03-01") == date(2026, 3, 1)
    assert parse_day("") is None
    with pytest.raises(HubtideError, match="'yesterday' is no date: write YYYY-MM-DD"):
        parse_day("yesterday")


def test_a_configuration_becomes_what_is_asked_for(tmp_path: Path) -> None:
    days = (date(2026, 1, 1), date(2026, 1, 5))
    ask = ask_for({"max_requests": 7, "whole_hub": True}, Home(tmp_path), days)
    assert (ask.since, ask.until) == days
    assert ask.limits.max_requests == 7
    assert ask.scopes == [*tracked_organizations(), "hub"]


RESULTS = [
    Fetched("hub_api", "d.a", "landed", 2, 1500),
    Fetched("hub_api", "d.b", "failed", 1, 0, "hub_api: b failed"),
    Fetched("hub_api", "d.c", "failed", 0, 0, "hub_api: not asked for"),
    Fetched("hub_api", "d.d", "failed", 0, 0, "hub_api: not asked for"),
    Fetched("hub_api", "d.e", "skipped", 1, 0, "hub_api: e lists no models"),
]


def test_results_are_summed_up_in_a_line() -> None:
    said = summary("hub_api", RESULTS)
    assert said == "hub_api: 1 landed, 3 failed, 1 skipped; 4 requests, 1,500 records"


def test_problems_are_said_once_each() -> None:
    assert problems(RESULTS) == ["hub_api: b failed", "hub_api: not asked for (2 times)"]


def test_many_that_were_skipped_are_one_line() -> None:
    assert skipped(RESULTS) == ["hub_api: e lists no models"]
    assert skipped(RESULTS[-1:] * 4) == ["hub_api: e lists no models (and 3 more)"]


def test_text_from_outside_stays_text_in_the_interface() -> None:
    assert escaped("<b>|&") == "&lt;b>\\|&amp;"


@pytest.mark.parametrize(
    ("a_request", "hub", "other", "seconds"),
    [
        # The Hub's windows have 500 requests and 300 s.
        (0.7, 3056, 0, 2139.2),  # 500 requests take 350 s: their window is over, no waits
        (0.6, 1000, 0, 600),  # just as long as the window
        (0.1, 500, 0, 50),  # one window
        (0.1, 501, 0, 300.1),  # 50 s, 250 s of the window left, one more
        (0.1, 1200, 0, 620),  # twice 50 s and 250 s left, then 200 requests
        (0.1, 501, 40, 304.1),  # another service's requests besides
        (0.1, 0, 2000, 200),  # which has no such windows
    ],
)
def test_a_plan_waits_for_what_is_left_of_a_window(
    monkeypatch: pytest.MonkeyPatch, a_request: float, hub: int, other: int, seconds: float
) -> None:
    monkeypatch.setattr("extract.live.SECONDS_A_REQUEST", a_request)
    planned = [
        Planned("hub_api", "2026-03-10.hub", hub // 2),
        Planned("hub_discovery", "2026-03-10", hub - hub // 2),
        Planned("modelscope", "2026-03-10.Qwen", other),
        Planned("openrouter", "rankings", None),
    ]
    assert seconds_needed(planned) == pytest.approx(seconds)


def test_a_dry_run_asks_for_nothing(tmp_path: Path) -> None:
    with FakeServices() as fake:
        ran = run_module(
            tmp_path, "orchestration", "live", "--dry-run", environment=fake.environment()
        )
        assert fake.log == []
    assert ran.returncode == 0
    lines = {line.split()[0]: line.split() for line in ran.stdout.splitlines() if line.strip()}
    number = str(len(tracked_organizations()))
    assert lines["hub_api"][1:4] == [number, "0", number]
    assert "Nothing was fetched." in ran.stdout
    assert not (tmp_path / "data" / "hub_api").exists()


def test_synthetic_and_public_endpoints_never_mix(tmp_path: Path) -> None:
    ran = run_module(
        tmp_path, "orchestration", "live", environment={"HF_ENDPOINT": "http://127.0.0.1:9"}
    )
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert "synthetic and real rows never mix" in ran.stderr


def test_a_set_clock_is_refused_with_public_endpoints(tmp_path: Path) -> None:
    ran = run_module(tmp_path, "orchestration", "live", environment={"HUBTIDE_TODAY": "2026-03-01"})
    assert ran.returncode == 1
    assert "HUBTIDE_TODAY is set, and a public service only knows the real day" in ran.stderr


def test_a_set_clock_far_from_now_is_refused_by_name(tmp_path: Path) -> None:
    ran = run_module(
        tmp_path,
        "orchestration",
        "live",
        "--dry-run",
        environment={"HF_ENDPOINT": "http://127.0.0.1:9", "HUBTIDE_TODAY": "9999-12-31"},
    )
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert "HUBTIDE_TODAY is 9999-12-31: write a day from 2022-01-01 to " in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--since", "soon"], "'soon' is no date: write YYYY-MM-DD"),
        (["--since", ""], "say from which day: --since, or SINCE of make backfill"),
        (["--since", "2026-03-02", "--until", "2026-03-01"], "is after --until 2026-03-01"),
    ],
)
def test_a_range_of_days_that_is_none_is_refused(
    tmp_path: Path, arguments: list[str], line: str
) -> None:
    ran = run_module(tmp_path, "orchestration", "backfill", *arguments)
    assert ran.returncode == 1
    assert line in ran.stderr


def test_no_secret_shows_after_a_failing_run_at_debug_level(tmp_path: Path) -> None:
    """Every service refuses, and quotes what it was sent."""
    with FakeServices() as fake:
        echo = f'{{"error": "no access for Bearer {TOKEN} or Bearer {KEY}"}}'.encode()
        fake.faults.status(401, body=echo, times=None)
        ran = run_module(
            tmp_path,
            "orchestration",
            "live",
            environment={
                **fake.environment(),
                "HF_TOKEN": TOKEN,
                "OPENROUTER_API_KEY": KEY,
                "HF_DEBUG": "1",
                "HF_HUB_VERBOSITY": "debug",
                "HUBTIDE_TRACEBACK": "1",
            },
        )
        sent = {entry.token for entry in fake.log}
    assert ran.returncode == 1
    assert {TOKEN, KEY} <= sent
    assert "was refused with status 401" in ran.stderr
    leaks = [
        str(path.relative_to(tmp_path))
        for path in tmp_path.rglob("*")
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in (TOKEN, KEY))
    ]
    assert leaks == []
    for text in (ran.stdout, ran.stderr):
        assert TOKEN not in text
        assert KEY not in text
