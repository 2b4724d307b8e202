"""benchmarks/RESULTS.md: a section for each thing measured, each replaced as a whole when it is measured again."""

import re
from pathlib import Path

FILE = Path(__file__).with_name("RESULTS.md")
HEAD = """# Results

Written by `make bench` and `make bench-peers`. Figures of one machine say little about another; ratios, taken in one
run, do. *Ratio*: the row compared with what stands beside it, pace with pace or time with time as the words say. *CPU*:
seconds of all cores, a database's server apart; others at work on the machine move it less than *seconds*. *MiB*: peak
of the largest process. *Cells*: values, nulls included. *Wanted*: the bound that this project set itself.
"""


def keep(name: str, title: str, words: str, table: str) -> None:
    """Put the section in its place, or at the end where it is new."""
    text = FILE.read_text(encoding="utf-8") if FILE.exists() else HEAD
    section = f"<!-- {name} -->\n## {title}\n\n{words}\n\n{table}\n<!-- end of {name} -->\n"
    place = re.compile(f"<!-- {name} -->.*<!-- end of {name} -->\n", re.DOTALL)
    text = place.sub(lambda _: section, text) if place.search(text) else f"{text}\n{section}"
    FILE.write_text(text, encoding="utf-8")
