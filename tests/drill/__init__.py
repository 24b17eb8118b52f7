"""Drills: the whole in operation, for minutes; `make drill` runs them, `make test` does not."""
