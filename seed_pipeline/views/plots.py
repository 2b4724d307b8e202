"""Pictures of a dataset that people look at, as PNG. Drawn from sums, so that size does not matter.

`pictures(chunks, settings)` gives name → PNG bytes, `drawn` the same from the sums that `counted` took of each chunk;
`markdown(title, png)` embeds one where markdown is shown.
"""

from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Mapping
from io import BytesIO

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from seed_pipeline.quality.injected import ordinary
from seed_pipeline.settings import Settings
from seed_pipeline.settings.probabilities import WEEKDAYS
from seed_pipeline.views.observation import Chunk
from seed_pipeline.views.sums import Part, by_label

INK, LIGHT, ACCENT = "#2b3a55", "#c9d3e6", "#d9702b"
Tables = Mapping[str, pd.DataFrame]
Counts = Mapping[str, np.ndarray]


def _whole(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), -1, values).astype(int)


def _labels(*columns: np.ndarray) -> np.ndarray:
    return np.array(["|".join(map(str, row)) for row in zip(*columns, strict=True)], dtype=object)


def counted(chunk: Chunk) -> dict[str, Part]:
    """The sums that each picture needs, of one chunk; those of several add up."""
    s = chunk.sessions
    done = s["status"] == "completed"
    day = chunk.local("sessions", "scheduled_start").astype("datetime64[D]")
    grid = _labels(_whole(s["weekday"]), _whole(s["hour"]))
    parts = {
        "sessions_per_day": Part(by_label(day.astype(str))),
        "hours_and_weekdays": Part(by_label(grid)),
        "outcomes": Part(by_label(s["status"])),
    }
    if chunk.has("session_audio_metrics"):
        talk, engagement = s["tutor_talk_ratio"][done], s["student_engagement_score"][done]
        parts["talk_and_engagement"] = Part(by_label(_labels(_whole(talk * 50), _whole(engagement * 4))))
    if chunk.has("truth_personas"):
        rated = done & ~np.isnan(s["student_satisfaction_rating"])
        parts["rating_by_persona"] = Part(
            by_label(_labels(s["tutor_persona"], _whole(s["student_satisfaction_rating"]))[rated])
        )
        story = np.where(chunk.students["safe"] == 1, "safe", np.where(chunk.students["lost"] == 1, "lost", "others"))
        label = _labels(chunk.students["student_persona"], story)
        parts["churn_by_story"] = Part(by_label(label, chunk.students["churned"]))
    return parts


def pictures(chunks: Iterable[Tables], settings: Settings, names: Collection[str] | None = None) -> dict[str, bytes]:
    """Every picture that the tables allow (or those of `names`), as PNG bytes."""
    total: dict[str, Part] = {}
    for tables in chunks:
        for name, part in counted(Chunk(ordinary(tables, settings), settings)).items():
            total[name] = total.get(name, Part()) + part
    return drawn({n: part for n, part in total.items() if names is None or n in names}, settings)


def drawn(total: Mapping[str, Part], settings: Settings) -> dict[str, bytes]:
    """The pictures that these sums allow, as PNG bytes."""
    wanted = {name: part.sums for name, part in total.items() if name in _PICTURES and part.sums}
    return {name: _once(name, sums, settings) for name, sums in wanted.items()}


def _once(name: str, sums: Counts, settings: Settings) -> bytes:
    """The picture, drawn unless the last one of that name showed the same: assets, checks and report share theirs."""
    content = tuple((label, tuple(vector)) for label, vector in sums.items())
    known = _LAST.get(name)
    if known is None or known[0] != content or known[1] is not settings:
        known = _LAST[name] = (content, settings, _drawn(_PICTURES[name], sums, settings))
    return known[2]


_LAST: dict[str, tuple[tuple, Settings, bytes]] = {}


def markdown(title: str, png: bytes) -> str:
    """A picture as markdown that needs no other file."""
    return f"![{title}](data:image/png;base64,{b64encode(png).decode()})"


