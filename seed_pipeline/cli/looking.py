"""The commands that look at what is there: the stories, the report, the demo script, grades and questions in SQL."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from seed_pipeline.cli.app import app
from seed_pipeline.cli.options import LIMITS, READ, SETTINGS, command
from seed_pipeline.cli.output import print_json
from seed_pipeline.cli.problems import REFUSED

if TYPE_CHECKING:
    from seed_pipeline.pipeline.wishes import Wishes


@command(app, "identifier", *READ, *SETTINGS, "as_json")
def explain(asked: "Wishes", identifier: str, artifacts: Path | None, as_json: bool) -> int:
    """Say in words and numbers why a session, a student or a tutor came out as they did.

    Reads the answer key in the database of configs/main.yaml, in --target, or in a folder of --artifacts.

    Example:  seed-pipeline explain 2775de96
    """
    from seed_pipeline.pipeline.asking import scope
    from seed_pipeline.views.why.explain import explain as explained

    with scope(asked, artifacts) as there:
        found = explained(there, identifier)
    if as_json:
        print_json(found.to_json())
    else:
        typer.echo(found.text)
    return 0


@command(app, "file", *READ, *SETTINGS, "as_json")
def report(asked: "Wishes", file: Path, artifacts: Path | None, as_json: bool) -> int:
    """Write one HTML file to pass around: the cast, checks, pictures, stories, the demo script, how to make it again.

    Written also when a check fails, which it then says on top; the exit code is 1 as that of check.

    Example:  seed-pipeline report --out report.html
    """
    from seed_pipeline.cli import show
    from seed_pipeline.pipeline.reporting import of_artifacts, of_target
    from seed_pipeline.views.page import page_of, refuse, written

    refuse(file)
    source = of_target(asked) if artifacts is None else of_artifacts(asked, artifacts)
    written(page_of(source), file)
    if as_json:
        said = {"report": str(file), "passed": not source.failed, "rows": source.rows}
        print_json({**said, **show.judged_record(source.verdicts)})
    else:
        show.reported(source.verdicts, source.rows, source.settings, file)
    return REFUSED if source.failed else 0


@command(app, "target", *SETTINGS, "as_json")
def demo(asked: "Wishes", as_json: bool) -> int:
    """Print what to show in a loaded database, with IDs, query, expected and actual value. Exit 1 if one is off.

    Example:  seed-pipeline demo --target postgresql://me@localhost/app
    """
    from seed_pipeline.cli import show
    from seed_pipeline.pipeline.checking import settings_of_target
    from seed_pipeline.store import database
    from seed_pipeline.views.scenes import play

    settings = settings_of_target(asked)
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
    return REFUSED if failed else 0


_GRADED = ("alerts", "insights", "churn", "scores", "dashboard", "source", "warn_from", "tolerance")


@command(app, "target", *_GRADED, *LIMITS, *SETTINGS, "as_json")
def grade(asked: "Wishes", as_json: bool, **options: Any) -> int:
    """Grade what an application's services wrote into a seeded database against the answer key, which it only reads.

    Alerts, insights, churn risk, recomputed scores, dashboard figures. Exit code 1 if a grade is beyond a limit.

    Example:  seed-pipeline grade --churn churn_predictions.risk --min-recall 1 --min-auc 0.8
    """
    from seed_pipeline.cli import show
    from seed_pipeline.grade import Thresholds
    from seed_pipeline.grade import grade as graded

    limits = Thresholds(**{name: options.pop(name) for name in LIMITS})
    main = asked.settings().main
    options["dashboard"] = options["dashboard"] or ()
    grades = graded(main.target, target_schema=main.target_schema, thresholds=limits, **options)
    if as_json:
        print_json(grades.to_json())
    else:
        show.graded(grades, bool(limits.given))
    return REFUSED if grades.failures else 0


@command(app, "query", *READ, *SETTINGS, "as_json", "as_csv")
def sql(asked: "Wishes", query: str | None, artifacts: Path | None, as_json: bool, as_csv: bool) -> int:
    """Ask the dataset in SQL (DuckDB): tables, answer key, facts such as session_fact, settings. Nothing is changed.

    Example:  seed-pipeline sql "SELECT tutor_persona, avg(student_engagement_score) FROM session_fact GROUP BY 1"
    """
    from seed_pipeline.cli.asking import answer

    if as_json and as_csv:
        raise typer.BadParameter("name either --json or --csv, not both")
    answer(asked, artifacts, query, "json" if as_json else "csv" if as_csv else "")
    return 0
