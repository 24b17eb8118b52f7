"""`python -m tests.fake [--port 8900] [--day YYYY-MM-DD]`: the sample as live services.

Prints the variables to set, as `export` lines, and serves until Ctrl-C. Everything is SYNTHETIC.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import threading
from collections.abc import Sequence
from datetime import date

from extract.sources.sample.models import FIRST_DAY, LAST_DAY
from tests.fake.sample import sample_services


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until Ctrl-C; 2 for a day that the sample does not have or a port that is taken."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fake", description="Serves the synthetic sample on 127.0.0.1."
    )
    parser.add_argument("--port", type=int, default=8900, help="0 takes any free one")
    parser.add_argument(
        "--day",
        type=date.fromisoformat,
        default=LAST_DAY,
        help=f"the day that the services show, {FIRST_DAY} to {LAST_DAY} (the default)",
    )
    chosen = parser.parse_args(arguments)
    try:
        services = sample_services(chosen.day, port=chosen.port)
        services.start()
    except (ValueError, OSError) as error:
        parser.error(str(error))
    except SystemExit:
        # What the server does about a port that is taken, after it has said so.
        parser.error(f"port {chosen.port} is taken")
    lines = [
        f"export {name}={shlex.quote(value)}" for name, value in services.environment().items()
    ]
    sys.stdout.write("# SYNTHETIC data. Set these in another shell:\n" + "\n".join(lines) + "\n")
    sys.stdout.flush()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        services.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
