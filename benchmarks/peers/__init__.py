"""The project's three large computations side by side with other libraries on the same rows.

    python -m benchmarks.peers [--scale small|middle|hub] [--tasks …] [--engines …] [--save NAME]

`inputs` writes the rows, `lineage`, `adoption` and `monthly` are one task each with every engine's
form of it, `worker` is one measured run in a process of its own, `running` takes the turns and
compares results, `report` prints and saves. `exponents` is about saved results of
benchmarks/at_scale.py.
"""
