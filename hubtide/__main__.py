"""`python -m hubtide`."""

import sys

from hubtide.cli import main

if __name__ == "__main__":
    sys.exit(main())
