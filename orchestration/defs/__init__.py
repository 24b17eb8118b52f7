"""Asset definitions, one module a step: sources → ledger → dbt → publishing."""
