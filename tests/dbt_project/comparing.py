"""Are the marts of two warehouses equal, to the row?"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import duckdb

# Columns that say when and by whom a row was made, not what it is.
VOLATILE = {"built_at", "build_id", "commit", "loaded_at", "load_id"}

# What remembers earlier builds: tables of warehouses with another past differ, and must.
REMEMBERING = {"adoption_reference_vintages", "restatements", "pipeline_costs"}


def differences(one: Path, other: Path, without: Collection[str] = REMEMBERING) -> dict[str, int]:
    """Rows that only one of two warehouses has, by mart, less the marts `without`."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        marts = [
            str(name)
            for (name,) in connection.execute(
                "select table_name from information_schema.tables "
                "where table_catalog = 'one' and table_schema = 'marts' order by 1"
            ).fetchall()
            if name not in without
        ]
        assert len(marts) > 20
        found = {}
        for mart in marts:
            columns = ", ".join(
                f'"{row[0]}"'
                for row in connection.execute(f'describe one.marts."{mart}"').fetchall()
                if row[0] not in VOLATILE
            )
            sides = [f'select {columns} from {side}.marts."{mart}"' for side in ("one", "other")]
            rows = connection.execute(
                f"select count(*) from (({sides[0]} except all {sides[1]}) "
                f"union all ({sides[1]} except all {sides[0]}))"
            ).fetchall()
            if rows[0][0]:
                found[mart] = int(rows[0][0])
        return found
