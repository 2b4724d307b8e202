"""Queries for people: those of a statement, and everything that `duckdb` needs to run them where the artifacts are."""

from collections.abc import Mapping

from seed_pipeline.quality.facts import VIEWS, facts, macros
from seed_pipeline.quality.judgement import queries
from seed_pipeline.quality.scope import Relation, given, needed, typed
from seed_pipeline.quality.settings_tables import settings_tables
from seed_pipeline.schema import FILLED
from seed_pipeline.settings import Settings, SettingsError


def queries_of(name: str, settings: Settings) -> str:
    """The queries of a statement, parameters filled in. Raises SettingsError for a statement that there is not."""
    target = settings.targets.statements.get(name)
    if target is None:
        known = ", ".join(settings.targets.statements)
        raise SettingsError("targets.yaml, statements", name, "there is no such statement", f"choose one of {known}")
    return ";\n\n".join(queries(name, target, settings)) + ";"


def script(name: str, settings: Settings, tables: Mapping[str, Relation]) -> str:
    """The queries of a statement after the views that they read, to paste into `duckdb`."""
    asked = queries_of(name, settings)
    views = {table: (lambda table=table: typed(table, tables.get(table))) for table in FILLED}
    recipes = {**views, "given": lambda: given(tables), **settings_tables(settings), **facts(settings)}
    kinds = {name: "TABLE" for name in facts(settings) if name not in VIEWS}
    made = [
        f"CREATE OR REPLACE TEMP {kinds.get(name, 'VIEW')} {name} AS\n{recipes[name]()};"
        for name in needed(asked, recipes)
    ]
    whole = "\n\n".join([*made, asked])
    defined = [f"CREATE OR REPLACE TEMP MACRO {text};" for text in macros().values()]
    return "\n\n".join([*(defined if any(f"{macro}(" in whole for macro in macros()) else []), whole])
