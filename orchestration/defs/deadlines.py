"""By when a day must have landed and been published: freshness policies of Dagster.

Only where schedules run: a home that is built by hand has no time of day, and would be overdue the
day after.
"""

import os
from datetime import timedelta

import dagster as dg

# What is read from 13:00 UTC on belongs to the day; what was made earlier is of the day before.
_DAY_BEGINS = 13

# What is asked for at 13:30 has landed by then, tries included.
_LANDED_BY = 16

# The sensor waits for a late source until 18:00 (automation.py, PATIENCE_UNTIL); a build takes
# minutes, with a whole crawl of the Hub an hour.
_PUBLISHED_BY = 20


def schedules_run() -> bool:
    """Whether schedules and sensors run from the start: HUBTIDE_SCHEDULES is `on`."""
    return os.environ.get("HUBTIDE_SCHEDULES", "") == "on"


def landed_deadline() -> dg.FreshnessPolicy | None:
    """16:00 UTC, for sources that are read daily; None where nothing runs by itself."""
    return _daily(_LANDED_BY) if schedules_run() else None


def published_deadline() -> dg.FreshnessPolicy | None:
    """20:00 UTC, for marts and the published copy; None where nothing runs by itself."""
    return _daily(_PUBLISHED_BY) if schedules_run() else None


def _daily(hour: int) -> dg.FreshnessPolicy:
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"0 {hour} * * *",
        lower_bound_delta=timedelta(hours=hour - _DAY_BEGINS),
        timezone="UTC",
    )
