"""The commands. Each imports what it needs when it runs, so that --help comes at once."""

from pathlib import Path
from typing import Annotated

import typer

from seed_pipeline.cli.asking import show_query, sql
from seed_pipeline.cli.grading import grade
from seed_pipeline.cli.options import (
    AllowProduction,
    Artifacts,
    AsOf,
    Config,
    DisableRule,
    EmptyForeignData,
    Json,
    NoAnswerKey,
    OnEdited,
    OnForeign,
    Preset,
    Seed,
    Sessions,
    Set,
    ShownQuery,
    Target,
)

app = typer.Typer(
    name="seed-pipeline",
    help="Fill a tutoring platform's database with a month of realistic, reproducible activity.\n\n"
    "Exit codes: 0 done, 1 a check failed and nothing was loaded, 2 something was asked that cannot be and "
    "nothing was written.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
config_app = typer.Typer(help="Look at the settings.", no_args_is_help=True)
app.add_typer(config_app, name="config")


@app.command()
def run(
    context: typer.Context,
    seed: Seed = None,
    sessions: Sessions = None,
    as_of: AsOf = None,
    preset: Preset = None,
    set_: Set = None,
    disable_rule: DisableRule = None,
    no_answer_key: NoAnswerKey = False,
    config: Config = None,
    target: Target = None,
    on_foreign: OnForeign = None,
    on_edited: OnEdited = None,
    empty_foreign_data: EmptyForeignData = False,
    allow_production: AllowProduction = False,
    artifacts: Annotated[
        Path | None, typer.Option(help="Keep the Parquet artifacts and verdicts in this folder.", metavar="DIR")
    ] = None,
    json: Json = False,
) -> None:
    """Generate a dataset, check it, and load it if every blocking check passes.

    The database is written in one transaction; when anything is wrong it stays as it was.

    Examples:  seed-pipeline run   |   seed-pipeline run --seed 7 --sessions 1500 --target sqlite:///data/big.db
    """
    from seed_pipeline.cli import work

    work.run(work.wishes(context.params), artifacts, json)


@app.command()
def materialize(
    context: typer.Context,
    seed: Seed = None,
    sessions: Sessions = None,
    as_of: AsOf = None,
    preset: Preset = None,
    set_: Set = None,
    disable_rule: DisableRule = None,
    no_answer_key: NoAnswerKey = False,
    config: Config = None,
    target: Target = None,
    on_foreign: OnForeign = None,
    on_edited: OnEdited = None,
    empty_foreign_data: EmptyForeignData = False,
    allow_production: AllowProduction = False,
    json: Json = False,
) -> None:
    """The same as run, through Dagster: assets, checks and history are in the UI (make ui). What make seed does.

    Uses the Dagster instance of DAGSTER_HOME, or .dagster_home in the project when that is not set.
    """
    from seed_pipeline.cli import work

    work.materialize(work.wishes(context.params), json)


@app.command()
def generate(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for the Parquet artifacts.", metavar="DIR")],
    seed: Seed = None,
    sessions: Sessions = None,
    as_of: AsOf = None,
    preset: Preset = None,
    set_: Set = None,
    disable_rule: DisableRule = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make the tables as Parquet, without checks and without a database.

    Example:  seed-pipeline generate --out data/big --sessions 1500000 --set main.processes=4
    """
    from seed_pipeline.cli import work

    work.generate(work.wishes(context.params), out, json)


@app.command()
def plan(
    context: typer.Context,
    seed: Seed = None,
    sessions: Sessions = None,
    as_of: AsOf = None,
    preset: Preset = None,
    set_: Set = None,
    disable_rule: DisableRule = None,
    no_answer_key: NoAnswerKey = False,
    config: Config = None,
    target: Target = None,
    on_foreign: OnForeign = None,
    on_edited: OnEdited = None,
    empty_foreign_data: EmptyForeignData = False,
    allow_production: AllowProduction = False,
    artifacts: Artifacts = None,
    json: Json = False,
) -> None:
    """Say what run would do to a database, table by table, and apply nothing.

    Exit code 1 if run would not load: a check fails, or rows of others stand in the way.

    Example:  seed-pipeline plan --seed 7 --target postgresql://me@localhost/app
    """
    from seed_pipeline.cli import work

    work.plan(work.wishes(context.params), artifacts, json)


@app.command()
def clean(
    context: typer.Context,
    target: Target = None,
    on_foreign: OnForeign = None,
    allow_production: AllowProduction = False,
    preset: Preset = None,
    set_: Set = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Remove from a database whatever this pipeline wrote, and leave no other trace. Rows of others stay.

    Without --target it cleans the database of configs/main.yaml.
    """
    from seed_pipeline.cli import work

    work.clean(work.wishes(context.params), json)


@app.command()
def check(
    context: typer.Context,
    target: Target = None,
    artifacts: Artifacts = None,
    preset: Preset = None,
    set_: Set = None,
    config: Config = None,
    json: Json = False,
    sql_: ShownQuery = None,
) -> None:
    """Judge what is there against the contract and print every verdict. Exit code 1 if a blocking one fails.

    Without options it judges the database of configs/main.yaml.
    """
    from seed_pipeline.cli import work

    _one_of(target, artifacts)
    if sql_ is not None:
        return show_query(context.params, artifacts, sql_)
    work.check(work.wishes(context.params), artifacts, json)


@app.command()
def explain(
    context: typer.Context,
    identifier: Annotated[
        str, typer.Argument(help="ID of a session, student or tutor, or the beginning of one.", metavar="ID")
    ],
    target: Target = None,
    artifacts: Artifacts = None,
    preset: Preset = None,
    set_: Set = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Say in words and numbers why a session, a student or a tutor came out as they did.

    Reads the answer key in the database of configs/main.yaml, in --target, or in a folder of --artifacts.

    Example:  seed-pipeline explain 2775de96
    """
    from seed_pipeline.cli import work

    _one_of(target, artifacts)
    work.explain(work.wishes(context.params), artifacts, identifier, json)


def _one_of(target: str | None, artifacts: Path | None) -> None:
    if target is not None and artifacts is not None:
        raise typer.BadParameter("name either --target or --artifacts, not both")


@app.command()
def report(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="File to write; its folder has to be there.", metavar="FILE")],
    target: Target = None,
    artifacts: Artifacts = None,
    preset: Preset = None,
    set_: Set = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Write one HTML file to pass around: the cast, checks, pictures, stories, the demo script, how to make it again.

    Written also when a check fails, which it then says on top; the exit code is 1 as that of check.

    Example:  seed-pipeline report --out report.html
    """
    from seed_pipeline.cli import work

    _one_of(target, artifacts)
    work.report(work.wishes(context.params), artifacts, out, json)


@app.command()
def demo(
    context: typer.Context,
    target: Target = None,
    preset: Preset = None,
    set_: Set = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Print ten things to show in a loaded database, with IDs, query, expected and actual value. Exit 1 if one is off.

    Example:  seed-pipeline demo --target postgresql://me@localhost/app
    """
    from seed_pipeline.cli import work

    work.demo(work.wishes(context.params), json)


app.command()(grade)
app.command()(sql)


@config_app.command("show")
def show(
    context: typer.Context,
    key: Annotated[
        str | None, typer.Argument(help="A section or key, for example personas.tutors.star. Default: everything.")
    ] = None,
    preset: Preset = None,
    set_: Set = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Print the settings as they would be used, after presets and --set."""
    from seed_pipeline.cli import work

    work.show_settings(work.wishes(context.params), key, json)


@config_app.command("validate")
def validate(
    context: typer.Context, preset: Preset = None, set_: Set = None, config: Config = None, json: Json = False
) -> None:
    """Check the settings without making anything. Exit code 2 with the reason if they cannot be."""
    from seed_pipeline.cli import work

    work.validate_settings(work.wishes(context.params), json)
