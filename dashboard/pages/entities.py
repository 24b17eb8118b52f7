"""A page for any tracked model and organisation: one HTML file each, data in small files.

A reader opens one model, so the data are cut into files of some models each; which file a name is
in stands in the search index.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard import charts
from dashboard.context import Context, DataFile, Page
from dashboard.marts import Result
from dashboard.pages.adoption import launch_spec
from dashboard.text import count, day, kind, month, percent, plural, the_region, times

MODELS_A_FILE = 40
ORGANISATIONS_A_FILE = 12

INK = "#0063a0"


@dataclass(frozen=True)
class Section:
    """A part of a model's or organisation's page: rows of one query, cut by its first column."""

    id: str
    title: str
    subtitle: str
    result: Result
    tables: Sequence[str]
    source: str
    as_of: str
    empty: str
    spec: Mapping[str, Any] | None = None
    # A chart takes two rows in which `value` is known; without one of `beside`, it is `plain`.
    value: str = ""
    beside: str = ""
    plain: Mapping[str, Any] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns without the key."""
        return self.result.columns[1:]

    @property
    def outline(self) -> dict[str, Any]:
        """What the page's script needs beside the rows."""
        rows = self.result.rows
        return {
            "columns": self.columns,
            "kinds": [
                kind(name, [row[index + 1] for row in rows])
                for index, name in enumerate(self.columns)
            ],
            "spec": self.spec,
            "value": self.value,
            "beside": self.beside,
            "plain": self.plain,
        }

    def by_name(self) -> dict[str, list[tuple[Any, ...]]]:
        """The rows of each name."""
        found: dict[str, list[tuple[Any, ...]]] = {}
        for row in self.result.rows:
            found.setdefault(row[0], []).append(row[1:])
        return found


def pages(context: Context) -> tuple[Page, Page]:
    """The page of a model and the page of an organisation, with their data files."""
    models, organisations = _models(context), _organisations(context)
    index = DataFile(
        "search",
        [[name, "org"] for name in organisations.names]
        + [[name, "model"] for name in models.names],
    )
    return (
        Page("model", "A model", "Choose a model in the search above.", (),
             {"sections": models.sections, "facts": models.facts, "files": models.files,
              "kind": "model"},
             (*models.data, index)),
        Page("organisation", "An organisation", "Choose an organisation in the search above.", (),
             {"sections": organisations.sections, "facts": organisations.facts,
              "files": organisations.files, "kind": "org"},
             organisations.data),
    )  # fmt: skip


@dataclass(frozen=True)
class Entities:
    """All models, or all organisations."""

    names: Sequence[str]
    facts: Result
    sections: Sequence[Section]
    data: Sequence[DataFile]
    # The first name of each data file, in order: a name's file is found by looking it up here.
    files: Sequence[Sequence[str]]


def _cut(
    prefix: str, facts: Result, sections: Sequence[Section], leads: Mapping[str, str], most: int
) -> Entities:
    grouped = {section.id: section.by_name() for section in sections}
    records = [
        [
            row[0],
            leads[row[0]],
            row[1:],
            {key: rows.get(row[0], []) for key, rows in grouped.items()},
        ]
        for row in facts.rows
    ]
    parts = [records[start : start + most] for start in range(0, len(records), most)]
    data = [DataFile(f"{prefix}-{number}", part) for number, part in enumerate(parts)]
    return Entities(
        [row[0] for row in facts.rows],
        facts,
        sections,
        data,
        [[str(record[0]) for record in part] for part in parts],
    )


