"""Everything Dagster loads: assets, jobs, and dbt as a resource."""

import dagster as dg

from extract.live import DATED
from orchestration.dbt import OfflineDbtCli, load_project
from orchestration.defs import landed, raw
from orchestration.defs.dbt_models import dbt_models_assets
from orchestration.defs.published import published_asset
from orchestration.environment import prepare
from orchestration.manifest import dbt_executable

prepare()
_project = load_project()
_dbt_models = dbt_models_assets(_project)
_marts = [spec.key for spec in _dbt_models.specs if spec.group_name == "marts"]

_everything = dg.AssetSelection.all()
_sample = dg.AssetSelection.assets(raw.SAMPLE)
_landed = dg.AssetSelection.groups("landed")
_dated = dg.AssetSelection.assets(*(["landed", name] for name in DATED))

defs = dg.Definitions(
    assets=[*landed.ASSETS, *raw.ASSETS, _dbt_models, published_asset(_marts)],
    jobs=[
        dg.define_asset_job(
            "sample",
            selection=_everything - _landed,
            description="The embedded synthetic sample, from its snapshots to the published copy.",
        ),
        dg.define_asset_job(
            "import_snapshots",
            selection=_everything - _sample - _landed,
            description="A folder of snapshots, loaded, built and published.",
        ),
        dg.define_asset_job(
            "live",
            selection=_everything - _sample,
            description="Today's readings from every live source, loaded, built and published.",
        ),
        dg.define_asset_job(
            "backfill",
            selection=(_everything - _sample - _landed) | _dated,
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
