"""What an engine is given for one measured run, and which packages it needs."""

from __future__ import annotations

import functools
import importlib.util
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.peers.inputs import Inputs

# Modules that an engine imports; DuckDB is the project's own and always there.
PACKAGES = {
    "duckdb": (),
    "polars": ("polars",),
    "pandas": ("pandas", "pyarrow"),
    "networkx": ("networkx", "numpy", "pyarrow"),
    "numba": ("numba", "numpy", "pyarrow"),
}

# An engine's result: its own tables by name (benchmarks/peers/results.py says what they may be).
Tables = Mapping[str, Any]
Engine = Callable[["Run"], Tables]


def missing(engine: str) -> list[str]:
    """The packages that an engine needs and that are not installed."""
    return [name for name in PACKAGES[engine] if importlib.util.find_spec(name) is None]


@dataclass
class Run:
    """One run of an engine on `inputs`. `stages` are seconds by name; `compile_seconds` is what
    numba took to compile, which no stage has in it."""

    inputs: Inputs
    threads: int = 2
    compile_seconds: float = 0.0
    compile_cpu_seconds: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done inside, without compilation."""
        started, compiled = time.perf_counter(), self.compile_seconds
        yield
        elapsed = time.perf_counter() - started - (self.compile_seconds - compiled)
        self.stages[name] = self.stages.get(name, 0.0) + elapsed

    def compiled(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Compile a function with numba for arguments of these types, then call it."""
        import numba

        started, cpu = time.perf_counter(), time.process_time()
        machine_code = _with_numba(function)
        machine_code.compile(tuple(numba.typeof(argument) for argument in arguments))
        self.compile_seconds += time.perf_counter() - started
        self.compile_cpu_seconds += time.process_time() - cpu
        return machine_code(*arguments)


@functools.cache
def _with_numba(function: Callable[..., Any]) -> Any:
    """A function that numba compiles, once for each signature."""
    import numba

    return numba.njit(function)
