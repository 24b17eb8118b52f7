"""`python -m orchestration`."""

import os
import sys

from orchestration.cli import main

status = main()
sys.stdout.flush()
sys.stderr.flush()
# Everything has been closed by now; to take down what Dagster imports would be another second.
os._exit(status)
