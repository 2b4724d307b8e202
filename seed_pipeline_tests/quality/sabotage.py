"""The sabotage suite as a table: which checks turn red when one thing is broken. `python -m …quality.sabotage`."""

import sys
from importlib import import_module

from seed_pipeline.pipeline.checking import judged
from seed_pipeline.quality.conformity import NAME
from seed_pipeline.quality.judgement import judge
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
):
    import_module(f"seed_pipeline_tests.quality.saboteurs_{_topic}")


def narrowed(settings: Settings, *names: str) -> Settings:
    """The settings with these statements only."""
    kept = {name: t for name, t in settings.targets.statements.items() if name in names}
    return settings.model_copy(update={"targets": settings.targets.model_copy(update={"statements": kept})})


def red(saboteur: Saboteur, whole: bool = True) -> list[str]:
    """The names of the checks that fail on the broken data: all of them, or of its own statement only."""
    settings = saboteur.settings if whole else narrowed(saboteur.settings, saboteur.statement)
    parts, types = saboteur.parts(), whole or saboteur.statement == NAME
    return [v.name for v in (judged if types else judge)(parts, settings) if v.failed]


def main() -> int:
    """Prints the table; exit code 1 if a saboteur goes unnoticed by its own check."""
    unnoticed = 0
    print(f"{'sabotage':62} {'its own check':28} all checks that turned red")
    for saboteur in SABOTEURS:
        found = red(saboteur)
        noticed = saboteur.statement in found
        unnoticed += not noticed
        seen = ", ".join(found) + ("" if noticed else "   <- UNNOTICED")
        print(f"{saboteur.name[:62]:62} {saboteur.statement:28} {seen}", flush=True)
    print(f"\n{len(SABOTEURS)} sabotages of {len({s.statement for s in SABOTEURS})} statements, {unnoticed} unnoticed")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
