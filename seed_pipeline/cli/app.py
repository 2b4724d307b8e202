"""The commands that make, judge and load. Each imports what it needs when it runs, so that --help comes at once."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seed_pipeline import __version__
from seed_pipeline.cli.options import CLUSTER, DATABASE, READ, SETTINGS, WORLD, command
from seed_pipeline.cli.output import print_json, progress
from seed_pipeline.cli.problems import REFUSED

if TYPE_CHECKING:
    from seed_pipeline.pipeline.running import Outcome
    from seed_pipeline.pipeline.wishes import Wishes
    from seed_pipeline.settings import Settings
    from seed_pipeline.store.held import Held

app = typer.Typer(
    name="seed-pipeline",
    help="Fill a tutoring platform's database with a month of realistic, reproducible activity.\n\n"
    "Exit codes: 0 done, 1 a check failed and nothing was loaded, 2 something was asked that cannot be and "
    "nothing was written, 3 loaded, but something after the load failed (materialize: the report or the demo script).",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
config_app = typer.Typer(help="Look at the settings.", no_args_is_help=True)
app.add_typer(config_app, name="config")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"seed-pipeline {__version__}")
        raise typer.Exit


@app.callback()
def _every(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None: ...


@command(app, *WORLD, "answer_key", *DATABASE, *CLUSTER, "keep", "as_json")
def run(asked: "Wishes", keep: Path | None, as_json: bool) -> int:
    """Generate a dataset, check it, and load it if every blocking check passes.

    The database is written in one transaction; when anything is wrong it stays as it was, and when it holds exactly
    this release already, that is all a run says.

    Examples:  seed-pipeline run   |   seed-pipeline run --seed 7 --sessions 1500 --target sqlite:///data/big.db
    """
    from seed_pipeline.pipeline.opening import held, is_kept
    from seed_pipeline.store.artifacts import Artifacts

    settings = asked.settings(checked=False)  # what the target holds has been checked
    there = held(settings)
    if there and (keep is None or is_kept(there, Artifacts(keep))):
        return _unchanged(settings, there, as_json)
    from seed_pipeline.pipeline import running

    with progress(not as_json) as watch:
        outcome = running.run(asked.settings(), keep, watch)
    return finished(outcome, as_json)


@command(app, *WORLD, "answer_key", *DATABASE, "as_json")
def materialize(asked: "Wishes", as_json: bool) -> int:
    """The same as run, through Dagster: assets, checks and history are in the UI (make ui). What make seed does.

    Uses the Dagster instance of DAGSTER_HOME, or .dagster_home in the project when that is not set.
    """
    from seed_pipeline.pipeline.opening import has_history, held, is_kept
    from seed_pipeline.store.artifacts import Artifacts
    from seed_pipeline.store.places import place, report_on

    settings = asked.settings()
    there, artifacts = held(settings), place(settings.main.artifacts)
    report_at = report_on(artifacts)
    if there and report_at.is_file() and has_history() and is_kept(there, Artifacts(artifacts)):
        return _unchanged(settings, there, as_json, report_at)
    from seed_pipeline.defs.launch import materialize as through_dagster
    from seed_pipeline.pipeline.making import watched

    with progress(not as_json) as watch, watched(watch):
        outcome = through_dagster(asked, settings, artifacts)
    return finished(outcome, as_json, report_at)


@app.command()
def job(name: Annotated[str, typer.Argument(help="seed_all, feedback_only, recheck_and_load, ...")]) -> int:
    """Launch one of Dagster's jobs as its Launchpad has it; what failed comes last. What make job does."""
    from seed_pipeline.defs.launch import launch
    from seed_pipeline.pipeline.making import watched

    with progress(True) as watch, watched(watch):
        outcome = launch(name)
    return finished(outcome, as_json=False)


@command(app, *WORLD, "config", *CLUSTER, "out", "as_json")
def generate(asked: "Wishes", out: Path, as_json: bool) -> int:
    """Make the tables as Parquet, without checks and without a database.

    Asked again after it was interrupted, it goes on from the last whole chunk.

    Example:  seed-pipeline generate --out data/big --sessions 1500000
    """
    from seed_pipeline.cli import show
    from seed_pipeline.pipeline.making import generate as generated
    from seed_pipeline.pipeline.making import released_rows

    settings = asked.settings()
    with progress(not as_json) as watch:
        artifacts = generated(settings, out, watch)
    rows, fingerprint = released_rows(artifacts), artifacts.fingerprint()
    if as_json:
        print_json({"artifacts": str(out), "rows": rows, "fingerprint": fingerprint, "world": show.world(settings)})
    else:
        show.generated(settings, rows, fingerprint, out)
    return 0


