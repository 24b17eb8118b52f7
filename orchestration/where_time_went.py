"""The line at the end of a command that says where its time went, in wall seconds."""

from collections.abc import Mapping

from orchestration.costs import EngineSeconds


def where_time_went(
    total: float, start: float, steps: Mapping[str, float], engine: EngineSeconds
) -> str:
    """`34 s: start of dbt and Dagster 10 s, sample 0 s, loading 6 s, dbt 14 s (…), …`.

    `start` are the seconds before the first step, when dbt parses and both are imported (and the
    sample is written, where there is one), less those of what was loaded meanwhile; `steps` those
    of each step by name, `ahead` of what was loaded before the run. The remainder is
    Dagster's between the steps, and the headline.
    """
    parts = {"start of dbt and Dagster": start}
    for step, seconds in steps.items():
        part = _part(step)
        parts[part] = parts.get(part, 0.0) + seconds
    parts["the rest"] = total - sum(parts.values())
    engine_text = f" (the engine's own: tables {engine.tables:.0f} s, tests {engine.others:.0f} s)"
    return f"{total:.0f} s: " + ", ".join(
        f"{part} {seconds:.0f} s{engine_text if part == 'dbt' else ''}"
        for part, seconds in parts.items()
    )


def _part(step: str) -> str:
    if step == "dbt_models":
        return "dbt"
    if step == "exports__current":
        return "publishing"
    return "fetching" if step.startswith("landed__") else "loading"
