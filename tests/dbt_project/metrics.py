"""`python -m tests.dbt_project.metrics PROJECT`: what MetricFlow answers, as JSON.

A process of its own, because dbt keeps the project that it has parsed. Questions come from standard
input: a list of {metrics, group_by}. `mf query` does the same, and asks a registry for its newest
version before.
"""

import json
import sys
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner
from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest


def main(project: Path) -> None:
    """Parse the project, ask, and print rows by question."""
    parsed = dbtRunner().invoke(["--quiet", "parse", "--project-dir", str(project)])
    if not parsed.success:
        raise SystemExit(str(parsed.exception))
    configuration = CLIConfiguration()
    configuration.setup(
        dbt_profiles_path=project, dbt_project_path=project, configure_file_logging=False
    )
    answers: list[list[dict[str, Any]]] = []
    for question in json.load(sys.stdin):
        request = MetricFlowQueryRequest.create(
            metric_names=question["metrics"], group_by_names=question["group_by"]
        )
        table = configuration.mf.query(request).result_df
        assert table is not None
        answers.append([dict(zip(table.column_names, row, strict=True)) for row in table.rows])
    json.dump(answers, sys.stdout, default=str)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
