"""The sabotage suite as a table: which checks turn red when one thing is broken. `python -m …quality.sabotage`."""

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import pandas as pd

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.quality.conformity import NAME, conformity
from seed_pipeline.quality.judgement import judge
from seed_pipeline.schema import columns_made_by
from seed_pipeline.settings import Settings
from seed_pipeline_tests.quality.saboteur import SABOTEURS, Saboteur

for _topic in (
    "counts",
    "personas",
    "rules",
    "stories",
    "services",
    "platform",
    "keys",
    "integrity",
    "texts",
    "defects",
    "edges",
    "edges_stories",
):
    import_module(f"seed_pipeline_tests.quality.saboteurs_{_topic}")


def narrowed(settings: Settings, *names: str) -> Settings:
    """The settings with these statements only."""
    kept = {name: t for name, t in settings.targets.statements.items() if name in names}
    return settings.model_copy(update={"targets": settings.targets.model_copy(update={"statements": kept})})


def red(saboteur: Saboteur, whole: bool = True, chunks: int = 1) -> list[str]:
    """The names of the checks that fail on the broken data: all of them, or of its own statement only."""
    settings = saboteur.settings if whole else narrowed(saboteur.settings, saboteur.statement)
    found = judge(saboteur.parts(chunks), settings)
    if whole or saboteur.statement == NAME:
        broken = saboteur.broken()
        found = [*(conformity(a, [of_asset(a, broken)]) for a in ENTITIES), *found]
    return [v.name for v in found if v.failed]


def of_asset(asset: str, tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables that an asset has a part in."""
    return {name: frame for name, frame in tables.items() if columns_made_by(asset, name)}


KNOWN = Path(__file__).with_name("sabotage.json")
"""Sabotage → the checks that it turns red, reviewed by eye; `--renew` writes it anew."""


def main(arguments: Sequence[str]) -> int:
    """Prints the table; exit code 1 where other checks than the known ones turn red, or others in three chunks."""
    known = json.loads(KNOWN.read_text("utf-8")) if KNOWN.exists() else {}
    seen, odd = {}, 0
    print(f"{'sabotage':62} {'its own check':28} all checks that turned red")
    for saboteur in SABOTEURS:
        name, found = f"{saboteur.statement}: {saboteur.name}", sorted(set(red(saboteur)))
        faults = [] if saboteur.statement in found else ["UNNOTICED"]
        faults += [] if known.get(name) == found else [f"KNOWN: {', '.join(known.get(name, ['nothing']))}"]
        in_three = sorted(set(red(saboteur, chunks=3)))
        faults += [] if in_three == found else [f"IN THREE CHUNKS: {', '.join(in_three)}"]
        seen[name], odd = found, odd + bool(faults)
        marks = "".join(f"   <- {fault}" for fault in faults)
        print(f"{saboteur.name[:62]:62} {saboteur.statement:28} {', '.join(found)}{marks}", flush=True)
    print(f"\n{len(SABOTEURS)} sabotages of {len({s.statement for s in SABOTEURS})} statements, {odd} not as known")
    if "--renew" in arguments:
        rows = (f" {json.dumps(name)}: {json.dumps(found)}" for name, found in seen.items())
        KNOWN.write_text("{\n" + ",\n".join(rows) + "\n}\n", "utf-8")
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
