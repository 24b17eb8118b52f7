"""The node that dbt compiles, for sqlfluff: a macro takes a hash of its code."""

raw_code = ""
