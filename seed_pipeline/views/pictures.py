"""The pictures of `quality.plots` for a page that needs no other file: as data, with what they show said in words."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from seed_pipeline.settings import Settings
from seed_pipeline.settings.probabilities import WEEKDAYS
from seed_pipeline.views.plots import drawn
from seed_pipeline.views.sums import Part

Counts = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Picture:
    """A picture: a data address, what to read from it, and its figures in words for those who cannot see it."""

    name: str
    title: str
    address: str
    alt: str


def pictures(sums: Mapping[str, Part], settings: Settings) -> list[Picture]:
    """The pictures that these sums allow, in the order in which they tell the story."""
    made = drawn({name: part for name, part in sums.items() if name in _SAID}, settings)
    return [
        Picture(name, title, f"data:image/png;base64,{b64encode(made[name]).decode()}", say(sums[name].sums, settings))
        for name, (title, say) in _SAID.items()
        if name in made
    ]


def _talk(sums: Counts, settings: Settings) -> str:
    """Engagement below and above the line, from the middles of the plotted cells."""
    rule = next(
        (c for r in settings.correlations.rules for c in r.when if c.fact == "tutor_talk_ratio" and c.operator == ">"),
        None,
    )
    limit = float(rule.value) if rule else 0.65
    sides: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    for label, (n, *_) in sums.items():
        talk, engagement = (int(part) for part in label.split("|"))
        sides[(talk + 0.5) / 50 > limit].append((n, (engagement + 0.5) / 4))
    said = [
        f"{words} a talk ratio of {limit:g}, {sum(n for n, _ in cells):,.0f} sessions with a mean engagement of about "
        f"{sum(n * e for n, e in cells) / sum(n for n, _ in cells):.1f}"
        for words, cells in (("Up to", sides[False]), ("above", sides[True]))
        if cells
    ]
    return f"Each dot a group of sessions. {'; '.join(said)}."


def _ratings(sums: Counts, settings: Settings) -> str:
    said = []
    for persona in settings.personas.tutors:
        counts = np.array([sums.get(f"{persona}|{stars}", np.zeros(1))[0] for stars in range(1, 6)])
        if counts.sum():
            mean = counts @ np.arange(1, 6) / counts.sum()
            said.append(f"{persona.replace('_', ' ')} {mean:.2f} stars on average of {counts.sum():,.0f}")
    return f"Shares of one to five stars for each tutor persona: {', '.join(said)}."


def _grid(sums: Counts, settings: Settings) -> str:
    busiest = max(sums, key=lambda label: (sums[label][0], label))
    weekday, hour = map(int, busiest.split("|"))
    hours: dict[int, float] = {}
    for label, (n, *_) in sums.items():
        hours[int(label.split("|")[1])] = hours.get(int(label.split("|")[1]), 0) + n
    peak = sum(n for h, n in hours.items() if 15 <= h <= 19) / sum(hours.values())
    return (
        f"Weekdays by hours, stronger where there are more sessions. Busiest is {WEEKDAYS[weekday].capitalize()} "
        f"at {hour} with {sums[busiest][0]:,.0f}; the hours 15 to 19 hold {peak:.0%}."
    )


def _per_day(sums: Counts, settings: Settings) -> str:
    days = sorted(sums)
    half = len(days) // 2
    early, late = (sum(sums[d][0] for d in part) for part in (days[:half], days[half:]))
    return (
        f"Bars for {len(days)} days from {days[0]} to {days[-1]}: {early:,.0f} sessions in the first half of them, "
        f"{late:,.0f} in the second."
    )


def _outcomes(sums: Counts, settings: Settings) -> str:
    total = sum(v[0] for v in sums.values())
    said = [f"{name.replace('_', ' ')} {v[0] / total:.1%}" for name, v in sorted(sums.items(), key=lambda i: -i[1][0])]
    return f"Observed shares of all sessions beside the configured ones: {', '.join(said)}."


def _churn(sums: Counts, settings: Settings) -> str:
    said = [
        f"{label.replace('|others', '').replace('|', ', ')}: {v[1]:,.0f} of {v[0]:,.0f}"
        for label, v in sorted(sums.items())
    ]
    return f"Students who left, by persona and story: {'; '.join(said)}."


_SAID: Mapping[str, tuple[str, Callable[[Counts, Settings], str]]] = {
    "talk_and_engagement": ("Tutor talk against engagement", _talk),
    "rating_by_persona": ("Ratings by tutor persona", _ratings),
    "hours_and_weekdays": ("Sessions by weekday and hour", _grid),
    "sessions_per_day": ("Sessions per day", _per_day),
    "outcomes": ("Outcomes of all sessions", _outcomes),
    "churn_by_story": ("Churn by student persona and story", _churn),
}
