"""Everything Dagster loads: assets, jobs, and dbt as a resource."""

import dagster as dg
from dagster._core.storage.tags import MAX_RUNTIME_SECONDS_TAG

from extract.live import DATED
from orchestration.dbt import OfflineDbtCli, load_project, read_json
from orchestration.defs import checks, landed, raw
from orchestration.defs.automation import BUILD_JOB, FETCH_JOB, WATCH_JOB, automations
from orchestration.defs.dbt_models import dbt_models_assets
from orchestration.defs.notifications import checks_sensor, failure_sensor
from orchestration.defs.published import published_asset
from orchestration.environment import prepare
from orchestration.manifest import dbt_executable

prepare()
_project = load_project()
_dbt_models = dbt_models_assets(_project)
_marts = [spec.key for spec in _dbt_models.specs if spec.group_name == "marts"]

_manifest = read_json(_project.manifest_path)

_everything = dg.AssetSelection.all()
_sample = dg.AssetSelection.assets(raw.SAMPLE)
_landed = dg.AssetSelection.groups("landed")
_daily = dg.AssetSelection.assets(*(["landed", name] for name in landed.DAILY))
_dated = dg.AssetSelection.assets(*(["landed", name] for name in DATED))
_freshness = checks.freshness_checks(_manifest)
_watch = dg.AssetSelection.checks(_freshness)
_build = _everything - _sample - _landed - _watch

# A run that hangs is ended, and its place in the pool is free again. A day takes minutes; a whole
# crawl of the Hub, or a year of snapshots, hours.
_HOURS = {MAX_RUNTIME_SECONDS_TAG: str(6 * 3600)}
_DAY = {MAX_RUNTIME_SECONDS_TAG: str(24 * 3600)}

_schedules, _sensors = automations()
_notices = [failure_sensor(), checks_sensor()]

defs = dg.Definitions(
    assets=[*landed.ASSETS, *raw.ASSETS, _dbt_models, published_asset(_marts)],
    asset_checks=[checks.ledger_checks(_manifest), _freshness],
    schedules=_schedules,
    sensors=[*_sensors, *_notices],
    jobs=[
        dg.define_asset_job(
            "sample",
            selection=_everything - _landed - _watch,
            tags=_HOURS,
            description="The embedded synthetic sample, from its snapshots to the published copy.",
        ),
        dg.define_asset_job(
            FETCH_JOB,
            selection=_daily,
            tags=_HOURS,
            description="A day's partition of every source that is read daily. Builds nothing.",
        ),
        dg.define_asset_job(
            BUILD_JOB,
            selection=_build,
            tags=_HOURS,
            description="What has landed (and a folder of snapshots, where one is given) loaded, "
            "built, checked and published.",
        ),
        dg.define_asset_job(
            WATCH_JOB,
            selection=_watch,
            tags=_HOURS,
            description="dbt's source freshness on the load ledger, as checks.",
        ),
        dg.define_asset_job(
            "live",
            selection=_everything - _sample - _watch,
            tags=_HOURS,
            description="Today's readings from every live source, loaded, built and published; "
            "with the day's snapshot of the whole Hub, more than a gigabyte.",
        ),
        dg.define_asset_job(
            "backfill",
            selection=_build | _dated,
            tags=_DAY,
            description="Dated snapshots and rankings of a range of days, built and published.",
        ),
    ],
    resources={
        "dbt": OfflineDbtCli(
            project_dir=str(_project.project_dir),
            profiles_dir=str(_project.profiles_dir),
            dbt_executable=dbt_executable(),
        )
    },
    # One machine and one writer: a process a step would cost more than the steps.
    executor=dg.in_process_executor,
)