@command(app, "answer_key", "generated", "empty", "as_json")
def export(asked: "Wishes", generated: Path, empty: str, as_json: bool) -> int:
    """Write whole tables as Parquet for warehouses and data frames: DIR/TABLE/part-N.parquet.

    Artifacts keep what each asset made; here every table has all its columns.

    Example:  seed-pipeline export --artifacts data/huge --out data/parquet
    """
    from seed_pipeline.store.artifacts import Artifacts
    from seed_pipeline.store.export import export as exported

    with progress(not as_json) as watch:
        rows = exported(Artifacts(generated), empty, asked.answer_key is not False, watch)
    if as_json:
        print_json({"parquet": empty, "rows": rows})
    else:
        typer.echo(f"✅ {len(rows)} tables, {sum(rows.values()):,} rows as Parquet in {empty}")
    return 0


@command(app, *WORLD, "answer_key", *DATABASE, "made", "as_json")
def plan(asked: "Wishes", made: Path | None, as_json: bool) -> int:
    """Say what run would do to a database, table by table, and apply nothing.

    Exit code 1 if run would not load: a check fails, or rows of others stand in the way.

    Example:  seed-pipeline plan --seed 7 --target postgresql://me@localhost/app
    """
    from seed_pipeline.cli import show
    from seed_pipeline.pipeline import running
    from seed_pipeline.pipeline.checking import opened_artifacts

    settings = asked.settings() if made is None else opened_artifacts(asked, made)[1]
    with progress(not as_json) as watch:
        found, refusals = running.plan(settings, made, watch)
    if as_json:
        print_json({"plan": found.as_dict(), "refusals": refusals})
    else:
        show.plan(found, refusals)
    return REFUSED if refusals or found.refused else 0


@command(app, "target", "on_foreign", "allow_production", *SETTINGS, "as_json")
def clean(asked: "Wishes", as_json: bool) -> int:
    """Remove from a database whatever this pipeline wrote, and leave no other trace. Rows of others stay.

    Without --target it cleans the database of configs/main.yaml.
    """
    from seed_pipeline.cli import show
    from seed_pipeline.pipeline.releasing import clean as cleaned

    found = cleaned(asked.settings())
    if as_json:
        print_json({"plan": found.as_dict()})
    else:
        show.cleaned(found)
    return 0


@command(app, *READ, "scheduler", *SETTINGS, "as_json", "statement")
def check(asked: "Wishes", artifacts: Path | None, as_json: bool, statement: str | None) -> int:
    """Judge what is there against the contract and print every verdict. Exit code 1 if a blocking one fails.

    Without options it judges the database of configs/main.yaml.
    """
    from seed_pipeline.cli import show
    from seed_pipeline.pipeline import asking, checking

    if statement is not None:
        typer.echo(asking.shown(asked, artifacts, statement))
        return 0
    verdicts = checking.check_target(asked) if artifacts is None else checking.check_artifacts(asked, artifacts)
    failed = [v for v in verdicts if v.failed and v.blocking]
    if as_json:
        print_json({"passed": not failed, **show.judged_record(verdicts)})
    else:
        show.verdicts(verdicts)
    return REFUSED if failed else 0


@command(config_app, "key", "feedback", *SETTINGS, "as_json")
def config_show(asked: "Wishes", key: str | None, as_json: bool) -> int:
    """Print the settings as they would be used, after presets and --set."""
    import yaml

    from seed_pipeline.cli.output import plain
    from seed_pipeline.settings import Settings, SettingsError
    from seed_pipeline.settings.targets import look_up

    settings = asked.settings()
    try:
        content = plain(look_up(settings, key) if key else settings)
    except KeyError:
        remedy = f"start with one of the sections {', '.join(Settings.model_fields)}"
        raise SettingsError(key or "", None, "there is no such setting", remedy) from None
    if as_json:
        print_json(content)
    else:
        typer.echo(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120), nl=False)
    return 0


@command(config_app, *SETTINGS, "as_json")
def config_validate(asked: "Wishes", as_json: bool) -> int:
    """Check the settings without making anything. Exit code 2 with the reason if they cannot be."""
    from seed_pipeline.cli import show

    settings = asked.settings()
    if as_json:
        print_json({"valid": True, "world": show.world(settings)})
    else:
        typer.echo(f"The settings are valid: {show.world_line(settings)}.")
    return 0


def _unchanged(settings: "Settings", there: "Held", as_json: bool, report_at: Path | None = None) -> int:
    from seed_pipeline.cli import show

    if as_json:
        print_json(show.unchanged_record(settings, there))
    else:
        show.unchanged(settings, there, report_at)
    return 0


def finished(outcome: "Outcome", as_json: bool, report_at: Path | None = None) -> int:
    """Print what a run came to, and where its report is, if there is one; the exit code."""
    from seed_pipeline.cli import show

    if as_json:
        print_json(show.outcome_record(outcome))
    else:
        is_there = not any(line.startswith("report failed") for line in outcome.afterwards)
        show.summary(outcome, report_at if is_there else None)
    return outcome.exit_code
