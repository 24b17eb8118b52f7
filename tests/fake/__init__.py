"""A loopback server that speaks the wire formats of all four sources. Everything is SYNTHETIC.

`FakeServices` (server.py) holds one plain state object a source; tests fill and change them while
the server runs. `python -m tests.fake` serves the synthetic sample.
"""

from tests.fake.datasets import FakeDataset
from tests.fake.faults import Fault, Faults
from tests.fake.hub import FakeHub
from tests.fake.modelscope import FakeModelScope
from tests.fake.openrouter import FakeOpenRouter
from tests.fake.replies import Seen
from tests.fake.server import FakeServices
from tests.fake.tracked import FakeTrackedModels

__all__ = [
    "FakeDataset",
    "FakeHub",
    "FakeModelScope",
    "FakeOpenRouter",
    "FakeServices",
    "FakeTrackedModels",
    "Fault",
    "Faults",
    "Seen",
]
