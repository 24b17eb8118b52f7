"""The sources: what each one brings into `raw`, under which licence, and how it is cited."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A source as extract/ names it. `tables` are the tables of schema raw that it fills.

    `cited_in`: beginnings of the names of marts that show its figures and must carry its citation
    wherever they go.
    """

    name: str
    title: str
    description: str
    tables: dict[str, str]
    licence: str
    citation: str
    cited_in: tuple[str, ...] = ()


_HUB_TABLES = {
    "readings": "Counters and presence, stored where they changed and on the first read day of a "
    "month.",
    "metadata": "Tags, bases and sizes, stored on change.",
}

SOURCES = (
    Source(
        name="hub_api",
        title="Hugging Face Hub",
        description="The models of tracked organisations, or of the whole Hub, as they are now.",
        tables={f"hub_api_{table}": text for table, text in _HUB_TABLES.items()},
        licence="Hugging Face's terms of service; counters are facts",
        citation="Hugging Face Hub (huggingface.co), read through its public API.",
    ),
    Source(
        name="hub_discovery",
        title="Hugging Face Hub, discovery",
        description="New models, and derivatives of tracked ones, as they are now.",
        tables={
            "hub_discovery_readings": "Readings of the models found, on the day they were found.",
            "hub_discovery_metadata": _HUB_TABLES["metadata"],
        },
        licence="Hugging Face's terms of service; counters are facts",
        citation="Hugging Face Hub (huggingface.co), read through its public API.",
    ),
    Source(
        name="hub_stats",
        title="cfahlgren1/hub-stats",
        description="Dated snapshots of the Hugging Face Hub's models.",
        tables={f"hub_stats_{table}": text for table, text in _HUB_TABLES.items()},
        licence="Apache-2.0",
        citation="cfahlgren1/hub-stats, a dataset on the Hugging Face Hub.",
    ),
    Source(
        name="files",
        title="the user's own readings",
        description="Readings of models' counters that a user has as CSV files.",
        tables={"files_readings": "Every row of the files."},
        licence="as the user holds it",
        citation="Readings supplied by the user of this build.",
    ),
    Source(
        name="openrouter",
        title="OpenRouter",
        description="Daily tokens by model and the catalogue that names their repositories.",
        tables={
            "openrouter_rankings": "The daily 50 and `other`; every as_of is kept.",
            "openrouter_catalogue": "The model catalogue as read on a day.",
        },
        licence="CC BY 4.0",
        citation="Source: OpenRouter (openrouter.ai/rankings), as of {as_of}.",
        cited_in=("inference_", "dominance_phases", "concentration_monthly", "published_figures"),
    ),
    Source(
        name="modelscope",
        title="ModelScope",
        description="Cumulative counters of a second hub, never added to the first one's.",
        tables={
            "modelscope_readings": "Counters and presence, stored where they changed and on the "
            "first read day of a month."
        },
        licence="ModelScope's terms of service; counters are facts",
        citation="ModelScope (modelscope.cn), read through its public API.",
    ),
    Source(
        name="tracked_models",
        title="The ATOM project (Interconnects-AI/tracked-models)",
        description="The public metadata of the ATOM project.",
        tables={
            "tracked_models_list": "The lists of tracked models.",
            "tracked_models_parameters": "Total and active parameters, in billions.",
            "tracked_models_regions": "Regions of organisations.",
            "tracked_models_release_dates": "Corrections of release dates.",
        },
        licence="Apache-2.0",
        citation="The ATOM Report: Measuring the Open Language Model Ecosystem, arXiv:2604.07190.",
    ),
)

# What every load writes, whichever its source.
LEDGER_TABLES = {
    "loads": "The load ledger: one row a try, with what was read, stored and rejected.",
    "rejects": "Records that broke the contract at the door, with reason and payload.",
    "read_days": "Which days were read, by source and scope.",
    "model_names": "Every (hub_oid, model_id) pair seen, with its integer key.",
    "unknown_columns": "Columns that a source delivered and the loader does not know.",
    "published_builds": "Builds that were published before this one.",
    "build_steps": "What the steps of published builds cost.",
}