def _drawn(draw: Callable[[Axes, Counts, Settings], None], sums: Counts, settings: Settings) -> bytes:
    figure = Figure(figsize=(7, 3.6), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    draw(axes, sums, settings)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _per_day(axes: Axes, sums: Counts, settings: Settings) -> None:
    days = sorted(day for day in sums if day != "NaT")
    axes.bar(range(len(days)), [sums[d][0] for d in days], color=INK)
    shown = range(0, len(days), max(1, len(days) // 8))
    axes.set_xticks(list(shown), [days[i][5:] for i in shown])
    axes.set(title="Sessions per day", ylabel="sessions")


def _grid(axes: Axes, sums: Counts, settings: Settings) -> None:
    table = np.zeros((7, 24))
    for label, (n, *_) in sums.items():
        weekday, hour = map(int, label.split("|"))
        if weekday >= 0:
            table[weekday, hour] += n
    shown = [h for h in range(24) if table[:, h].any()] or [0]
    first, last = min(shown), max(shown)
    image = axes.imshow(table[:, first : last + 1], cmap="Blues", aspect="auto")
    axes.set_xticks(range(last - first + 1), [str(h) for h in range(first, last + 1)])
    axes.set_yticks(range(7), [d.capitalize()[:3] for d in WEEKDAYS])
    axes.set(title="Sessions by weekday and hour", xlabel=f"hour, {settings.main.time_zone}")
    axes.figure.colorbar(image, ax=axes, label="sessions")


def _outcomes(axes: Axes, sums: Counts, settings: Settings) -> None:
    outcomes = settings.probabilities.outcomes
    names = ("completed", "no_show_student", "no_show_tutor", "rescheduled")
    total = sum(v[0] for v in sums.values())
    places = np.arange(len(names))
    seen = [sums[n][0] / total if n in sums else 0.0 for n in names]
    axes.barh(places + 0.2, seen, 0.38, color=INK, label="observed")
    axes.barh(places - 0.2, [getattr(outcomes, n) for n in names], 0.38, color=LIGHT, label="configured")
    for place, share in zip(places, seen, strict=True):
        axes.text(share + 0.005, place + 0.2, f"{share:.1%}", va="center", fontsize=8)
    axes.set_yticks(places, [n.replace("_", " ") for n in names])
    axes.set(title="Outcomes of all sessions", xlabel="share")
    axes.legend(frameon=False)


def _talk(axes: Axes, sums: Counts, settings: Settings) -> None:
    points = np.array([[*map(int, label.split("|")), v[0]] for label, v in sums.items()], dtype=float)
    x, y, n = points[:, 0] / 50, points[:, 1] / 4, points[:, 2]
    axes.scatter(x + 0.01, y + 0.125, s=14 + 60 * n / n.max(), color=INK, alpha=0.6, linewidths=0)
    for rule in settings.correlations.rules:
        for condition in rule.when:
            if condition.fact == "tutor_talk_ratio" and condition.operator in (">", ">=") and len(rule.when) == 1:
                limit = float(condition.value)
                axes.axvline(limit, color=ACCENT, linestyle="--")
                axes.text(limit + 0.005, 10.0, f"{rule.name} {condition.operator} {limit:g}", color=ACCENT, fontsize=8)
    axes.set(title="Tutor talk against engagement", xlabel="tutor talk ratio", ylabel="engagement", ylim=(0, 10.5))


def _ratings(axes: Axes, sums: Counts, settings: Settings) -> None:
    personas = list(settings.personas.tutors)
    base = np.zeros(len(personas))
    for stars, shade in zip(range(1, 6), ("#b5452c", "#e39b6d", "#d8d8d8", "#8fa6cc", INK), strict=True):
        counts = np.array([sums.get(f"{p}|{stars}", np.zeros(1))[0] for p in personas])
        total = np.array([sum(sums.get(f"{p}|{k}", np.zeros(1))[0] for k in range(1, 6)) for p in personas])
        part = np.divide(counts, total, out=np.zeros(len(personas)), where=total > 0)
        axes.barh(range(len(personas)), part, left=base, color=shade, label=f"{stars}")
        base += part
    axes.set_yticks(range(len(personas)), [p.replace("_", " ") for p in personas])
    axes.invert_yaxis()
    axes.set(title="Ratings by tutor persona", xlabel="share of feedback")
    axes.legend(title="stars", ncols=5, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.2))


def _churn(axes: Axes, sums: Counts, settings: Settings) -> None:
    rows = [(f"{p} ({story})" if story != "others" else p, *sums[f"{p}|{story}"]) for p in settings.personas.students
            for story in ("safe", "others", "lost") if f"{p}|{story}" in sums]  # fmt: skip
    axes.barh(
        range(len(rows)),
        [churned / n for _, n, churned in rows],
        color=[ACCENT if "lost" in r[0] else INK for r in rows],
    )
    for place, (_, n, churned) in enumerate(rows):
        axes.text(churned / n + 0.01, place, f"{churned:,.0f} of {n:,.0f}", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [r[0] for r in rows])
    axes.invert_yaxis()
    axes.set(title="Churn by student persona and story", xlabel="share churned", xlim=(0, 1.15))


_PICTURES: Mapping[str, Callable[[Axes, Counts, Settings], None]] = {
    "sessions_per_day": _per_day,
    "hours_and_weekdays": _grid,
    "outcomes": _outcomes,
    "talk_and_engagement": _talk,
    "rating_by_persona": _ratings,
    "churn_by_story": _churn,
}
