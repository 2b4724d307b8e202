"""Every option and argument of every command, once, and the decorator that hands them to a command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any

import typer

from seed_pipeline import CONFIGS

Work = Callable[..., Any]
_WORLD, _PLACES, _OUTPUT = "The world", "Where from, where to", "Output"
_WRITTEN, _LIMITS = "What the application wrote", "Limits (exit code 1 beyond them)"
_KINDS = {int: "INT", Path: "DIR"}


@dataclass(frozen=True)
class _Given:
    """The type of a parameter, what Typer needs to know of it, and its default."""

    annotation: Any
    default: Any = None

    def parameter(self, name: str) -> Parameter:
        return Parameter(name, Parameter.KEYWORD_ONLY, default=self.default, annotation=self.annotation)


def _option(
    flag: str, text: str, panel: str, kind: Any = str, metavar: str = "", default: Any = None, **more: Any
) -> _Given:
    more |= {} if kind is bool else {"metavar": metavar or _KINDS.get(kind, "NAME")}
    kind = list[str] if kind is list else kind
    return _Given(Annotated[kind | None, typer.Option(flag, help=text, rich_help_panel=panel, **more)], default)


def _kept(flag: str, text: str, panel: str, default: Any = None) -> _Given:
    said = f"{text[:-1]}: a folder, or a URL such as s3://bucket/seed."
    return _option(flag, said, panel, Path, default=default, parser=_place)


def _place(value: str) -> Path:
    from seed_pipeline.store.places import place

    return place(value)


def _argument(metavar: str, text: str, default: Any = None) -> _Given:
    return _Given(Annotated[str | None, typer.Argument(help=text, metavar=metavar)], default)


def _share(flag: str, text: str) -> _Given:
    return _option(flag, text, _LIMITS, float, "SHARE", min=0, max=1)


def _as_of(value: str | None) -> str | None:
    if value is None or value == "today":
        return value
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise typer.BadParameter(f"{value!r} is no date; write YYYY-MM-DD, for example 2026-03-01, or today") from None


def _whole(value: str) -> int:
    try:
        return int(value) if value.isascii() else int("")
    except ValueError:
        raise typer.BadParameter(f"{value!r} is no whole number") from None


def _presets() -> list[str]:
    return sorted(path.stem for path in (CONFIGS / "presets").glob("*.yaml"))


def _named_in(file: str, key: str) -> Callable[[], list[str]]:
    """The names under a key of a shipped file, for the shell to complete."""

    def names() -> list[str]:
        from seed_pipeline.settings.files import read_section

        return [str(item["name"] if isinstance(item, Mapping) else item) for item in read_section(CONFIGS, file)[key]]

    return names


_FOREIGN, _EDITED = ("refuse", "keep", "cascade"), ("overwrite", "keep", "refuse")
OPTIONS: Mapping[str, _Given] = {
    "seed": _option("--seed", "Random seed. The same seed gives the same data.", _WORLD, int, parser=_whole),
    "sessions": _option(
        "--sessions", "Number of sessions. The cast grows with it, 6 tutors and 20 students for each 150.",
        _WORLD, int, parser=_whole,
    ),
    "as_of": _option(
        "--as-of", "Date that closes the window, YYYY-MM-DD or today.", _WORLD, metavar="DATE", callback=_as_of
    ),
    "feedback": _option(
        "--feedback", "Share of completed sessions with feedback; the student personas' own rates follow.",
        _WORLD, float, "SHARE", min=0, max=1,
    ),
    "presets": _option(
        "--preset", "Lay configs/presets/NAME.yaml over the settings. Repeatable.", _WORLD, list,
        autocompletion=_presets,
    ),
    "overrides": _option(
        "--set",
        "Change any setting: section.key.path=value, for example personas.tutors.star.count=3. Repeatable.",
        _WORLD, list, "KEY=VALUE",
    ),
    "disabled_rules": _option(
        "--disable-rule", "Switch off a rule of configs/correlations.yaml by its name. Repeatable.", _WORLD, list,
        autocompletion=_named_in("correlations", "rules"),
    ),
    "answer_key": _option(" /--no-answer-key", "Load the platform's tables without the truth_* tables.", _WORLD, bool),
    "workers": _option(
        "--workers", "Workers of a Dask cluster on this machine that make the chunks (extra: cluster).", _PLACES, int,
        min=1, max=256,
    ),
    "scheduler": _option(
        "--scheduler", "A Dask cluster that is there, tcp://host:8786; it sees the same folder or URL.", _PLACES,
        metavar="URL",
    ),
    "config": _option("--config", "Folder of settings instead of the shipped configs/.", _PLACES, Path),
    "target": _option(
        "--target", "Database: sqlite:///path or postgresql://user@host/name (the password comes from PGPASSWORD).",
        _PLACES, metavar="URL",
    ),
    "on_foreign": _option(
        "--on-foreign",
        "Where one of our rows has to go and a row of others needs it, or both have the same key: refuse, "
        "keep (ours stays) or cascade (theirs goes).",
        _PLACES, metavar="CHOICE", autocompletion=lambda: list(_FOREIGN),
    ),
    "on_edited": _option(
        "--on-edited",
        "Where this release would change or remove a row of ours that somebody edited: overwrite, keep (it "
        "stays as it is) or refuse.",
        _PLACES, metavar="CHOICE", autocompletion=lambda: list(_EDITED),
    ),
    "empty_foreign_data": _option(
        "--empty-foreign-data", "Also remove every row of the platform's tables that this pipeline did not write.",
        _PLACES, bool,
    ),
    "allow_production": _option(
        "--allow-production", "Write to a database although its name smells of production.", _PLACES, bool
    ),
    "artifacts": _kept("--artifacts", "Parquet artifacts, instead of a database.", _PLACES),
    "made": _kept("--artifacts", "Parquet artifacts, instead of making them.", _PLACES),
    "keep": _kept("--artifacts", "Keep the Parquet artifacts and verdicts there.", _PLACES),
    "generated": _kept("--artifacts", "What generate made.", _PLACES, Parameter.empty),
    "out": _kept("--out", "Where the Parquet artifacts go.", _OUTPUT, Parameter.empty),
    "empty": _option(
        "--out", "Folder to write, new or empty, or a URL such as s3://bucket/seed.", _OUTPUT, metavar="DIR",
        default=Parameter.empty,
    ),
    "file": _option("--out", "File to write; its folder has to be there.", _OUTPUT, Path, "FILE", Parameter.empty),
    "as_json": _option("--json", "Print one JSON object instead of prose.", _OUTPUT, bool, default=False),
    "as_csv": _option("--csv", "Print the rows as CSV.", _OUTPUT, bool, default=False),
    "statement": _option(
        "--sql", "Print the queries of one statement instead; with --artifacts, ready to paste into duckdb.", _OUTPUT,
        autocompletion=_named_in("targets", "statements"),
    ),
    "identifier": _argument("ID", "ID of a session, student or tutor, or the beginning of one.", Parameter.empty),
    "key": _argument("KEY", "A section or key, for example personas.tutors.star. Default: everything."),
    "query": _argument("QUERY", "One SELECT; without it a prompt opens, or the query is read from a pipe."),
    "alerts": _option("--alerts", "Its table of alerts.", _WRITTEN, metavar="TABLE", default="alerts"),
    "insights": _option("--insights", "Its table of insights.", _WRITTEN, metavar="TABLE", default="tutor_insights"),
    "churn": _option(
        "--churn", "Its churn risk, a share or percent for each student: a column of a table, view or CSV file.",
        _WRITTEN, metavar="TABLE.COLUMN[:KEY]",
    ),
    "scores": _option(
        "--scores", "Its recomputed scores, 0-10 for each session.", _WRITTEN, metavar="TABLE.COLUMN[:KEY]"
    ),
    "dashboard": _option(
        "--dashboard",
        "What its dashboard shows: a table shaped like truth_dashboard, or METRIC=TABLE.COLUMN (METRIC@previous "
        "for the 30 days before, TABLE.COLUMN:KEY for a figure of each tutor). Repeatable.",
        _WRITTEN, list, "TABLE",
    ),
    "source": _option(
        "--source", "Whose alerts are right: platform (its own rules), seed (the finer ones) or all.", _WRITTEN,
        default="platform", autocompletion=lambda: ["platform", "seed", "all"],
    ),
    "warn_from": _option(
        "--warn-from", "Risk from which on a student is warned of.", _WRITTEN, float, "SHARE", 0.40, min=0, max=1
    ),
    "tolerance": _option(
        "--tolerance", "How far a dashboard's figure may be off.", _WRITTEN, float, "NUMBER", 0.001, min=0
    ),
    "min_precision": _share("--min-precision", "Least precision of each type of alert."),
    "min_recall": _share("--min-recall", "Least recall of each type of alert."),
    "min_severity": _share("--min-severity", "Least share of the right alerts with the right severity, by type."),
    "min_insight_precision": _share("--min-insight-precision", "Least precision of each category of insights."),
    "min_insight_recall": _share("--min-insight-recall", "Least recall of each category of insights."),
    "min_auc": _share("--min-auc", "Least AUC of the churn risk."),
    "min_churn_precision": _share("--min-churn-precision", "Least precision of churn warnings."),
    "min_churn_recall": _share("--min-churn-recall", "Least recall of churn warnings."),
    "max_calibration_error": _share(
        "--max-calibration-error", "Most that the said risk and the share who left may differ, on average."
    ),
    "min_correlation": _option(
        "--min-correlation", "Least correlation of the recomputed scores.", _LIMITS, float, "NUMBER", min=0
    ),
    "max_bias": _option(
        "--max-bias", "Most that the recomputed scores may be off on average, either way.", _LIMITS, float, "NUMBER",
        min=0,
    ),
    "max_wrong_figures": _option(
        "--max-wrong-figures", "Most figures of the dashboard that may differ.", _LIMITS, int, "COUNT", min=0
    ),
}  # fmt: skip
SETTINGS = ("presets", "overrides", "config")
WORLD = ("seed", "sessions", "as_of", "feedback", "presets", "overrides", "disabled_rules")
DATABASE = ("config", "target", "on_foreign", "on_edited", "empty_foreign_data", "allow_production")
READ = ("target", "artifacts")
CLUSTER = ("workers", "scheduler")
LIMITS = tuple(name for name in OPTIONS if name.startswith(("min_", "max_")))


def command(app: typer.Typer, *names: str) -> Callable[[Work], Work]:
    """Register a command with these of OPTIONS: called with the wishes that they come to, and with all others by name.

    What the command returns is the exit code.
    """

    def register(work: Work) -> Work:
        def called(**given: Any) -> int:
            if set(CLUSTER) <= set(names) and given["sessions"]:
                from seed_pipeline.pipeline.hands import expect

                expect(given)
            from seed_pipeline.pipeline.wishes import Wishes

            if given.get("artifacts") is not None and given.get("target") is not None:
                raise typer.BadParameter("name either --target or --artifacts, not both")
            asked, others = Wishes.given(given)
            return work(asked, **others)

        called.__dict__["__signature__"] = Signature([OPTIONS[name].parameter(name) for name in names])
        called.__doc__ = work.__doc__
        app.command(work.__name__.removeprefix("config_"))(called)
        return work

    return register