def _models(context: Context) -> Entities:
    facts = context.query(
        """
        select
            model_id, org, region, family, release_id, size_bucket, parameters_total,
            parameters_active, parameters_basis, created_at, released_on, release_basis,
            pipeline_tag, library_name, license, downloads_all_time, downloads_30d,
            downloads_before_history, likes, first_reading_on, last_reading_on, is_available,
            tracking_rule
        from dim_models
        where is_tracked
        order by downloads_all_time desc nulls last, model_id
        """
    )
    adoption = _adoption(context)
    sections = [
        Section(
            "months", "Downloads by month",
            "Downloads of each month; pale: not known on all of its days.",
            context.query(
                """
                select
                    m.model_id, m.month, m.downloads, m.cumulative_downloads, m.adjustment,
                    m.days_observed, m.days_interpolated, m.days_missing,
                    m.days_observed + m.days_interpolated = day(last_day(m.month))
                        as is_known_whole
                from model_downloads_monthly as m
                inner join dim_models as d on m.model_id = d.model_id
                where d.is_tracked
                order by m.model_id, m.month
                """
            ),
            ("model_downloads_monthly",), context.source, context.as_of,
            "No month of this model is known: it has no all-time counter here.",
            month_spec("downloads", "Downloads", whole="is_known_whole"), "downloads",
        ),
        Section(
            "adoption", "Adoption after release",
            "Downloads since release beside the median of its size's leaders (dashed).",
            adoption, ("relative_adoption",), context.source, context.as_of,
            "No downloads at any age are known: its release was not seen by readings here.",
            launch_spec(), "cumulative_downloads", "reference_median",
            launch_spec(reference=False),
        ),
        Section(
            "now", "At its present age", "The same at the age it has on the as-of day.",
            context.query(
                """
                select
                    n.model_id, n.age_days, n.cumulative_downloads, n.ram_median, n.ram_median_p05,
                    n.ram_median_p95, n.ram_cutoff, n.ram_cohort, n.rank_in_bucket,
                    n.reference_median_models, n.reference_status
                from relative_adoption_now as n
                order by n.model_id
                """
            ),
            ("relative_adoption_now",), context.source, context.as_of,
            "No score at its present age: it is older than 730 days, its release was not seen, or "
            "its counter on the as-of day is not known.",
        ),
        Section(
            "descendants", "What is built on it",
            "Descendants by relation, and downloads with them.",
            context.query(
                """
                select
                    s.model_id, s.children, s.descendants, s.finetunes, s.adapters, s.quantizations,
                    s.merges, s.downloads_own, s.downloads_with_descendants,
                    s.descendants_without_counter
                from model_descendants as s
                inner join dim_models as d on s.model_id = d.model_id
                where d.is_tracked
                order by s.model_id
                """
            ),
            ("model_descendants",), context.source, context.as_of,
            "Nothing is known of its descendants.",
        ),
        Section(
            "tokens", "Tokens by month",
            "Tokens on OpenRouter, on the days it was among the 50; pale: not on all of a month.",
            context.query(
                """
                select
                    i.model_id, date_trunc('month', i.day)::date as month,
                    sum(i.tokens)::bigint as tokens, count(distinct i.day) as days_present,
                    count(distinct i.day) = day(last_day(date_trunc('month', i.day)::date))
                        as is_present_whole
                from inference_daily as i
                inner join dim_models as d on i.model_id = d.model_id
                where d.is_tracked
                group by i.model_id, date_trunc('month', i.day)
                order by i.model_id, month
                """
            ),
            ("inference_daily",), context.tokens_source, context.tokens_as_of or context.as_of,
            "It was not among the 50 on any day that was read; that is not zero.",
            month_spec("tokens", "Tokens", whole="is_present_whole"), "tokens",
        ),
        Section(
            "flags", "Odd patterns", "Months whose downloads look inflated or automatic.",
            context.query(
                "select model_id, month, rule, evidence from download_flags order by all"
            ),
            ("download_flags",), context.source, context.as_of,
            "No month is flagged, as far as its days are known.",
        ),
    ]  # fmt: skip
    best: dict[str, Any] = {}
    for row in adoption.known("ram_median"):
        if not row["is_wide_gap"]:
            best[row["model_id"]] = row
    leads = {row["model_id"]: _model_lead(row, best.get(row["model_id"])) for row in facts.records}
    return _cut("models", facts, sections, leads, MODELS_A_FILE)


def _adoption(context: Context) -> Result:
    return context.query(
        """
        select
            model_id, horizon_days, size_bucket, cumulative_downloads, ram_median, ram_median_p05,
            ram_median_p95, ram_cutoff, ram_cohort, rank_in_bucket, reference_median,
            reference_median_models, reference_status, in_reference, reference_as_of, basis,
            is_interpolated, is_wide_gap, is_date_uncertain
        from relative_adoption
        order by model_id, horizon_days
        """
    )


def _model_lead(row: Mapping[str, Any], score: Mapping[str, Any] | None) -> str:
    downloads = row["downloads_all_time"]
    text = (
        f"{count(downloads)} downloads in all"
        if downloads is not None
        else "Its all-time downloads are unknown here"
    )
    if row["downloads_30d"] is not None:
        text += (
            f", {count(row['downloads_30d'])} in 30 days (last read {day(row['last_reading_on'])})"
        )
    if score:
        text += (
            f"; {times(score['ram_median'])} those of its size's leaders of "
            f"{score['reference_as_of']}, {score['reference_median_models']} of ten known, "
            f"{score['horizon_days']} days after release"
        )
    return text + "."


