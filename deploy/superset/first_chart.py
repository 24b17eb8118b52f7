"""Gives a Superset on this machine the published marts: database, dataset, chart, and a comparison.

    python first_chart.py FILE [SUPERSET]

FILE is exports/marts.duckdb, SUPERSET its address (http://127.0.0.1:8088). The password of its
user `admin` is read from SUPERSET_PASSWORD. Run again after a build was published: what is there is
kept, and the figures are asked for anew. Runs in Superset's own environment (docs/bi.md).
"""

import json
import os
import sys
import urllib.request
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import duckdb

DATABASE = "hubtide"
TABLE = "region_downloads_monthly"
CHART = "Cumulative downloads by region"
DOWNLOADS = {
    "expressionType": "SIMPLE",
    "column": {"column_name": "cumulative_downloads"},
    "aggregate": "SUM",
    "label": "downloads",
}
# Read only, and SQL Lab's users cannot read other files of the server through DuckDB.
ENGINE = {
    "engine_params": {
        "connect_args": {"read_only": True, "config": {"enable_external_access": "false"}}
    }
}


class Superset:
    """Superset's REST API, logged in."""

    def __init__(self, address: str, password: str) -> None:
        self.address = address
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.headers = {"Content-Type": "application/json", "Referer": address}
        login = {"username": "admin", "password": password, "provider": "db"}
        token = self.call("POST", "/security/login", login)["access_token"]
        self.headers["Authorization"] = f"Bearer {token}"
        self.headers["X-CSRFToken"] = self.call("GET", "/security/csrf_token/")["result"]

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The reply to a request."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.address}/api/v1{path}", data, self.headers, method=method
        )
        with self.opener.open(request, timeout=60) as reply:
            content: dict[str, Any] = json.load(reply)
        return content

    def one(self, kind: str, name_column: str, body: dict[str, Any]) -> int:
        """The id of the object of that name; it is made if there is none."""
        for found in self.call("GET", f"/{kind}/?q=(page_size:100)")["result"]:
            if found[name_column] == body[name_column]:
                return int(found["id"])
        return int(self.call("POST", f"/{kind}/", body)["id"])


def main(file: Path, address: str = "http://127.0.0.1:8088") -> int:
    """Set up what is missing; status 1 where Superset's figures are not the file's."""
    superset = Superset(address, os.environ["SUPERSET_PASSWORD"])
    database = superset.one(
        "database",
        "database_name",
        {
            "database_name": DATABASE,
            # The link, not the folder that it leads to: a new build is then seen by itself.
            "sqlalchemy_uri": f"duckdb:///{file.absolute()}",
            "extra": json.dumps(ENGINE),
            "allow_dml": False,
            "expose_in_sqllab": True,
        },
    )
    dataset = superset.one(
        "dataset", "table_name", {"database": database, "schema": "main", "table_name": TABLE}
    )
    tracked = {"col": "population", "op": "==", "val": "tracked"}
    parameters = {
        "datasource": f"{dataset}__table",
        "viz_type": "table",
        "query_mode": "aggregate",
        "groupby": ["month", "region"],
        "metrics": [DOWNLOADS],
        "adhoc_filters": [
            {"clause": "WHERE", "expressionType": "SIMPLE", "subject": "population",
             "operator": "==", "comparator": "tracked"}
        ],
    }  # fmt: skip
    chart = superset.one(
        "chart",
        "slice_name",
        {
            "slice_name": CHART,
            "viz_type": "table",
            "datasource_id": dataset,
            "datasource_type": "table",
            "params": json.dumps(parameters),
        },
    )
    query = {
        "columns": ["month", "region"],
        "metrics": [DOWNLOADS],
        "filters": [tracked],
        "row_limit": 10000,
    }
    reply = superset.call(
        "POST",
        "/chart/data",
        {
            "datasource": {"id": dataset, "type": "table"},
            "force": True,
            "queries": [query],
            "result_format": "json",
            "result_type": "full",
        },
    )
    shown = {
        (datetime.fromtimestamp(row["month"] / 1000, UTC).date(), row["region"]): row["downloads"]
        for row in reply["result"][0]["data"]
    }
    with duckdb.connect(str(file.resolve()), read_only=True) as connection:
        build = connection.execute("select build_id from about").fetchall()[0][0]
        stored = {
            (month, region): downloads
            for month, region, downloads in connection.execute(
                f"select month, region, cumulative_downloads from {TABLE} "
                "where population = 'tracked'"
            ).fetchall()
        }
    same = shown == stored
    sys.stdout.write(
        f"database {database}, dataset {dataset}, chart {chart}: {len(shown)} rows, "
        f"{'the same as' if same else 'NOT those of'} build {build}\n"
    )
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:3]))
