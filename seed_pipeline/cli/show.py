"""How results look: for people on a terminal, and as plain values for scripts."""

import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from seed_pipeline.settings import Main, Settings

if TYPE_CHECKING:  # What is shown is there by then; loading it here would slow down every command that shows less.
    from seed_pipeline.grade import Grades
    from seed_pipeline.pipeline.running import Outcome
    from seed_pipeline.quality.verdict import Verdict
    from seed_pipeline.store.held import Held
    from seed_pipeline.store.plan import Plan
    from seed_pipeline.views.scenes import Scene

_COUNTS = (
    ("admin", "Created {:,} admin user"),
    ("tutors", "Created {:,} tutors"),
    ("students", "Created {:,} students"),
    ("sessions", "Generated {:,} sessions"),
    ("session_audio_metrics", "Saved {:,} completed sessions with metrics"),
    ("session_feedback", "Generated {:,} feedback entries"),
    ("session_transcript_highlights", "Generated {:,} transcript highlights"),
)


def summary(outcome: "Outcome", report: Path | None = None) -> None:
    """The end of a run: counts, verdicts, where the data is, what to do next."""
    out = _console()
    if outcome.loaded is None and outcome.refusals:
        return _refusal(out, outcome)
    if outcome.loaded is None:
        _tally(out, outcome.verdicts)
        return out.print("\nNothing was to be loaded; the database is as it was.")
    _counts(out, outcome.rows)
    _tally(out, outcome.verdicts)
    out.print()
    done = ", ".join(f"{count:,} {_DONE[what]}" for what, count in outcome.loaded.items())
    out.print(f"Database     {_place(outcome.settings)}  ({done})")
    for effect in outcome.effects:
        out.print(f"             {effect}")
    for line in outcome.afterwards:
        out.print(Text(f"❌ After the load: {line}", style="red"))
    _made(out, outcome.settings, outcome.fingerprint, report)


def unchanged(settings: Settings, there: "Held", report: Path | None = None) -> None:
    """The end of a run that found nothing to do."""
    out = _console()
    out.print("✅ Nothing to do: settings, code and every row are as they were when the checks passed")
    out.print(f"\nDatabase     {_place(settings)}  ({sum(there.rows.values()):,} rows as they were)")
    _made(out, settings, there.fingerprint, report)


def unchanged_record(settings: Settings, there: "Held") -> dict[str, Any]:
    """A run that found nothing to do, for --json: an outcome without verdicts, which passed in the run before."""
    from seed_pipeline.pipeline.running import Outcome

    rows = {"insert": 0, "update": 0, "delete": 0, "unchanged": sum(there.rows.values())}
    return outcome_record(Outcome(settings, there.rows, there.fingerprint, [], [], rows)) | {"nothing_to_do": True}


def _made(out: Console, settings: Settings, fingerprint: str, report: Path | None) -> None:
    if report is not None:
        out.print(f"Report       {report}")
    out.print(f"Made with    {world_line(settings)}")
    out.print(f"Fingerprint  {fingerprint[:16]}")
    out.print(f"Next         {_next(settings)}")


_DONE = {"insert": "rows new", "update": "changed", "delete": "gone", "unchanged": "as they were"}


def _place(settings: Settings) -> str:
    from seed_pipeline.store.target import file, parse, redact

    path = file(parse(settings.main.target))
    return f"{path}" if path else redact(settings.main.target)


def _next(settings: Settings) -> str:
    """What to type next, as it works from here: the command may not be on the path, the target not the usual one."""
    from seed_pipeline.store.target import redact

    command = Path(sys.argv[0]).absolute()
    here = command.relative_to(Path.cwd()) if command.is_relative_to(Path.cwd()) else command.name
    usual = settings.main.target == Main.model_fields["target"].default
    there = "" if usual else f" --target '{redact(settings.main.target)}'"
    return (
        f"make ui shows assets and checks; {here} check{there} lists every verdict; {here} explain ID{there} says why"
    )


