"""C: who there is and how many sessions; O7 and T6 follow in targets.yaml and measures_stories."""

import numpy as np

from seed_pipeline.quality.intervals import row
from seed_pipeline.quality.observation import Chunk, taken
from seed_pipeline.quality.people import circles
from seed_pipeline.quality.sums import Faults, Part, Sums, by_label
from seed_pipeline.quality.verdict import Findings
from seed_pipeline.settings import Settings
from seed_pipeline.settings.targets import Target


def cohorts(settings: Settings) -> int:
    """Casts that the sessions need: total_sessions / cohort.sessions, rounded, at least one (C5)."""
    cohort = settings.main.cohort
    return (
        max(1, int(settings.main.total_sessions / cohort.sessions + 0.5))
        if cohort.count == "auto"
        else int(cohort.count)
    )


def collect_people(chunk: Chunk, target: Target) -> Part:
    """Users by role, and people without exactly one row of their role."""
    role, ids = chunk.column("users", "role"), chunk.column("users", "id")
    faults = {}
    for name, table in (("tutor", "tutors"), ("student", "students")):
        where = chunk.position(table, "user_id", "users", "id")
        rows = np.bincount(where[where >= 0], minlength=len(ids))
        faults[f"one {table} row per {name}"] = Faults.of(rows != (role == name), ids)
    return Part(by_label(role), faults)


def assess_people(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """C1: one admin, and the cast of every cohort."""
    casts, personas = cohorts(settings), settings.personas
    expected = {
        "admin": 1,
        "tutor": casts * sum(p.count for p in personas.tutors.values()),
        "student": casts * sum(p.count for p in personas.students.values()),
    }
    return Findings(_exact(part, expected), part.faults)


def _exact(part: Part, expected: dict[str, int]):
    labels = [*expected, *(label for label in part.sums if label not in expected)]
    seen = {label: float(part.sums[label][0]) if label in part.sums else 0.0 for label in labels}
    wanted = {label: expected.get(label, 0) for label in labels}
    return [
        row(label, seen[label], wanted[label], wanted[label], max(int(seen[label]), 1), wanted[label])
        for label in labels
    ]


def collect_personas(chunk: Chunk, target: Target) -> Part:
    """People by role and persona, and people whom the answer key does not know or knows in another role."""
    labels = [
        f"{r} {p}"
        for r, p in zip(chunk.column("truth_personas", "role"), chunk.column("truth_personas", "persona"), strict=True)
    ]
    faults = {}
    for role, table in (("tutor", "tutors"), ("student", "students")):
        where = chunk.position(table, "user_id", "truth_personas", "user_id")
        known = taken(chunk.column("truth_personas", "role"), where)
        faults[f"{table} in the answer key"] = Faults.of(known != role, chunk.column(table, "user_id"))
    return Part(by_label(np.array(labels, dtype=object)), faults)


def assess_personas(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """C2: every cohort has each persona's count."""
    personas, casts = settings.personas, cohorts(settings)
    expected = {f"tutor {name}": casts * p.count for name, p in personas.tutors.items()}
    expected |= {f"student {name}": casts * p.count for name, p in personas.students.items()}
    return Findings(_exact(part, expected), part.faults)


def collect_sessions(chunk: Chunk, target: Target) -> Part:
    """The number of sessions."""
    return Part({"": np.array([float(len(chunk.sessions))])})


def assess_sessions(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """C3: exactly total_sessions."""
    return Findings(_exact(part, {"": settings.main.total_sessions}))


def collect_circles(chunk: Chunk, target: Target) -> Part:
    """Circles of people who book each other: connected parts of the graph of tutors and students."""
    booked = chunk.position("sessions", "tutor_id", "tutors", "user_id") >= 0
    return Part({"": np.array([len(np.unique(circles(chunk))), float(booked.sum())])})


def assess_circles(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """C5: nobody books outside the cohort, so there are at least as many circles as cohorts."""
    circles, n = part.sums[""]
    return Findings([row("circles", float(circles), cohorts(settings), np.inf, int(n), cohorts(settings))])
