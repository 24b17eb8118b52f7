"""The contract at the door: what a record and a partition must satisfy, as SQL and thresholds.

A record that breaks the contract goes to raw.rejects with its reason and payload and the rest
loads; a partition that breaks it fails as a whole (docs/operations.md, Contract at the door).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, timedelta

import duckdb

from extract.errors import ContractError

# Share of a partition's records that may be rejected. More is a change of format or a broken
# delivery, not bad records; taken literally for small files too (1 bad of 20 fails).
MAX_REJECTED_SHARE = 0.01

# Reasons that the message of a rejected partition names.
SHOWN_REASONS = 3

# A complete read whose all-time total falls below this share of the previous read day's total is
# a broken read: the counter is cumulative, and scrapers have been seen to commit totals a
# thousandfold too small. A tenth is far from any real fall and far above such breaks.
MIN_SHARE_OF_PREVIOUS_TOTAL = 0.1

# A field that at least so many models of a scope had, and of which fewer than a tenth are left on
# the next read day, is one that the source no longer sends, or under another name: no model's past
# goes away (its parents, its licence, its tensors), and never that of all at once.
MIN_MODELS_WITH_FIELD = 5
MIN_SHARE_OF_PREVIOUS_FIELD = 0.1

# Names of fields, with commas between, that the Hub has dropped for good and that nobody asks for.
LOST_FIELDS = "HUBTIDE_LOST_FIELDS"

# Longer names do not exist on the Hub (its limit is 96 for the name part; the longest of 4,167
# and 13,465 real ids have 102 and 111 characters).
MAX_ID_LENGTH = 200

# All real ids match. Text with other characters is not a repository id.
ID_PATTERN = "[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)?"

# No reading of any source is older than the Hub (2016); an earlier date is a misread one, and a
# single such row would stretch every monthly table by centuries.
EARLIEST_DAY = "2016-01-01"
LATEST_DAY = "2099-12-31"

# No counter, token count or size comes near: a greater one is misread, and sums of such would not
# fit a bigint.
MAX_NUMBER = 10**15


def id_reason(column: str, label: str) -> str:
    """SQL `when … then …` branches that reject an unreadable repository id."""
    return f"""
        when coalesce({column}, '') = '' then '{label} is missing'
        when length({column}) > {MAX_ID_LENGTH} then '{label} is longer than {MAX_ID_LENGTH}'
        when not regexp_full_match({column}, '{ID_PATTERN}') then case
            when regexp_matches({column}, '[\\x00-\\x1f\\x7f]')
                then '{label} has control characters'
            else '{label} is no repository id'
        end
    """


def text_reason(column: str, label: str) -> str:
    """SQL branches that reject a missing, overlong or unprintable name that is no Hub id."""
    return f"""
        when coalesce({column}, '') = '' then '{label} is missing'
        when length({column}) > {MAX_ID_LENGTH} then '{label} is longer than {MAX_ID_LENGTH}'
        when regexp_matches({column}, '[\\x00-\\x1f\\x7f]') then '{label} has control characters'
    """


def number_reason(raw: str, value: str, label: str) -> str:
    """SQL branches that reject a number that is there but unreadable, negative or above 10^15."""
    return f"""
        when {raw} is not null and {value} is null then '{label} is unreadable'
        when {value} < 0 then '{label} is negative'
        when {value} > {MAX_NUMBER} then '{label} is impossibly large'
    """


def day_reason(value: str, label: str) -> str:
    """SQL branches that reject a day that is missing, unreadable or outside 2016 to 2099."""
    return f"""
        when {value} is null then '{label} is no date'
        when {value} not between date '{EARLIEST_DAY}' and date '{LATEST_DAY}'
            then '{label} is out of range'
    """


def reading_day_reason(value: str, label: str, landed_on: date) -> str:
    """The branches of day_reason, and one that rejects a day after the landing of its file: a
    mistyped year would carry counters for decades."""
    # A day later for whoever is further east.
    latest = landed_on + timedelta(days=1)
    return f"""
        {day_reason(value, label)}
        when {value} > date '{latest}'
            then '{label} is after the day on which the file was landed'
    """


def integer_from_text(column: str) -> str:
    """SQL for a whole number in text; null where it is none ('1.5', '1e3', 'n/a')."""
    number = f"try_cast({column} as bigint)"
    # Nearly all are written as DuckDB writes them: the patterns cost more than the rest.
    return (
        f"case when cast({number} as varchar) = {column} then {number} "
        f"when regexp_full_match({column}, '[+-]?[0-9]+([.]0+)?') "
        f"then try_cast(regexp_extract({column}, '^[+-]?[0-9]+') as bigint) end"
    )


def check_rejected(
    con: duckdb.DuckDBPyConnection,
    source: str,
    partition: str,
    rows_read: int,
    rows_rejected: int,
    staged: str = "temp.staged",
) -> None:
    """Raise ContractError for a partition without rows or with more than 1 % rejected.

    `staged` is an SQL relation of its rows with the `reason` of those rejected: nothing of the
    partition is kept, so the message says the most frequent ones.
    """
    if rows_read == 0:
        raise ContractError(
            f"{source} {partition}: the delivery has no rows; nothing was loaded. "
            "Deliver it again, or leave it out"
        )
    if rows_rejected > rows_read * MAX_REJECTED_SHARE:
        reasons = con.execute(
            f"select reason, count(*) from {staged} as staged where reason is not null "
            f"group by reason order by count(*) desc, reason limit {SHOWN_REASONS}"
        ).fetchall()
        why = "; ".join(f"{reason}: {count:,}" for reason, count in reasons)
        raise ContractError(
            f"{source} {partition}: {rows_rejected:,} of {rows_read:,} rows break the contract, "
            f"more than {MAX_REJECTED_SHARE:.0%} ({why}); nothing was loaded",
            rows_read,
            rows_rejected,
        )


def check_total(
    source: str, partition: str, total: int, previous: int, rows_read: int, rows_rejected: int
) -> None:
    """Raise ContractError when an all-time total is below a tenth of the previous read day's."""
    if total < previous * MIN_SHARE_OF_PREVIOUS_TOTAL:
        raise ContractError(
            f"{source} {partition}: all-time downloads sum to {total:,}, below a tenth of the "
            f"previous read day's {previous:,}; nothing was loaded. Fetch the day again",
            rows_read,
            rows_rejected,
        )


def check_fields(
    source: str,
    partition: str,
    counts: Mapping[str, tuple[int, int]],
    rows_read: int,
    rows_rejected: int,
) -> None:
    """Raise ContractError for fields that the models of a read day had and nearly all have lost.

    `counts` says of each field how many of the same models had it before, and have it now. Fields
    in HUBTIDE_LOST_FIELDS may go.
    """
    lost = {name.strip() for name in os.environ.get(LOST_FIELDS, "").split(",")}
    gone = [
        f"{name} ({now:,} of {before:,} models)"
        for name, (before, now) in counts.items()
        if name not in lost
        and before >= MIN_MODELS_WITH_FIELD
        and now < before * MIN_SHARE_OF_PREVIOUS_FIELD
    ]
    if gone:
        raise ContractError(
            f"{source} {partition}: nearly all models have lost {', '.join(gone)}: the source no "
            "longer sends it, or under another name; nothing was loaded. Fetch the day again, or, "
            f"where it is gone for good, name it in {LOST_FIELDS}",
            rows_read,
            rows_rejected,
        )
