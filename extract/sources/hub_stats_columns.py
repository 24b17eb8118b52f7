"""The columns of hub-stats files, whatever their era: SQL that reads a file into `raw`'s columns.

Columns drift: old files lack baseModels, downloadsAllTime or cardData, the safetensors struct
grows a field with each new dtype, `_id` is there only sometimes, and JSON stands where a struct
stood. The projection is built from the file's own schema; what cannot be cast is null, and the
caller rejects it where the value was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extract.csv_lines import quoted
from extract.rules import integer_from_text

# The reader's column with a row's file; no source has a column of this name.
FILE_COLUMN = "hubtide_file"

KNOWN_COLUMNS = (
    "_id",
    "id",
    "author",
    "createdAt",
    "lastModified",
    "downloads",
    "downloadsAllTime",
    "likes",
    "trendingScore",
    "tags",
    "cardData",
    "safetensors",
    "gguf",
    "baseModels",
    "pipeline_tag",
    "library_name",
)

INTEGERS = {
    "tinyint", "smallint", "integer", "bigint", "hugeint",
    "utinyint", "usmallint", "uinteger", "ubigint", "uhugeint",
}  # fmt: skip
TIMESTAMPS = {"timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "date"}


@dataclass(frozen=True)
class Column:
    """A column of a file: its quoted name and DuckDB type."""

    sql: str
    type: Any

    @property
    def kind(self) -> str:
        """The type's name without its parameters, lower case."""
        return str(self.type.id).lower()

    def fields(self) -> dict[str, Any]:
        """Field names and types of a struct; empty for any other type."""
        return dict(self.type.children) if self.kind == "struct" else {}


def parquet_records(columns: dict[str, Any], paths: Sequence[Path]) -> str:
    """SQL that reads files of one era: file, row_number, problem and `projection`'s columns."""
    files = ", ".join(quoted(str(path)) for path in paths)
    return f"""
        select
            list_position([{files}], {FILE_COLUMN}) as file,
            file_row_number + 1 as row_number,
            cast(null as varchar) as problem,
            {projection(columns)}
        from read_parquet([{files}], filename = '{FILE_COLUMN}', file_row_number = true)
    """


def projection(columns: dict[str, Any]) -> str:
    """SQL for the columns of `raw`, and what their checks need, nulls where there is none.

    `columns` are the names and DuckDB types of a relation in hub-stats' columns.
    """
    by_name = {
        name.lower(): Column('"' + name.replace('"', '""') + '"', type_)
        for name, type_ in columns.items()
    }
    relation, models = _base_models(by_name.get("basemodels"))
    total, by_dtype = _safetensors(by_name.get("safetensors"))
    created, created_unreadable = _timestamp(by_name.get("createdat"))
    counters = "".join(
        f"""
            {_raw(by_name.get(column))} as raw_{name},
            {_integer(by_name.get(column))} as {name},
        """
        for column, name in (
            ("downloads", "downloads_30d"),
            ("downloadsalltime", "downloads_all_time"),
            ("likes", "likes"),
        )
    )
    return f"""
            {_text(by_name.get("id"))} as model_id,
            nullif({_text(by_name.get("_id"))}, '') as hub_oid,
            {counters}
            {created} as created_at,
            {created_unreadable} as is_created_unreadable,
            {_text(by_name.get("pipeline_tag"))} as pipeline_tag,
            {_text(by_name.get("library_name"))} as library_name,
            {_tags(by_name.get("tags"))} as tags,
            {relation} as base_relation,
            {models} as base_models,
            {total} as parameters_total,
            {by_dtype} as parameters_by_dtype,
            {_gguf_total(by_name.get("gguf"))} as gguf_total,
    """


def content_hash() -> str:
    """SQL for the md5 of a record's metadata as text.

    The text is built by hand, from integers, strings and sorted lists, so that it depends neither
    on DuckDB's version nor on the order of tags or dtypes. Separators are control characters;
    null is one of its own, so that null and '' differ.
    """

    def part(text: str) -> str:
        return f"coalesce({text}, chr(24))"

    models = (
        "array_to_string(list_transform(base_models, lambda m: "
        "coalesce(m.hub_oid, chr(24)) || chr(29) || coalesce(m.model_id, chr(24))), chr(30))"
    )
    dtypes = (
        "array_to_string(list_transform(map_entries(parameters_by_dtype), lambda e: "
        "e.key || chr(29) || cast(e.value as varchar)), chr(30))"
    )
    parts = [
        "cast(epoch_us(created_at) as varchar)",
        "pipeline_tag",
        "library_name",
        "array_to_string(tags, chr(30))",
        "base_relation",
        models,
        "cast(parameters_total as varchar)",
        dtypes,
        "cast(gguf_total as varchar)",
    ]
    return f"md5(concat_ws(chr(31), {', '.join(part(text) for text in parts)}))"


def _raw(column: Column | None) -> str:
    return column.sql if column else "null"


def _text(column: Column | None) -> str:
    return f"cast({column.sql} as varchar)" if column else "cast(null as varchar)"


