"""What the commands do: ask the engine, print the answer, end with the right exit code."""

import json
import sys
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import typer
import yaml

from seed_pipeline.cli import show
from seed_pipeline.cli.problems import REFUSED
from seed_pipeline.pipeline import running
from seed_pipeline.pipeline.making import generate as generate_all
from seed_pipeline.pipeline.making import watched
from seed_pipeline.pipeline.running import Outcome, released_rows
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import Settings, SettingsError
from seed_pipeline.settings.targets import look_up

ARTIFACTS = Path("data/artifacts")


_NAMED = {"preset": "presets", "set_": "overrides", "disable_rule": "disabled_rules"}
_WISHES = {field.name for field in fields(Wishes)}


def wishes(options: Mapping[str, Any]) -> Wishes:
    """The options of a command as wishes; what was not given stays as configs/ has it."""
    given = {_NAMED.get(name, name): value for name, value in options.items() if value is not None}
    given |= {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    asked = {name: value for name, value in given.items() if name in _WISHES and value is not False}
    return Wishes(**asked, answer_key=False if given.get("no_answer_key") else None)


def run(asked: Wishes, artifacts: Path | None, as_json: bool) -> None:
    """seed-pipeline run."""
    settings = asked.settings(date.today())
    with show.progress(not as_json) as progress:
        outcome = running.run(settings, artifacts, progress)
    _finish(outcome, as_json)


def materialize(asked: Wishes, as_json: bool) -> None:
    """seed-pipeline materialize."""
    settings = asked.settings(date.today())
    running.reachable(settings)
    from seed_pipeline.defs.launch import materialize as through_dagster

    with show.progress(not as_json) as progress, watched(progress):
        outcome = through_dagster(asked, settings, ARTIFACTS)
    from seed_pipeline.defs.reports import place

    _finish(outcome, as_json, place(ARTIFACTS))


def generate(asked: Wishes, out: Path, as_json: bool) -> None:
    """seed-pipeline generate."""
    settings = asked.settings(date.today())
    with show.progress(not as_json) as progress:
        artifacts = generate_all(settings, out, progress)
    rows, fingerprint = released_rows(artifacts), artifacts.fingerprint()
    if as_json:
        print_json({"artifacts": str(out), "rows": rows, "fingerprint": fingerprint, "world": show.world(settings)})
    else:
        show.generated(settings, rows, fingerprint, out)


def plan(asked: Wishes, artifacts: Path | None, as_json: bool) -> None:
    """seed-pipeline plan."""
    from seed_pipeline.pipeline.checking import opened_artifacts

    settings = asked.settings(date.today()) if artifacts is None else opened_artifacts(asked, artifacts)[1]
    with show.progress(not as_json) as progress:
        found, refusals = running.plan(settings, artifacts, progress)
    if as_json:
        print_json({"plan": found.as_dict(), "refusals": refusals})
    else:
        show.plan(found, refusals)
    _exit(REFUSED if refusals or found.refused else 0)


def clean(asked: Wishes, as_json: bool) -> None:
    """seed-pipeline clean."""
    from seed_pipeline.pipeline.releasing import clean as clean_target

    found = clean_target(asked.settings(date.today()))
    if as_json:
        print_json({"plan": found.as_dict()})
    else:
        show.cleaned(found)


def check(asked: Wishes, artifacts: Path | None, as_json: bool) -> None:
    """seed-pipeline check."""
    from seed_pipeline.pipeline.checking import check_artifacts, check_target

    verdicts = check_target(asked) if artifacts is None else check_artifacts(asked, artifacts)
    failed = [v for v in verdicts if v.failed and v.blocking]
    if as_json:
        print_json({"passed": not failed, "verdicts": [v.to_json() for v in verdicts]})
    else:
        show.verdicts(verdicts)
    _exit(REFUSED if failed else 0)


def explain(asked: Wishes, folder: Path | None, identifier: str, as_json: bool) -> None:
    """seed-pipeline explain."""
    from seed_pipeline.explain import TABLES
    from seed_pipeline.explain import explain as explained
    from seed_pipeline.pipeline.checking import opened_artifacts, opened_target

    if folder is None:
        tables, settings = opened_target(asked, TABLES)
        found = explained(tables, settings, identifier)
    else:
        artifacts, settings = opened_artifacts(asked, folder)
        found = explained(artifacts.release(), settings, identifier)
    if as_json:
        print_json(found.to_json())
    else:
        typer.echo(found.text)


def report(asked: Wishes, folder: Path | None, out: Path, as_json: bool) -> None:
    """seed-pipeline report."""
    from seed_pipeline.report import of_artifacts, of_target, page_of, refuse, written

    refuse(out)
    source = of_target(asked) if folder is None else of_artifacts(asked, folder)
    written(page_of(source), out)
    if as_json:
        verdicts = [v.to_json() for v in source.verdicts]
        print_json({"report": str(out), "passed": not source.failed, "rows": source.rows, "verdicts": verdicts})
    else:
        show.reported(source.verdicts, source.rows, source.settings, out)
    _exit(REFUSED if source.failed else 0)


def demo(asked: Wishes, as_json: bool) -> None:
    """seed-pipeline demo."""
    from seed_pipeline.demo import play
    from seed_pipeline.pipeline.checking import opened_target
    from seed_pipeline.store import database

    _, settings = opened_target(asked, ["sessions"])
    engine = database.connect(settings.main.target, writable=False, schema=settings.main.target_schema)
    try:
        scenes = play(engine, settings, asked.config)
    finally:
        engine.dispose()
    failed = any(scene.failed for scene in scenes)
    if as_json:
        print_json({"passed": not failed, "scenes": [scene.to_json() for scene in scenes]})
    else:
        show.scenes(scenes)
    _exit(REFUSED if failed else 0)


def grade(asked: Wishes, options: Mapping[str, Any], as_json: bool) -> None:
    """seed-pipeline grade."""
    from seed_pipeline.grade import Thresholds
    from seed_pipeline.grade import grade as graded

    limits = Thresholds(**{f.name: options[f.name] for f in fields(Thresholds)})
    named = ("alerts", "insights", "churn", "scores", "source", "warn_from", "tolerance")
    main = asked.settings(date.today()).main
    grades = graded(
        main.target,
        target_schema=main.target_schema,
        **{name: options[name] for name in named},
        dashboard=options["dashboard"] or (),
        thresholds=limits,
    )
    if as_json:
        print_json(grades.to_json())
    else:
        show.graded(grades, bool(limits.given))
    _exit(REFUSED if grades.failures else 0)


def show_settings(asked: Wishes, key: str | None, as_json: bool) -> None:
    """seed-pipeline config show."""
    found: Any = asked.settings(date.today())
    if key is not None:
        try:
            found = look_up(found, key) if "." in key else getattr(found, key)
        except (KeyError, AttributeError):
            names = ", ".join(Settings.model_fields)
            raise SettingsError(
                key, None, "there is no such setting", f"start with one of the sections {names}"
            ) from None
    content = show.plain(found)
    if as_json:
        print_json(content)
    else:
        typer.echo(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120), nl=False)


def validate_settings(asked: Wishes, as_json: bool) -> None:
    """seed-pipeline config validate."""
    settings = asked.settings(date.today())
    if as_json:
        print_json({"valid": True, "world": show.world(settings)})
    else:
        typer.echo(f"The settings are valid: {show.world_line(settings)}.")


def _finish(outcome: Outcome, as_json: bool, report_at: Path | None = None) -> NoReturn:
    if as_json:
        print_json(show.outcome_record(outcome))
    else:
        show.summary(outcome, report_at)
    _exit(0 if outcome.loaded is not None else REFUSED)


def print_json(content: Any) -> None:
    """One JSON value on stdout."""
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))


def _exit(code: int) -> NoReturn:
    sys.stdout.flush()
    raise typer.Exit(code)
