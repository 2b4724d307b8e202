"""What is drawn of a picture's rows, with the targets in it; each function returns what is to be seen, in words."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from matplotlib.axes import Axes

from seed_pipeline.settings import Settings
from seed_pipeline.settings.probabilities import WEEKDAYS
from seed_pipeline.views.words import counted, word

INK, LIGHT, ACCENT = "#2b3a55", "#c9d3e6", "#d9702b"
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85}
Rows = Sequence[Mapping[str, Any]]
Draw = Callable[[Axes, Rows, Settings], str]


def talk(axes: Axes, rows: Rows, settings: Settings) -> str:
    """Talk against engagement, with the line of the rule."""
    rules = [(rule, c) for rule in settings.correlations.rules for c in rule.when if len(rule.when) == 1]
    rule, limit = next(
        ((r, float(c.value)) for r, c in rules if c.fact == "tutor_talk_ratio" and c.operator in (">", ">=")),
        (None, 1.0),
    )
    largest = max(row["n"] for row in rows)
    sizes = [14 + 60 * row["n"] / largest for row in rows]
    axes.scatter([r["talk"] for r in rows], [r["engagement"] for r in rows], sizes, INK, alpha=0.6, linewidths=0)
    if rule:
        axes.axvline(limit, color=ACCENT, linestyle="--")
        axes.text(limit + 0.01, 10.2, f"{rule.name} > {limit:g}", color=ACCENT, fontsize=8)
    axes.set(xlabel="tutor talk ratio", ylabel="engagement", xlim=(0, 1), ylim=(0, 10.6), yticks=range(0, 11, 2))
    said = []
    for words, part in (
        ("Up to", [r for r in rows if r["talk"] <= limit]),
        ("above", [r for r in rows if r["talk"] > limit]),
    ):
        n = sum(row["n"] for row in part)
        if n:
            mean = sum(row["n"] * row["engagement"] for row in part) / n
            said.append(
                f"{words} a talk ratio of {limit:g}, {counted(n, 'session')} with a mean engagement of {mean:.1f}"
            )
    return f"Each dot a group of sessions, at its mean. {'; '.join(said)}."


def ratings(axes: Axes, rows: Rows, settings: Settings) -> str:
    """Shares of stars by tutor persona, with the declared means."""
    personas, said = list(settings.personas.tutors), []
    counts = {(row["persona"], row["stars"]): row["n"] for row in rows}
    for place, persona in enumerate(personas):
        stars = [counts.get((persona, k), 0) for k in range(1, 6)]
        n, left = sum(stars), 0.0
        for k, shade in enumerate(("#b5452c", "#e39b6d", "#d8d8d8", "#8fa6cc", INK)):
            part = stars[k] / n if n else 0.0
            axes.barh(place, part, left=left, color=shade, label=str(k + 1) if place == 0 else None)
            left += part
        if n:
            mean, (low, high) = sum(k * s for k, s in enumerate(stars, 1)) / n, settings.personas.tutors[persona].rating
            axes.text(1.01, place, f"mean {mean:.2f}, declared {low:g} to {high:g}", va="center", fontsize=8)
            said.append(f"{word(persona)} {mean:.2f} stars on average of {counted(n, 'rating')}")
    axes.set_yticks(range(len(personas)), [word(p) for p in personas])
    axes.invert_yaxis()
    axes.set(xlabel="share of feedback", xlim=(0, 1.45), xticks=[0, 0.25, 0.5, 0.75, 1])
    axes.legend(title="stars", ncols=5, frameon=False, loc="upper center", bbox_to_anchor=(0.35, -0.2))
    return f"Shares of one to five stars for each tutor persona: {', '.join(said)}."


def grid(axes: Axes, rows: Rows, settings: Settings) -> str:
    """Weekdays by hours, the peak framed."""
    first, last = (pick(row["hour"] for row in rows) for pick in (min, max))
    table = [[0] * (last - first + 1) for _ in WEEKDAYS]
    for row in rows:
        table[row["weekday"]][row["hour"] - first] = row["n"]
    image = axes.imshow(table, cmap="Blues", aspect="auto")
    axes.axvspan(14.5 - first, 19.5 - first, fill=False, edgecolor=ACCENT, linestyle="--")
    axes.set_xticks(range(last - first + 1), [str(h) for h in range(first, last + 1)])
    axes.set_yticks(range(7), [d.capitalize()[:3] for d in WEEKDAYS])
    axes.set(xlabel=f"hour, {settings.main.time_zone}; framed the peak, 15 to 19 (D1)")
    axes.figure.colorbar(image, ax=axes, label="sessions")
    busiest = max(rows, key=lambda row: (row["n"], row["weekday"], row["hour"]))
    peak = sum(row["n"] for row in rows if 15 <= row["hour"] <= 19) / sum(row["n"] for row in rows)
    return (
        "Weekdays by hours, stronger where there are more sessions. Busiest is "
        f"{WEEKDAYS[busiest['weekday']].capitalize()} at {busiest['hour']} with {busiest['n']:,}; the hours 15 to 19, "
        f"framed, hold {peak:.0%}."
    )


def per_day(axes: Axes, rows: Rows, settings: Settings) -> str:
    """Sessions by day, with what the newer half has to hold."""
    days, counts = [row["day"].isoformat() for row in rows], [row["n"] for row in rows]
    half = len(days) // 2
    early, late = sum(counts[:half]), sum(counts[half:])
    axes.bar(range(len(days)), counts, color=INK)
    axes.hlines(early / max(half, 1), -0.5, half - 0.5, ACCENT)
    least = next((s.using.get("at_least") for s in settings.targets.statements.values() if s.measure == "trend"), None)
    if half and least:
        axes.hlines(early / half * float(least), half - 0.5, len(days) - 0.5, ACCENT, "--")
        axes.text(
            half - 0.4,
            early / half * float(least),
            f"at least {float(least):g} ×",
            color=ACCENT,
            fontsize=8,
            va="bottom",
            bbox=PAPER,
        )
    shown = range(0, len(days), max(1, len(days) // 8))
    axes.set_xticks(list(shown), [days[i][5:] for i in shown])
    axes.set(ylabel="sessions")
    return (
        f"Bars for {len(days)} days from {days[0]} to {days[-1]}: {early:,} sessions in the first half of them, "
        f"{late:,} in the second. Lines: the first half's mean, and what the second's has to be at least (D4)."
    )


def outcomes(axes: Axes, rows: Rows, settings: Settings) -> str:
    """Outcomes beside the configured shares."""
    total, names = sum(row["n"] for row in rows), ("completed", "no_show_student", "no_show_tutor", "rescheduled")
    found = {row["status"]: row["n"] / total for row in rows}
    wanted = [getattr(settings.probabilities.outcomes, name) for name in names]
    _beside(axes, [word(n) for n in names], [found.get(n, 0.0) for n in names], wanted)
    said = ", ".join(f"{word(row['status'])} {row['n'] / total:.1%}" for row in rows)
    return f"Observed shares of all sessions beside the configured ones: {said}."


def _beside(axes: Axes, labels: Sequence[str], observed: Sequence[float], configured: Sequence[float]) -> None:
    """Observed shares beside configured ones."""
    places = range(len(labels))
    axes.barh([p - 0.2 for p in places], observed, 0.38, color=INK, label="observed")
    axes.barh([p + 0.2 for p in places], configured, 0.38, color=LIGHT, label="configured")
    for place, share in zip(places, observed, strict=True):
        axes.text(share + 0.005, place - 0.2, f"{share:.1%}", va="center", fontsize=8)
    axes.set_yticks(list(places), labels)
    axes.invert_yaxis()
    axes.set(xlabel="share", xlim=(0, 1.1 * max(*observed, *configured, 0.01)))
    axes.legend(frameon=False, loc="lower right")


def churn(axes: Axes, rows: Rows, settings: Settings) -> str:
    """Who left, by persona and story, beside what the personas declare."""
    names = [f"{word(r['persona'])}{'' if r['story'] == 'others' else ' (' + r['story'] + ')'}" for r in rows]
    axes.barh(names, [r["gone"] / r["n"] for r in rows], color=[ACCENT if r["story"] == "lost" else INK for r in rows])
    for place, row in enumerate(rows):
        axes.text(row["gone"] / row["n"] + 0.02, place, f"{row['gone']:,} of {row['n']:,}", va="center", fontsize=8)
        declared = settings.personas.students.get(row["persona"])
        if declared:
            axes.vlines(declared.churn, place - 0.45, place + 0.45, ACCENT, "--")
    axes.invert_yaxis()
    axes.set(xlabel="share churned; dashed what the persona declares over all its students", xlim=(0, 1.2))
    said = [f"{name}: {row['gone']:,} of {row['n']:,}" for name, row in zip(names, rows, strict=True)]
    return f"Students who left, by persona and story: {'; '.join(said)}."


def feedback(axes: Axes, rows: Rows, settings: Settings) -> str:
    """Feedback and stars by score, with the configured share."""
    places, wanted = [row["band"] + 0.5 for row in rows], settings.probabilities.availability.feedback
    axes.bar(places, [row["rated"] / row["n"] for row in rows], 0.8, color=LIGHT)
    axes.axhline(wanted, color=ACCENT, linestyle="--")
    axes.text(0.1, wanted + 0.01, f"{wanted:.0%} of all (A4)", color=ACCENT, fontsize=8)
    axes.set(xlabel="score of the session", ylabel="share with feedback", xlim=(0, 10), ylim=(0, 1))
    stars, rated = axes.twinx(), [row for row in rows if row["rated"]]
    stars.plot(
        [r["band"] + 0.5 for r in rated], [r["stars"] / r["rated"] for r in rated], "o-", color=INK, clip_on=False
    )
    stars.set(ylabel="mean stars", ylim=(1, 5))
    n, given = sum(row["n"] for row in rows), sum(row["rated"] for row in rows)
    return (
        f"Bars: the share of completed sessions with feedback at each score, {given:,} of {n:,} or {given / n:.1%} in "
        f"all; {wanted:.0%} configured. Dots: mean stars, {sum(r['stars'] for r in rated) / max(given, 1):.2f} in all."
    )


def highlights(axes: Axes, rows: Rows, settings: Settings) -> str:
    """Highlights of a session, with the configured mean."""
    n, wanted = sum(row["n"] for row in rows), settings.probabilities.availability.highlights
    mean = sum(row["n"] * row["highlights"] for row in rows) / n
    axes.bar([row["highlights"] for row in rows], [row["n"] for row in rows], color=INK)
    axes.axvline(wanted, color=ACCENT, linestyle="--")
    axes.text(wanted + 0.05, max(row["n"] for row in rows) * 1.02, f"mean {wanted:g} (C4)", color=ACCENT, fontsize=8)
    axes.set(xlabel="highlights of a completed session", ylabel="sessions", xticks=[row["highlights"] for row in rows])
    return f"{n:,} completed sessions by the number of their highlights: {mean:.2f} on average, {wanted:g} configured."


def left(axes: Axes, rows: Rows, settings: Settings) -> str:
    """Who left, by mean score, with the declared share."""
    places = [row["band"] + 0.5 for row in rows]
    axes.bar(places, [row["n"] - row["gone"] for row in rows], 0.8, color=LIGHT, label="stayed")
    axes.bar(
        places, [row["gone"] for row in rows], 0.8, [row["n"] - row["gone"] for row in rows], color=ACCENT, label="left"
    )
    axes.set(xlabel="mean score of the student's completed sessions", ylabel="students", xlim=(0, 10))
    axes.legend(frameon=False, loc="upper left")
    personas = settings.personas.students.values()
    wanted = sum(p.count * p.churn for p in personas) / sum(p.count for p in personas)
    n, gone = sum(row["n"] for row in rows), sum(row["gone"] for row in rows)
    axes.text(
        0.01,
        0.7,
        f"left {gone / n:.0%}, declared {wanted:.0%} (S6)",
        transform=axes.transAxes,
        color=ACCENT,
        fontsize=8,
    )
    return (
        f"{gone:,} of {counted(n, 'student')} left ({gone / n:.0%}; the personas declare {wanted:.0%}), by mean score."
    )


def tenure(role: str) -> Draw:
    """How long people had been there, with the declared ranges."""

    def draw(axes: Axes, rows: Rows, settings: Settings) -> str:
        personas, opens = getattr(settings.personas, role), settings.main.as_of - timedelta(settings.main.days)
        days = [(opens - row["since"]).days for row in rows]
        for place, persona in enumerate(personas.values(), start=1):
            low, high = persona.tenure_days
            axes.barh(place, high - low, 0.5, low, color=LIGHT)
        axes.scatter(days, [0] * len(days), color=INK, alpha=0.6, linewidths=0, clip_on=False)
        axes.set_yticks(range(len(personas) + 1), ["everybody", *(word(p) for p in personas)])
        axes.set(xlabel="days with the platform before the window begins (Q6)", xlim=(0, None))
        n = sum(row["n"] for row in rows)
        return (
            f"{n:,} {role}, here since {days[0]:,} to {days[-1]:,} days before the window; bars: what personas declare."
        )

    return draw
