"""Figures that anyone can reproduce: `make bench` and `make bench-peers`; benchmarks/RESULTS.md keeps the last ones.

One noun a module. What is measured: `making`, `judging`, `loading`, `starting`, `volume`, `peers`; each has a
`measured` that yields its rows as they come. What they share: `figure` (a row), `work` (what runs in a process of its
own), `memory` (of all its processes together), `floor` (the least that the work could take), `machine` (where),
`results` (the file).
"""
