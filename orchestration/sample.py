"""The sample's import folder in a home, written once a process."""

import functools
from pathlib import Path

from extract.errors import HubtideError
from extract.sources import sample


@functools.cache
def write_sample(imports: Path) -> None:
    """Write the embedded sample to a home's import folder.

    A command calls it before the run, while dbt parses; the run's asset then finds it done.

    Raises:
        HubtideError: the folder holds snapshots of the user's own.
    """
    if imports.exists() and any(imports.iterdir()) and not (imports / "SYNTHETIC").exists():
        raise HubtideError(
            "sample_snapshots: data/import holds snapshots that are not synthetic; set "
            "HUBTIDE_HOME to another folder for the sample"
        )
    sample.generate(imports)