def _refusal(out: Console, outcome: "Outcome") -> None:
    out.print(Text("Nothing was loaded; the database is as it was.", style="bold red"))
    told = [words for v in outcome.verdicts if v.failed for words in (v.name, v.finding)]
    for reason in outcome.refusals:
        if not any(words in reason for words in told):  # The recap tells those.
            out.print(f"  ✗ {reason}")
    _tally(out, outcome.verdicts)
    out.print("\nEvery verdict: seed-pipeline check --artifacts DIR, or the checks of the assets in make ui.")


_PLANNED = ("insert", "update", "delete", "unchanged", "foreign", "edited", "kept", "taken")


def plan(found: "Plan", refusals: Sequence[str]) -> None:
    """What a release would do, a line for each table, and why it would not be done."""
    out = _console()
    _tables(out, found)
    created = [name.partition(":")[2] for name in found.created if name.startswith("table:")]
    if created:
        out.print(f"Creates  {', '.join(created)}")
    for line in found.accepted:
        out.print(Text(f"{line}: it holds our values", style="dim"))
    for effect in found.effects:
        out.print(Text(effect.line, style="red" if effect.what == "refused" else "yellow"))
    for line in found.doubts:
        out.print(Text(f"? {line}: only a release can try that; where it does something else, all stays as it was"))
    for reason in refusals:
        out.print(Text(f"✗ {reason}", style="red"))
    if refusals or found.refused:
        out.print(Text(f"\n{found.target} would stay as it is: the release would be refused.", style="bold red"))
    else:
        verb = f"{found.changes:,} rows would be written" if found.changes else "nothing would be written"
        out.print(f"\n{found.target}: {verb}. Nothing was applied; seed-pipeline run does it.")


def cleaned(found: "Plan") -> None:
    """What `clean` removed, and what stays."""
    out = _console()
    if not found.tables:
        return out.print(f"{found.target}: there is nothing of ours in it.")
    _tables(out, found)
    for effect in found.effects:
        out.print(Text(effect.line, style="yellow"))
    out.print(
        f"\n{found.target}: {found.total('delete'):,} rows removed; {found.total('foreign'):,} of others are there."
    )


def _tables(out: Console, found: "Plan") -> None:
    """Counts in columns; kept and taken only where there are any."""
    shown = [what for what in _PLANNED if what in _PLANNED[:5] or found.total(what)]
    width = max((len(table.table) for table in found.tables), default=0)
    out.print(Text("".join([" " * width, *(f"{what:>12}" for what in shown)]), style="bold"))
    for table in found.tables:
        counts = (f"{getattr(table, what):,}" for what in shown)
        out.print("".join([f"{table.table:{width}}", *(f"{'·' if count == '0' else count:>12}" for count in counts)]))


def generated(settings: Settings, rows: Mapping[str, int], fingerprint: str, out_dir: Path) -> None:
    """The end of `generate`."""
    out = _console()
    _counts(out, rows)
    out.print(f"\nArtifacts    {out_dir}  ({sum(rows.values()):,} rows of Parquet)")
    out.print(f"Made with    {world_line(settings)}")
    out.print(f"Fingerprint  {fingerprint[:16]}")
    out.print(f"Next         seed-pipeline check --artifacts {out_dir}")


def verdicts(found: Sequence["Verdict"]) -> None:
    """Every verdict, a line each, by asset; at the end once more what failed, with what to do."""
    out = _console()
    for entity in dict.fromkeys(v.entity for v in found):
        out.print(Text(f"\n{entity}", style="bold"))
        for verdict in (v for v in found if v.entity == entity):
            out.print(Text(f"  {verdict.line}", style=_STYLE[verdict.state]))
    out.print()
    _tally(out, found)


_STYLE = {"passed": "green", "failed": "red", "warned": "yellow", "not judged": "dim"}


def _counts(out: Console, rows: Mapping[str, int]) -> None:
    admins = rows["users"] - rows["tutors"] - rows["students"]
    for name, line in _COUNTS:
        out.print(f"✅ {line.format({**rows, 'admin': admins}[name])}")
    if rows.get("truth_defects"):
        out.print(f"✅ Injected edge cases: {rows['truth_defects']:,} of these rows (truth_defects)")


