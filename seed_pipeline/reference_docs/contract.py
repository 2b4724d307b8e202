"""docs/contract.md: every statement that is judged, from configs/targets.yaml."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from seed_pipeline.quality import sql
from seed_pipeline.settings import Settings
from seed_pipeline.settings.targets import EXPECTATIONS, Target, conditions, expectation, lines, look_up
from seed_pipeline.settings.told import told

CHAPTERS = {
    "C": "Cast and counts",
    "O": "Session outcomes",
    "A": "Data availability",
    "T": "Tutor personas",
    "S": "Student personas",
    "D": "Time",
    "R": "Cause and effect",
    "N": "Stories",
    "K": "The answer key",
    "P": "What the platform's own services see",
    "Q": "Integrity",
}
BY_TESTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "D5": (
        "Another as_of moves timestamps only: every other value of every row, every ID included, is the same; alerts "
        "of the platform aside, which are about the days before as_of",
        ("core/test_dataset.py::test_another_as_of_moves_timestamps_only",),
    ),
    "R11": (
        "Switching one rule off changes only the sessions that trigger it and what follows from them",
        ("core/test_dataset.py::test_switching_a_rule_off_changes_only_its_sessions",),
    ),
    "X1": (
        "Same seed, configuration and as_of: the same tables, on every run and for every chunk size",
        (
            "core/test_dataset.py::test_the_same_settings_give_the_same_data",
            "core/test_dataset.py::test_chunks_add_up_to_the_whole",
        ),
    ),
    "X2": ("Another seed gives other data", ("core/test_dataset.py::test_another_seed_gives_other_data",)),
    "X3": (
        "A draw depends on its own keys: what is not downstream of a setting stays as it was",
        (
            "test_blast_radius.py::test_a_tweak_reaches_what_it_may_and_nothing_else",
            "core/test_randomness.py::test_a_draw_depends_on_its_own_key_only",
        ),
    ),
    "X4": (
        "IDs are derived from the seed and the entity's key",
        (
            "core/test_randomness.py::test_ids_are_distinct_and_well_formed",
            "core/test_randomness.py::test_known_draws_stay_the_same_for_ever",
        ),
    ),
    "X5": (
        "Growing total_sessions by whole cohorts only appends; the dashboard's figures of the whole platform aside",
        ("core/test_dataset.py::test_growing_by_cohorts_only_appends",),
    ),
}
"""Statements that compare several datasets: what they say, and the tests below seed_pipeline_tests/ that hold them."""

_HEAD = """# The contract

What the generated data satisfies, statement by statement. Written from `configs/targets.yaml` by
`python -m seed_pipeline.reference_docs`: edit the settings, then run that again.

Each row is one check of the same name, on the asset named; its block in `configs/targets.yaml` is `statements.NAME`.
The number in front is the contract's ID. *Expected* shows the shipped settings; where it comes from another setting, a
tweak there moves it. *At {small}* and *at {large}* say how far the observed may be off at that many sessions: pp are
percentage points, *n counts* are n rows more or less, a dash means that the expected range itself is the limit. Between
the sizes, the tolerance shrinks with the data. A failure holds the release back, except where *warns* is said.

