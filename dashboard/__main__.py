"""`python -m dashboard MARTS OUT`: write the site of a published marts.duckdb into a folder."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dashboard.marts import NotPublishedError
from dashboard.site import build


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the site; the exit status is 0, or 1 with one line on stderr."""
    parser = argparse.ArgumentParser(prog="python -m dashboard", description=__doc__)
    parser.add_argument("marts", type=Path, metavar="MARTS", help="a published marts.duckdb")
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder to write")
    options = parser.parse_args(arguments)
    try:
        site = build(options.marts, options.out)
    except (NotPublishedError, OSError) as error:
        sys.stderr.write(f"hubtide: {' '.join(str(error).split())}\n")
        return 1
    sys.stdout.write(f"{site.pages} pages, {site.bytes / 1e6:.1f} MB: {site.index}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