def _tally(out: Console, found: Sequence["Verdict"]) -> None:
    """How many checks came out how, and of those that did not hold what was found, what to do and the first rows."""
    from seed_pipeline.quality.verdict import STATES, tally

    wrong = sorted((v for v in found if v.failed), key=lambda v: STATES.index(v.state))
    mark = "❌" if any(v.blocking for v in wrong) else "✅"
    out.print(f"{mark} Checks: {tally(found)}")
    for verdict in wrong:
        out.print(Text(f"  {verdict.line}", style=_STYLE[verdict.state]))
        hints = [f"set by {verdict.setting}" if verdict.setting else "", verdict.hint]
        out.print(f"             {'; '.join(h for h in hints if h)}")
        for row in verdict.evidence[:3]:
            out.print(f"             {', '.join(f'{key} {value}' for key, value in row.items())}")


def reported(found: Sequence["Verdict"], rows: Mapping[str, int], settings: Settings, path: Path) -> None:
    """The end of `report`."""
    out = _console()
    out.print(f"Report       {path}  ({path.stat().st_size // 1024:,} KB)")
    out.print(f"About        {sum(rows.values()):,} rows, {world_line(settings)}")
    _tally(out, found)


def scenes(found: Sequence["Scene"]) -> None:
    """The demo script: what to show, whom, the query, what has to come out and what does."""
    out = _console()
    for number, scene in enumerate(found, start=1):
        style = {True: "bold green", False: "bold red", None: "bold"}[scene.holds]
        out.print(Text(f"\n{number}. {scene.title}", style=style))
        for label, words in (("Why", scene.why), ("Show", scene.show), ("Note", scene.said)):
            if words:
                out.print(f"   {label:5} {words}")
        for name, value in scene.subject.items():
            out.print(f"         {name} {value}")
        for fact in scene.facts:
            out.print(f"   {'✅' if fact.holds else '❌'} {fact.column} {fact.actual}; expected {fact.expected}")
        for column in scene.beside:
            out.print(f"      {column} {scene.row[column]}")
        for line in scene.query.splitlines():
            out.print(Text(f"      {line}", style="dim"))
    judged = [scene for scene in found if scene.holds is not None]
    rest = f", {len(found) - len(judged)} not judged" if len(judged) < len(found) else ""
    out.print(f"\n{sum(scene.holds is True for scene in judged)} of {len(judged)} hold as expected{rest}")


def graded(found: "Grades", limited: bool) -> None:
    """The grades of an application's services, and which of them are beyond a limit."""
    out = _console()
    out.print(found.text)
    for failure in found.failures:
        out.print(Text(f"❌ {failure}", style="red"))
    if limited and not found.failures:
        out.print("✅ every grade is within its limit")


def world(settings: Settings) -> dict[str, Any]:
    """Seed, size and window as plain values."""
    main = settings.main
    first = main.as_of - timedelta(days=main.days)
    return {
        "seed": main.seed,
        "sessions": main.total_sessions,
        "as_of": main.as_of.isoformat(),
        "from": first.isoformat(),
        "time_zone": main.time_zone,
    }


def world_line(settings: Settings) -> str:
    """Seed, size and window in words."""
    main = settings.main
    first, last = main.as_of - timedelta(days=main.days), main.as_of - timedelta(days=1)
    clock = "" if main.time_zone == "UTC" else f" by the clocks of {main.time_zone}, stored in UTC"
    return f"seed {main.seed}, {main.total_sessions:,} sessions from {first} to {last}{clock}"


def outcome_record(outcome: "Outcome") -> dict[str, Any]:
    """An outcome for --json."""
    from seed_pipeline.store.target import redact

    return {
        "loaded": outcome.loaded,
        "refusals": outcome.refusals,
        "effects": list(outcome.effects),
        "afterwards": list(outcome.afterwards),
        "target": redact(outcome.settings.main.target),
        "world": world(outcome.settings),
        "fingerprint": outcome.fingerprint,
        "rows": outcome.rows,
        **judged_record(outcome.verdicts),
    }


def judged_record(found: Sequence["Verdict"]) -> dict[str, Any]:
    """Verdicts for --json, each with its state, and how many there are of each."""
    from seed_pipeline.quality.verdict import counted

    return {"checks": counted(found), "verdicts": [{"state": v.state, **v.to_json()} for v in found]}


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