def _organisations(context: Context) -> Entities:
    facts = context.query(
        """
        select
            org, org_name, region, region_reason, region_checked_on, models, downloads_all_time
        from dim_organizations
        where is_tracked
        order by downloads_all_time desc nulls last, org
        """
    )
    months = context.query(
        """
        select
            org, month, downloads, share, rank, cumulative_downloads, cumulative_share, growth_yoy,
            models, models_carried, is_complete_month
        from org_downloads_monthly
        where population = 'tracked'
        order by org, month
        """
    )
    sections = [
        Section(
            "months", "Downloads by month",
            "Downloads of each month of its tracked models; pale: incomplete.",
            months, ("org_downloads_monthly",), context.source, context.as_of,
            "No month is known.",
            month_spec("downloads", "Downloads", whole="is_complete_month"), "downloads",
        ),
        Section(
            "models", "Its tracked models",
            "The highest all-time counter first; those without one stand last.",
            context.query(
                """
                select
                    org, model_id, size_bucket, released_on, downloads_all_time, downloads_30d,
                    likes, license
                from dim_models
                where is_tracked
                order by org, downloads_all_time desc nulls last, downloads_30d desc nulls last,
                    model_id
                """
            ),
            ("dim_models",), context.source, context.as_of, "It has no tracked model.",
        ),
        Section(
            "passed", "Whom it passed, and who passed it",
            "Crossovers of cumulative downloads with other organisations.",
            context.query(
                """
                select
                    side.org, c.crossed_on, c.crossed_after, c.crossed_by, c.overtaker,
                    c.overtaken, c.status, c.composition_changed
                from crossovers as c
                cross join lateral (
                    select unnest([c.overtaker, c.overtaken]) as org
                ) as side
                where
                    c.leader_kind = 'org' and c.metric = 'cumulative_downloads'
                    and c.population = 'tracked'
                order by side.org, c.crossed_on desc, c.overtaker, c.overtaken
                """
            ),
            ("crossovers",), context.source, context.as_of, "No crossover was seen.",
        ),
        Section(
            "derivatives", "Derivatives of its models",
            "Part of each month's new derivatives of tracked organisations' models.",
            context.query(
                """
                select
                    base_org as org, month, sum(share) as share,
                    sum(new_derivatives)::double as new_derivatives
                from derivatives_monthly
                where filtered and attribution = 'direct' and share is not null
                    and not is_provisional
                group by base_org, month
                order by org, month
                """
            ),
            ("derivatives_monthly",), context.source, context.as_of,
            "No derivative of its models is known.",
            month_spec("share", "Share", is_share=True), "share",
        ),
        Section(
            "tokens", "Tokens by month", "Tokens of its models on OpenRouter; bounds in the table.",
            context.query(
                """
                select org, month, tokens, share, share_low, share_high, share_of_open, days_present
                from inference_org_monthly
                order by org, month
                """
            ),
            ("inference_org_monthly",), context.tokens_source,
            context.tokens_as_of or context.as_of,
            "None of its models was among the 50 on any day that was read; that is not zero.",
            month_spec("share", "Share", is_share=True), "share",
        ),
    ]  # fmt: skip
    newest: dict[str, Any] = {row["org"]: row for row in months.known("cumulative_downloads")}
    leads = {row["org"]: _organisation_lead(row, newest.get(row["org"])) for row in facts.records}
    return _cut("organisations", facts, sections, leads, ORGANISATIONS_A_FILE)


def _organisation_lead(row: Mapping[str, Any], newest: Mapping[str, Any] | None) -> str:
    base = the_region(row["region"]) if row["region"] != "unknown" else "an unknown place"
    text = f"Based in {base}; {plural(row['models'] or 0, 'model')} read"
    if newest:
        text += (
            f"; its tracked models have {count(newest['cumulative_downloads'])} cumulative "
            f"downloads, {percent(newest['cumulative_share'])} of all ({month(newest['month'])})"
        )
    return text + "."


def month_spec(column: str, title: str, *, is_share: bool = False, whole: str = "") -> charts.Spec:
    """Bars of one column by month; pale where the column `whole` is not true."""
    shown = charts.percent_tip(column, title) if is_share else charts.count_tip(column, title)
    return charts.chart(
        [
            {
                "mark": {"type": "bar", "color": INK, "width": {"band": 0.8},
                         "cornerRadiusEnd": 2},
                "encoding": {
                    "x": {"field": "month", "type": "ordinal", "timeUnit": "utcyearmonth",
                          "axis": charts.MONTH_LABELS},
                    "y": {"field": column, "type": "quantitative",
                          "axis": charts.PERCENT_AXIS if is_share else charts.SHORT_AXIS},
                    **(
                        {"opacity": {"condition": {"test": f"datum.{whole}", "value": 1},
                                     "value": 0.4}}
                        if whole
                        else {}
                    ),
                    "tooltip": [
                        charts.tip("month", "Month", type="temporal", timeUnit="utcyearmonth"),
                        shown,
                        *([charts.tip(whole, "On all of its days")] if whole else []),
                    ],
                },
            }
        ],
        240,
    )  # fmt: skip