Every check is a query: `seed-pipeline check --sql NAME` prints it with its parameters filled in, and with
`--artifacts DIR` all that `duckdb` needs to run it. Those that no form covers are linked.
"""


def contract_page(settings: Settings) -> str:
    """The whole page."""
    targets = settings.targets
    parts = [_HEAD.format(small=f"{targets.small_at:,}", large=f"{targets.large_from:,}")]
    letters = dict.fromkeys([*CHAPTERS, *(name[0] for name in targets.statements)])
    for letter in letters:
        rows = {name: t for name, t in targets.statements.items() if name[0] == letter}
        if rows:
            parts.append(_chapter(letter, rows, settings))
    return "\n".join([*parts, _by_tests()])


def _chapter(letter: str, statements: Mapping[str, Target], settings: Settings) -> str:
    sizes = (f"At {settings.targets.small_at:,}", f"At {settings.targets.large_from:,}")
    head = ("Check", "Statement", "Measured", "Expected", *sizes, "Set by")
    rows = [_row(name, target, settings) for name, target in statements.items()]
    return f"## {letter}. {CHAPTERS.get(letter, 'Own statements')}\n\n{table(head, rows)}\n"


def _row(name: str, target: Target, settings: Settings) -> tuple[str, ...]:
    section, _, key = target.setting.partition(".")
    warns = "" if target.blocking else ", warns"
    return (
        f"`{name}` on {target.entity}{warns}",
        told(target, settings).title,
        measured(target, settings),
        expected(target, settings),
        "not judged" if target.only_large else tolerance(target, settings, large=False),
        tolerance(target, settings, large=True),
        f"`{section}.yaml`, {key}",
    )


def measured(target: Target, settings: Settings) -> str:
    """What is measured, in words."""
    if target.measure is not None:
        said = "Keys and references." if target.measure == "keys" else sql.queries()[target.measure]
        said = said.rstrip(".")
        if target.measure != "keys":
            return f"[{said[:1].lower()}{said[1:]}](../seed_pipeline/quality/queries/{target.measure}.sql)"
        return said[:1].lower() + said[1:]
    rows = target.of if target.of != "sessions" or not target.where else "sessions"
    where = f" with {_all(target.where, settings)}" if target.where else ""
    by = f", per {target.by}" if target.by else ""
    if target.correlation:
        return f"correlation of {' and '.join(target.correlation)} over {rows}{where}"
    if target.each:
        return f"{target.each} of each of the {rows}{where}{by}"
    what = f"share with {_all(target.share, settings)}" if target.share else f"mean of {target.mean}"
    if target.split:
        sides = "difference" if target.compare == "difference" else "ratio"
        averaged = f", averaged within {target.within}" if target.within else ""
        among = f", of {rows}{where}" if where else ""
        return f"{sides} of the {what} between {rows} with `{target.split}` and others{among}{by}{averaged}"
    return f"{what}, of {rows}{where}{by}"


def _all(texts: tuple[str, ...] | str | None, settings: Settings) -> str:
    return " and ".join(
        f"`{said if '{' in text else text}`"
        for text, said in zip(lines(texts), conditions(texts, settings), strict=True)
    )


def expected(target: Target, settings: Settings) -> str:
    """What is expected under these settings, or the measure's own parameters."""
    found = []
    for key in EXPECTATIONS:
        value = expectation(target, key, settings)
        if value is not None:
            word = "" if key in ("expected", "inside") else key.replace("_", " ") + " "
            found.append(word + shown(value))
    if target.scale:
        found = [f"{target.scale[0]:g} to {target.scale[1]:g} times {found[0]}"]
    parameters = [f"{key.replace('_', ' ')} {_parameter(value, settings)}" for key, value in target.using.items()]
    return ", ".join([*found, *parameters]) or "no fault"


def _parameter(value: Any, settings: Settings) -> str:
    path = isinstance(value, str) and value.count(".") > 1
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    return shown(look_up(settings, value) if path else value)


def shown(value: Any) -> str:
    """A number, a range, a list or one of these for each persona."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name} {shown(item)}" for name, item in value.items())
    if isinstance(value, tuple | list):
        numbers = len(value) == 2 and all(isinstance(v, int | float) for v in value)
        return f"{value[0]:g} to {value[1]:g}" if numbers else ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value).lower()


def tolerance(target: Target, settings: Settings, *, large: bool) -> str:
    """How far off the observed may be, at the small or at the large size."""
    given, plain = target.tolerance, target.expected is not None and target.scale is None
    unit = _share if target.share or target.mean == "follow_up_booked" else "{:g}".format
    found = []
    if given.large:
        found.append(f"±{unit(given.large)}")
    if given.relative:
        found.append(f"±{100 * given.relative:g} %")
    if not large and given.small:
        found.append(f"±{unit(given.small)}")
    if given.counts is not None and not (large and found):
        found.append(_counts(given.counts))
    if plain and not found:
        return "exact, rounded"
    if plain and given.counts is None and not large and not given.small:
        return (
            "exact, rounded"
            if settings.targets.small_at <= 1 / max(given.large, given.relative)
            else " or ".join(found)
        )
    return " or ".join(found) or "–"


def _share(value: float) -> str:
    return f"{100 * value:g} pp"


def _counts(counts: float | tuple[float, float]) -> str:
    if isinstance(counts, tuple):
        return f"-{counts[0]:g} / +{counts[1]:g} counts"
    return f"±{counts:g} count{'' if counts == 1 else 's'}"


def _by_tests() -> str:
    rows = [(f"`{name}`", words, "<br>".join(f"`{t}`" for t in tests)) for name, (words, tests) in BY_TESTS.items()]
    head = (
        "## Held by tests\n\nWhat only a comparison of datasets can show; the tests are below `seed_pipeline_tests/`.\n"
    )
    return f"{head}\n{table(('ID', 'Statement', 'Test'), rows)}\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    cells = [head, tuple("---" for _ in head), *(tuple(c.replace("|", "\\|") for c in row) for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)
