"""The benchmarks behind ``make bench``.

One run starts Counterfoil and its peers side by side, mints with a fresh signed assertion each time, and
prints what was measured next to the limits of the same machine in the same minutes. Figures are only compared
within one run.

Run ``python -m tests.benchmarks --help`` for the choices. Every temporary file lies below ``var/bench/``.
"""
