"""Everything Dagster loads: assets, jobs, and dbt as a resource."""

import dagster as dg

from orchestration.dbt import OfflineDbtCli, load_project
from orchestration.defs.dbt_models import dbt_models_assets
from orchestration.defs.published import published_asset
from orchestration.defs.raw import ASSETS, SAMPLE
from orchestration.environment import prepare
from orchestration.manifest import dbt_executable

prepare()
_project = load_project()
_dbt_models = dbt_models_assets(_project)
_marts = [spec.key for spec in _dbt_models.specs if spec.group_name == "marts"]

_everything = dg.AssetSelection.all()

defs = dg.Definitions(
    assets=[*ASSETS, _dbt_models, published_asset(_marts)],
    jobs=[
        dg.define_asset_job(
            "sample",
            selection=_everything,
            description="The embedded synthetic sample, from its snapshots to the published copy.",
        ),
        dg.define_asset_job(
            "import_snapshots",
            selection=_everything - dg.AssetSelection.assets(SAMPLE),
            description="A folder of snapshots, loaded, built and published.",
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