def _integer(column: Column | None) -> str:
    if column is None:
        return "cast(null as bigint)"
    if column.kind in INTEGERS:
        return f"try_cast({column.sql} as bigint)"
    if column.kind in {"float", "double", "decimal"}:
        return (
            f"case when {column.sql} = trunc({column.sql}) "
            f"then try_cast({column.sql} as bigint) end"
        )
    return integer_from_text(f"trim(cast({column.sql} as varchar))")


def _timestamp(column: Column | None) -> tuple[str, str]:
    """SQL for a UTC timestamp, and for whether it is there but unreadable."""
    if column is None:
        return "cast(null as timestamp)", "false"
    if column.kind in TIMESTAMPS:
        return f"cast({column.sql} as timestamp)", "false"
    # Text with an offset ('…Z', '…+02:00') must pass through a type that minds the offset.
    value = f"(try_cast(cast({column.sql} as varchar) as timestamptz) at time zone 'UTC')"
    if column.kind == "timestamp with time zone":
        value = f"({column.sql} at time zone 'UTC')"
    return value, f"({column.sql} is null) <> ({value} is null)"


def _tags(column: Column | None) -> str:
    if column is None:
        return "cast(null as varchar[])"
    tags = f"cast({column.sql} as varchar[])"
    if column.kind not in {"list", "array"}:
        tags = f"json_transform({_json(column)}, '[\"VARCHAR\"]')"
    # Sorted, nulls and repeats left out; list_distinct takes twice as long.
    return f"""
        list_transform(
            [list_sort({tags})],
            lambda sorted: list_filter(
                sorted, lambda t, place: t is not null and t is distinct from sorted[place - 1]
            )
        )[1]
    """


def _base_models(column: Column | None) -> tuple[str, str]:
    """SQL for the relation and for the parents as given."""
    if column is None:
        return "cast(null as varchar)", "cast(null as struct(hub_oid varchar, model_id varchar)[])"
    fields = column.fields()
    value = column.sql
    if not (
        {"relation", "models"} <= set(fields)
        and str(fields["models"]).upper().endswith("[]")
        and {"_id", "id"} <= _element_fields(fields["models"])
    ):
        shape = '{"relation":"VARCHAR","models":[{"_id":"VARCHAR","id":"VARCHAR"}]}'
        value = f"json_transform({_json(column)}, '{shape}')"
    models = (
        f"list_transform(({value}).models, lambda m: {{'hub_oid': cast(m._id as varchar), "
        "'model_id': cast(m.id as varchar)})"
    )
    return f"cast(({value}).relation as varchar)", models


def _element_fields(type_: Any) -> set[str]:
    (_, child) = type_.children[0]
    return {name for name, _ in child.children} if str(child.id).lower() == "struct" else set()


def _safetensors(column: Column | None) -> tuple[str, str]:
    """SQL for the total and for the map of dtypes, sorted by name, nulls left out."""
    if column is None:
        return "cast(null as bigint)", "cast(null as map(varchar, bigint))"
    fields = column.fields()
    if "parameters" in fields and str(fields["parameters"].id).lower() == "struct":
        total = f"try_cast(({column.sql}).total as bigint)" if "total" in fields else "null"
        dtypes = sorted(name for name, _ in fields["parameters"].children)
        entries = ", ".join(
            f"{{'key': {quoted(name)}, 'value': try_cast(({column.sql}).parameters."
            + '"'
            + name.replace('"', '""')
            + '" as bigint)}'
            for name in dtypes
        )
        by_dtype = _map_of(f"list_filter([{entries}], lambda e: e.value is not null)")
    else:
        if str(fields.get("parameters")) == "JSON" and "total" in fields:
            total = f"try_cast(({column.sql}).total as bigint)"
            parameters = f"({column.sql}).parameters"
        else:
            text = _json(column)
            total = f"try_cast(json_extract_string({text}, '$.total') as bigint)"
            parameters = f"json_extract({text}, '$.parameters')"
        read = (
            f"try_cast(json_transform({parameters}, '\"MAP(VARCHAR, BIGINT)\"') "
            "as map(varchar, bigint))"
        )
        listed = f"list_sort(list_filter(map_entries({read}), lambda e: e.value is not null))"
        # Most have one dtype: there is nothing to sort, and no map to be put together anew.
        by_dtype = f"""
            case
                when cardinality({read}) = 1 and map_values({read})[1] is not null then {read}
                else {_map_of(listed)}
            end
        """
    return f"cast({total} as bigint)", by_dtype


def _map_of(entries: str) -> str:
    """SQL for the map of a list of entries; null where there is none."""
    return f"case when len({entries}) > 0 then map_from_entries({entries}) end"


def _gguf_total(column: Column | None) -> str:
    if column is None:
        return "cast(null as bigint)"
    if "total" in column.fields():
        return f"try_cast(({column.sql}).total as bigint)"
    return f"try_cast(json_extract_string({_json(column)}, '$.total') as bigint)"


def _json(column: Column) -> str:
    """SQL for a column as JSON; null where its text is none."""
    if column.kind in {"varchar", "json"} or "json" in str(column.type).lower():
        text = f"cast({column.sql} as varchar)"
        return f"case when json_valid({text}) then cast({text} as json) end"
    return f"case when {column.sql} is not null then to_json({column.sql}) end"
