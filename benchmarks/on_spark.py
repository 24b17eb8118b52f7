"""The models on a Spark cluster of two workers, beside DuckDB's: time, tasks, and the same rows.

    python -m benchmarks.at_scale --scale middle --keep DIR --no-records
    python -m benchmarks.on_spark DIR/home

The home's warehouse is DuckDB's side. Its `raw` is exported as Parquet and built on a cluster on
this machine's loopback; every mart is compared row for row. Ends with status 1 where one differs.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from benchmarks.parity import differences, marts_of
from benchmarks.spark_cluster import cluster, task_times
from extract.home import Home
from extract.parquet import export_raw
from tests.dbt_project.running import REMEMBERING

# Longer queries than the sample's are worth compiling, and are spread over more tasks than cores so
# that one slow task does not hold up the rest.
CONF = {
    "spark.sql.codegen.wholeStage": "true",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC",
    "spark.executor.extraJavaOptions": "-XX:+UseSerialGC",
}
SHUFFLE_PARTITIONS = 4


def main() -> int:
    """Run it; the report goes to the terminal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", type=Path, metavar="HOME", help="a home whose warehouse is built")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--memory", default="3g", help="of each executor")
    options = parser.parse_args()
    warehouse = Home(options.home).warehouse
    target = options.home / "on-spark"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    started = time.monotonic()
    rows = export_raw(warehouse, target / "raw")
    print(f"{sum(rows.values()):,} rows of raw exported in {time.monotonic() - started:.0f} s")
    with cluster(target / "cluster", options.workers, options.memory) as running:
        started = time.monotonic()
        done = running.dbt(
            "build", "--select", "resource_type:seed", "resource_type:model",
            "--indirect-selection", "empty",
            home=target, raw=target / "raw", conf=CONF, shuffle_partitions=SHUFFLE_PARTITIONS,
        )  # fmt: skip
        seconds = time.monotonic() - started
    print(done.stdout[-400:] if done.returncode == 0 else done.stdout[-6000:] + done.stderr[-3000:])
    print(f"dbt on Spark: {seconds:.0f} s")
    for executor, times in sorted(task_times(target).items()):
        print(
            f"executor {executor}: {times.tasks:,} tasks, {times.seconds:.0f} s in them, "
            f"{times.cpu_seconds:.0f} s of processor time"
        )
    if done.returncode != 0:
        return 1
    marts = [
        mart for mart in marts_of(target / ".dbt" / "manifest.json") if mart.name not in REMEMBERING
    ]
    counts, found = differences(
        warehouse,
        {mart.name: f"{target}/spark-warehouse/marts.db/{mart.name}/*.parquet" for mart in marts},
        marts,
    )
    print(f"{len(counts)} marts, {sum(counts.values()):,} rows; {len(found)} differences")
    for line in found:
        print(f"- {line[:600]}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
