"""Grade a churn model against the answer key.

Who left is in `students.status`; how likely that was is in `truth_churn.churn_probability`. Replace `my_risk` by your
model: it may look at everything the platform knows of a student, and is graded on whom it would have warned of
(precision, recall) and on whether its probabilities mean what they say (calibration).

    python examples/grade_churn.py [database file or URL]          default: data/seed.db
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa

SESSIONS = """
    SELECT student_id, scheduled_start, session_number, status, follow_up_booked, overall_session_score AS score
    FROM sessions ORDER BY scheduled_start, id
"""
STUDENTS = """
    SELECT s.user_id AS student_id, s.status, t.churn_probability AS truth, p.persona
    FROM students s
    JOIN truth_churn t ON t.student_id = s.user_id
    JOIN truth_personas p ON p.user_id = s.user_id
    ORDER BY s.user_id
"""
WARNS_FROM = 0.5
BINS = [0.0, 0.1, 0.25, 0.5, 0.75, 1.0]


def my_risk(sessions: pd.DataFrame) -> pd.Series:
    """A hand-made model, per student: poor scores, tutors who did not come and a long silence speak for leaving."""
    done = sessions[sessions["status"] == "completed"]
    start = pd.to_datetime(sessions["scheduled_start"])
    by_student = sessions.assign(start=start, missed=sessions["status"] == "no_show_tutor").groupby("student_id")
    silent_days = (start.max() - by_student["start"].max()).dt.days
    score = done.groupby("student_id")["score"].mean().reindex(silent_days.index).fillna(5)
    log_odds = -1.2 - 0.6 * (score - 7) + 0.8 * by_student["missed"].sum() + 0.12 * silent_days
    return 1 / (1 + np.exp(-log_odds))


def graded(students: pd.DataFrame) -> pd.Series:
    """How good the warnings are, how far the probabilities are off, and what the true ones would have reached."""
    left, warned = students["left"], students["risk"] >= WARNS_FROM
    hits = int((left & warned).sum())
    return pd.Series(
        {
            "students": len(students),
            "left": int(left.sum()),
            "warned of": int(warned.sum()),
            "precision": hits / warned.sum() if warned.any() else float("nan"),
            "recall": hits / left.sum() if left.any() else float("nan"),
            "brier score": ((students["risk"] - left) ** 2).mean(),
            "brier score of the truth": ((students["truth"] - left) ** 2).mean(),
            "mean distance from the truth": (students["risk"] - students["truth"]).abs().mean(),
        }
    )


def calibration(students: pd.DataFrame) -> pd.DataFrame:
    """Of those to whom the model gave about this risk, how many left, and how likely it really was."""
    bins = pd.cut(students["risk"], BINS)
    groups = students.groupby(bins, observed=True)
    return groups.agg(students=("risk", "size"), said=("risk", "mean"), left=("left", "mean"), truth=("truth", "mean"))


def main(database: str = "data/seed.db") -> tuple[pd.Series, pd.DataFrame]:
    """Read students and sessions, let the model speak, print the grades."""
    with connected(database) as connection:
        students = pd.read_sql(sa.text(STUDENTS), connection)
        sessions = pd.read_sql(sa.text(SESSIONS), connection)
    students["risk"] = students["student_id"].map(my_risk(sessions))
    students["left"] = students["status"] == "churned"
    grades, table = graded(students), calibration(students)
    print(grades.map("{:.2f}".format).to_string())
    print("\nBy the risk the model gave:\n" + table.round(2).to_string())
    return grades, table


def connected(database: str) -> sa.Connection:
    """A connection to a SQLite file or to the database of a URL."""
    if "://" in database:
        return sa.create_engine(database).connect()
    if not Path(database).is_file():
        sys.exit(f"{database}: there is no such file. Fill one first (make seed), or name another database.")
    return sa.create_engine(f"sqlite:///{database}").connect()


if __name__ == "__main__":
    main(*sys.argv[1:2])
