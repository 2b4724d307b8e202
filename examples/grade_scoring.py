"""Grade a scoring formula against the answer key.

Your platform scores sessions from what it measured. Here the score that every session really came to is known
(`sessions.overall_session_score`), and so is who took part (`truth_personas`). Replace `my_score` by your formula and
see how near it comes, and for whom it fails.

    python examples/grade_scoring.py [database file or URL]        default: data/seed.db
"""

import sys
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

SESSIONS = """
    SELECT s.overall_session_score AS score, s.technical_issues, t.persona AS tutor, p.persona AS student, a.*
    FROM sessions s
    JOIN session_audio_metrics a ON a.session_id = s.id
    JOIN truth_personas t ON t.user_id = s.tutor_id
    JOIN truth_personas p ON p.user_id = s.student_id
    ORDER BY s.id
"""


def my_score(sessions: pd.DataFrame) -> pd.Series:
    """A plausible formula, 0-10: engagement, checks of understanding and a balanced talk ratio lift the score."""
    checks = sessions["tutor_checks_understanding_count"].clip(upper=12) / 12
    balance = 1 - (sessions["tutor_talk_ratio"] - 0.45).abs() / 0.45
    score = 1.2 + 0.55 * sessions["student_engagement_score"] + 1.4 * checks + 1.2 * balance
    score -= 0.25 * sessions["student_frustration_count"] + 1.0 * sessions["technical_issues"]
    return score.clip(0, 10)


def graded(sessions: pd.DataFrame) -> pd.DataFrame:
    """Correlation, mean absolute error and bias: over all sessions, by tutor persona and by student persona."""
    graded = sessions.assign(error=sessions["mine"] - sessions["score"])
    groups = {("all", ""): graded}
    groups |= {(role, str(name)): rows for role in ("tutor", "student") for name, rows in graded.groupby(role)}
    table = {
        who: {
            "sessions": len(rows),
            "mean": rows["score"].mean(),
            "correlation": rows["mine"].corr(rows["score"]) if len(rows) > 2 else float("nan"),
            "abs_error": rows["error"].abs().mean(),
            "bias": rows["error"].mean(),
        }
        for who, rows in groups.items()
    }
    return pd.DataFrame(table).T.astype({"sessions": int}).rename_axis(["role", "persona"])


def main(database: str = "data/seed.db") -> pd.DataFrame:
    """Read the sessions, score them, print the grades."""
    with connected(database) as connection:
        sessions = pd.read_sql(sa.text(SESSIONS), connection)
    table = graded(sessions.assign(mine=my_score(sessions)))
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
