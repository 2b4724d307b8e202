"""`python -m benchmarks`: measure, print each row as it comes, keep the tables in benchmarks/RESULTS.md."""

import argparse
import os
from types import ModuleType

from benchmarks import judging, loading, machine, making, results, starting
from benchmarks.figure import Figure, markdown

ALL: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module for module in (making, judging, loading, starting)
}


def main() -> None:
    """Measure what was asked for, everything otherwise."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("only", nargs="*", help=f"of {', '.join(ALL)} (all of them)")
    parser.add_argument("--sessions", nargs="+", type=int, default=[150, 15_000, 150_000], metavar="N")
    parser.add_argument("--large", action="store_true", help="1,500,000 sessions, too (minutes and some GB of disk)")
    parser.add_argument("--dry", action="store_true", help="leave benchmarks/RESULTS.md as it is")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.only) - set(ALL)):
        parser.error(f"{unknown[0]}: there is no such table; choose of {', '.join(ALL)}")
    sizes = tuple(sorted({*asked.sessions, *([1_500_000] if asked.large else [])}))
    for name in asked.only or ALL:
        table(name, ALL[name], sizes, keep=not asked.dry)


def table(name: str, module: ModuleType, sizes: tuple[int, ...], keep: bool) -> None:
    """One table, printed and kept."""
    load, figures = os.getloadavg()[0], list[Figure]()
    print(f"\n{module.TITLE}", flush=True)
    for figure in module.measured(sizes):
        figures.append(figure)
        print("  " + "  ".join(part for part in figure.shown() if part), flush=True)
    if keep:
        results.keep(name, module.TITLE, f"Measured {machine.described(module.PACKAGES, load)}", markdown(figures))


if __name__ == "__main__":
    main()
