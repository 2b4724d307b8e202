"""Grade an alert service against the answer key.

`truth_alerts` holds the alerts that a correct service raises on this data, by the thresholds of
configs/alerts.yaml (those marked seed; the platform's own rules are marked platform).
What your service wrote into the platform's table `alerts` is graded; while that is empty, a naive sample service is.
An alert counts as found when type, tutor and session agree: that is all the platform's table tells.

    python examples/grade_alerts.py [database file or URL]         default: data/seed.db
"""

import sys
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

SESSIONS = """
    SELECT s.id AS session_id, s.tutor_id, s.student_id, s.session_number, s.status, s.overall_session_score AS score,
           a.tutor_talk_ratio, a.student_frustration_count, a.tutor_checks_understanding_count
    FROM sessions s LEFT JOIN session_audio_metrics a ON a.session_id = s.id
    ORDER BY s.scheduled_start, s.id
"""
KEY = ["alert_type", "tutor_id", "session_id"]


def my_alerts(sessions: pd.DataFrame) -> pd.DataFrame:
    """A naive service: round thresholds, no look at who missed what, churn risk from the mean score alone."""
    done = sessions[sessions["status"] == "completed"]
    found = [
        done[done["tutor_talk_ratio"] > 0.70].assign(alert_type="high_talk_ratio"),
        done[done["tutor_checks_understanding_count"] < 4].assign(alert_type="low_understanding_checks"),
        done[done["student_frustration_count"] >= 3].assign(alert_type="student_frustration_detected"),
        done[(done["session_number"] == 1) & (done["score"] < 5.5)].assign(alert_type="poor_first_session"),
    ]
    missed = sessions.assign(missed=sessions["status"] != "completed").groupby("tutor_id")["missed"].mean()
    tutors = missed[missed > 0.15].index
    found.append(pd.DataFrame({"alert_type": "no_show_pattern", "tutor_id": tutors, "session_id": None}))
    last = done.groupby("student_id").agg(score=("score", "mean"), tutor_id=("tutor_id", "last"))
    risky = last.loc[last["score"] < 6, "tutor_id"]
    found.append(pd.DataFrame({"alert_type": "student_churn_risk", "tutor_id": risky, "session_id": None}))
    return pd.concat([frame[KEY].astype(object) for frame in found], ignore_index=True)


def graded(raised: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Precision and recall for each type of alert, and for all together."""
    sets = [set(frame[KEY].fillna("").itertuples(index=False, name=None)) for frame in (raised, truth)]
    table = {}
    for kind in [*sorted({key[0] for found in sets for key in found}), "all"]:
        mine, right = ({key for key in found if kind in (key[0], "all")} for found in sets)
        hits = len(mine & right)
        table[kind] = {
            "raised": len(mine),
            "right": len(right),
            "hits": hits,
            "precision": hits / len(mine) if mine else float("nan"),
            "recall": hits / len(right) if right else float("nan"),
        }
    return pd.DataFrame(table).T.astype({"raised": int, "right": int, "hits": int}).rename_axis("alert_type")


def main(database: str = "data/seed.db") -> pd.DataFrame:
    """Take the service's alerts or the sample's, print the grades."""
    with connected(database) as connection:
        raised = pd.read_sql(sa.text("SELECT alert_type, tutor_id, session_id FROM alerts"), connection)
        truth = pd.read_sql(
            sa.text("SELECT alert_type, tutor_id, session_id FROM truth_alerts WHERE source = 'seed'"), connection
        )
        sample = my_alerts(pd.read_sql(sa.text(SESSIONS), connection)) if raised.empty else None
    print(
        "The table alerts is empty: grading the sample service." if sample is not None else "Grading the table alerts."
    )
    table = graded(raised if sample is None else sample, truth)
    print(table.round(2).to_string())
    return table


def connected(database: str) -> sa.Connection:
    """A connection to a SQLite file or to the database of a URL."""
    if "://" in database:
        return sa.create_engine(database).connect()
    if not Path(database).is_file():
        sys.exit(f"{database}: there is no such file. Fill one first (make seed), or name another database.")
    return sa.create_engine(f"sqlite:///{database}").connect()


if __name__ == "__main__":
    main(*sys.argv[1:2])
