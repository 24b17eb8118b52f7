"""A standalone Spark cluster on this machine's loopback: a master, workers, and dbt against it."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent

# A master and workers that have not found each other by then never will, in seconds.
START_SECONDS = 120

# Without the optimising compiler the JVM reserves a fifth of the usual room for compiled code,
# which Spark fills: it would then compile no more.
JVM = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"

# What a small cluster on a few cores needs differently from a large one. Short queries end before
# an optimising compiler has paid for itself, in the JVM (C2) as in Spark (whole-stage code).
SMALL = {
    "spark.ui.enabled": "false",
    "spark.log.level": "ERROR",
    "spark.ui.showConsoleProgress": "false",
    "spark.locality.wait": "0",
    "spark.driver.extraJavaOptions": JVM,
    "spark.executor.extraJavaOptions": JVM,
    "spark.sql.codegen.wholeStage": "false",
}


class NoSparkError(Exception):
    """Spark cannot run here; the message says what is missing."""


def require_spark() -> None:
    """Raises NoSparkError where Java, pyspark or dbt-spark is missing."""
    if shutil.which("java") is None:
        raise NoSparkError("there is no Java here (Debian: openjdk-17-jre-headless)")
    for module, package in (("pyspark", "pyspark"), ("dbt.adapters.spark", "dbt-spark")):
        try:
            found = importlib.util.find_spec(module)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise NoSparkError(f"the package {package} is not installed (pip install .[spark])")


@dataclass(frozen=True)
class Cluster:
    """A running cluster. `root` holds its logs and the workers' scratch space."""

    master: str
    workers: int
    root: Path
    executor_memory: str

    def dbt(
        self,
        *arguments: str,
        home: Path,
        raw: Path,
        conf: Mapping[str, str] | None = None,
        shuffle_partitions: int = 2,
    ) -> subprocess.CompletedProcess[str]:
        """Run dbt with the target `spark` in a process of its own; its session is the cluster's.

        `home` gets the tables (`spark-warehouse/<schema>.db/<table>`), dbt's files (`.dbt`) and the
        event log (`events`); `raw` has the Parquet files of the sources. One executor a worker.
        """
        events = home / "events"
        events.mkdir(parents=True, exist_ok=True)
        settings = {
            **SMALL,
            **(conf or {}),
            "spark.master": self.master,
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.executor.cores": "1",
            "spark.cores.max": str(self.workers),
            "spark.executor.memory": self.executor_memory,
            "spark.driver.memory": "2g",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": events.as_uri(),
            "spark.eventLog.compress": "false",
        }
        # The embedded metastore would leave its log in the folder that dbt runs in.
        settings["spark.driver.extraJavaOptions"] += f" -Dderby.stream.error.file={home}/derby.log"
        submit = " ".join(f"--conf '{name}={value}'" for name, value in settings.items())
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "dbt.cli.main",
                *arguments,
                "--target",
                "spark",
                "--project-dir",
                "dbt_project",
                "--profiles-dir",
                "dbt_project",
                "--target-path",
                str(home / ".dbt"),
                "--log-path",
                str(home / ".dbt" / "logs"),
                "--log-level-file",
                "none",
            ],
            cwd=PROJECT,
            env={
                **environment(self.root),
                "HUBTIDE_HOME": str(home),
                "HUBTIDE_RAW": str(raw),
                "HUBTIDE_SPARK_MASTER": self.master,
                "HUBTIDE_SPARK_SHUFFLE_PARTITIONS": str(shuffle_partitions),
                "PYSPARK_SUBMIT_ARGS": f"{submit} pyspark-shell",
                "PYSPARK_PYTHON": sys.executable,
                "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            },
            capture_output=True,
            text=True,
            check=False,
        )


@contextmanager
def cluster(root: Path, workers: int = 2, executor_memory: str = "1g") -> Iterator[Cluster]:
    """A master and `workers` of one core each, on fresh ports; ended with the context.

    Raises NoSparkError where Spark cannot run, RuntimeError when the workers do not come up.
    """
    require_spark()
    root.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    master = f"spark://127.0.0.1:{port}"
    started: list[subprocess.Popen[bytes]] = []
    try:
        addresses = ["--host", "127.0.0.1", "--webui-port", "0"]
        main = "org.apache.spark.deploy.master.Master"
        started.append(_start(root, "master", [main, *addresses, "--port", str(port)]))
        _wait_for(root, "master", "I have been elected leader", started[-1])
        main = "org.apache.spark.deploy.worker.Worker"
        size = ["--port", "0", "--cores", "1", "--memory", executor_memory]
        names = [f"worker-{number}" for number in range(1, workers + 1)]
        for name in names:
            scratch = ["--work-dir", str(root / name)]
            started += [_start(root, name, [main, master, *addresses, *size, *scratch])]
        for name, process in zip(names, started[1:], strict=True):
            _wait_for(root, name, "Successfully registered with master", process)
        yield Cluster(master, workers, root, executor_memory)
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass(frozen=True)
class TaskTimes:
    """Tasks of an executor that ended well, the seconds spent in them, and those on a processor."""

    tasks: int
    seconds: float
    cpu_seconds: float


def task_times(home: Path) -> dict[str, TaskTimes]:
    """What each executor did, from the event logs of the sessions of a home."""
    tasks: Counter[str] = Counter()
    milliseconds: Counter[str] = Counter()
    cpu_nanoseconds: Counter[str] = Counter()
    for log in sorted(path for path in (home / "events").rglob("*") if path.is_file()):
        with log.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if '"SparkListenerTaskEnd"' not in line:
                    continue
                event = json.loads(line)
                if event["Task End Reason"]["Reason"] == "Success":
                    executor = event["Task Info"]["Executor ID"]
                    tasks[executor] += 1
                    milliseconds[executor] += event["Task Metrics"]["Executor Run Time"]
                    cpu_nanoseconds[executor] += event["Task Metrics"]["Executor CPU Time"]
    return {
        name: TaskTimes(tasks[name], milliseconds[name] / 1e3, cpu_nanoseconds[name] / 1e9)
        for name in tasks
    }


def environment(root: Path) -> dict[str, str]:
    """The environment of Spark's processes: this one's, on the loopback, writing under `root`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SPARK_", "PYSPARK_", "DBT_", "HUBTIDE_"))
    }
    return {
        **kept,
        "SPARK_HOME": str(_spark_home()),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(root / "scratch"),
        "SPARK_NO_DAEMONIZE": "true",
    }


def _start(root: Path, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
    with (root / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [str(_spark_home() / "bin" / "spark-class"), *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={
                **environment(root),
                "SPARK_DAEMON_MEMORY": "512m",
                "SPARK_DAEMON_JAVA_OPTS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
            },
            start_new_session=True,
        )


def _spark_home() -> Path:
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        raise NoSparkError("the package pyspark is not installed (pip install .[spark])")
    return Path(found.origin).parent


def _wait_for(root: Path, name: str, text: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        said = (root / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        if text in said:
            return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise RuntimeError(f"Spark's {name} did not come up:\n{said[-2000:]}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
