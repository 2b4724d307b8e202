"""Why a session, a student or a tutor came out as they did, in words and numbers, from the data and its answer key.

    with scope(wishes, folder) as there:          a loaded database, or artifacts
        explain(there, "2775de96").text           .to_json() for programs

Nothing is made again: what is said was read from the tables, and from the settings only what they declare.
"""

from seed_pipeline.quality.scope import Scope
from seed_pipeline.views.why.lookup import ExplainError, Explanation, Found, alert_lines, find
from seed_pipeline.views.why.session import of_session
from seed_pipeline.views.why.student import of_student
from seed_pipeline.views.why.tutor import of_tutor
from seed_pipeline.views.words import columns, laid_out

_KINDS = {"session": of_session, "student": of_student, "tutor": of_tutor}


def explain(scope: Scope, identifier: str) -> Explanation:
    """The explanation of a session, student or tutor, named by its ID or the beginning of one.

    Raises ExplainError for an ID that is unknown or ambiguous and where the answer key is missing.
    """
    found = find(scope, identifier)
    return _of_injected(found) or _KINDS[found.kind](found)


def _of_injected(found: Found) -> Explanation | None:
    """What is special about an injected edge case: no persona and no rule made it. None for what was generated."""
    labels = found.rows("SELECT * FROM truth_defects WHERE row_key = {me} ORDER BY table_name, defect, statement")
    mine = [label for label in labels if label["table_name"] == f"{found.kind}s"]
    if not mine:
        return None
    wrong = [label for label in labels if not label["valid"]]
    facts = {
        "injected": mine[0]["defect"],
        "because": mine[0]["because"],
        "invalid": [{"table": label["table_name"], "found_by": label["statement"]} for label in wrong],
    }
    rows = [(f"its row in {w['table_name']} is invalid", f"{w['statement']} must find it") for w in wrong]
    text = laid_out(
        f"{found.kind.capitalize()} {found.id}: an injected edge case, {facts['injected']}",
        [
            ("Why it is there", [mine[0]["because"], "no persona and no rule made it (configs/defects.yaml)"]),
            ("What is wrong", columns(rows) or ["nothing in its own rows: data could be so"]),
            ("Alerts that a correct service raises", alert_lines(found.alerts())),
        ],
    )
    return Explanation(found.kind, found.id, text, facts)


__all__ = ["ExplainError", "Explanation", "explain"]
