"""`python -m benchmarks`: measure, print each row as it comes, keep the tables in benchmarks/RESULTS.md.

Volume and peers are measured only when they are asked for by name: they take disk, or have to be set up first.
"""

import argparse
import os
from types import ModuleType

from benchmarks import judging, loading, machine, making, results, starting, volume
from benchmarks.figure import Figure, markdown
from benchmarks.peers import table as peers

OURS: dict[str, ModuleType] = {"making": making, "judging": judging, "loading": loading, "starting": starting}
ALL: dict[str, ModuleType] = OURS | {"volume": volume, "peers": peers}


def main() -> None:
    """Measure what was asked for, everything otherwise."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure.")
    parser.add_argument("only", nargs="*", help=f"of {', '.join(ALL)} (all but volume and peers)")
    parser.add_argument("--sessions", nargs="+", type=int, default=[150, 15_000, 150_000], metavar="N")
    parser.add_argument("--large", action="store_true", help="1,500,000 sessions, too (minutes and some GB of disk)")
    parser.add_argument("--dry", action="store_true", help="leave benchmarks/RESULTS.md as it is")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.only) - set(ALL)):
        parser.error(f"{unknown[0]}: there is no such table; choose of {', '.join(ALL)}")
    sizes = tuple(sorted({*asked.sessions, *([1_500_000] if asked.large else [])}))
    for name in asked.only or OURS:
        measure(name, ALL[name], sizes, keep=not asked.dry)


def measure(name: str, module: ModuleType, sizes: tuple[int, ...], keep: bool) -> None:
    """One table, printed and kept."""
    load, figures = os.getloadavg()[0], list[Figure]()
    print(f"\n{module.TITLE}", flush=True)
    for figure in module.measured(sizes):
        figures.append(figure)
        print("  " + "  ".join(part for part in figure.shown() if part), flush=True)
    if keep:
        where = machine.described(module.PACKAGES, load)
        results.keep(name, module.TITLE, f"Measured {where}", markdown(figures) + getattr(module, "REMARKS", ""))


if __name__ == "__main__":
    main()
