"""Why a session, a student or a tutor came out as they did, in words and numbers, from the data and its answer key.

    explain(read(connect(target), TABLES), settings, "2775de96").text          a loaded database
    explain(artifacts.release(), settings, "93ac41d0").to_json()   artifacts, chunk by chunk

Nothing is made again: what is said was read from the tables, and from the settings only what they declare.
"""

from collections.abc import Callable, Iterable, Mapping

import pandas as pd

from seed_pipeline.schema import ANSWER_KEY
from seed_pipeline.settings import Settings
from seed_pipeline.settings.facts import METRIC_TABLES
from seed_pipeline.views.explanation import ExplainError, Explanation
from seed_pipeline.views.injected import of_injected
from seed_pipeline.views.lookup import Found, find
from seed_pipeline.views.session import of_session
from seed_pipeline.views.student import of_student
from seed_pipeline.views.tutor import of_tutor

Tables = Mapping[str, pd.DataFrame]
TABLES = (
    "users", "subjects", "tutors", "students", "student_churn_reasons", "sessions", *METRIC_TABLES, "session_feedback",
    "session_feedback_tags", *ANSWER_KEY,
)  # fmt: skip
"""The tables that an explanation reads; the others need not be fetched."""

_KINDS: Mapping[str, Callable[[Found], Explanation]] = {
    "session": of_session,
    "student": of_student,
    "tutor": of_tutor,
}


def explain(tables: Tables | Iterable[Tables], settings: Settings, identifier: str) -> Explanation:
    """The explanation of a session, student or tutor, named by its ID or the beginning of one.

    `tables`: complete tables of platform and answer key (`store.assembly.whole`), as one mapping or chunk by chunk (one
    chunk is kept at a time). `settings`: those the data were made with. Raises ExplainError for an ID that is unknown
    or ambiguous and where the answer key is missing.
    """
    found = find([tables] if isinstance(tables, Mapping) else tables, settings, identifier)
    return of_injected(found) or _KINDS[found.kind](found)


__all__ = ["TABLES", "ExplainError", "Explanation", "explain"]
