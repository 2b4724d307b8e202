"""What an injected edge case is (configs/defects.yaml): no persona and no rule made it, so its label says it all."""

from typing import Any

import pandas as pd

from seed_pipeline.views.explanation import Explanation, alert_lines, columns, laid_out
from seed_pipeline.views.lookup import Found

_TABLES = {"session": "sessions", "student": "students", "tutor": "tutors"}


def of_injected(found: Found) -> Explanation | None:
    """What is special about an injected session, student or tutor; None for one that the generator made."""
    labels = found.rows("truth_defects", "row_key", found.id)
    mine = labels[labels["table_name"] == _TABLES[found.kind]]
    if not len(mine):
        return None
    wrong = labels[~labels["valid"].astype(bool)]
    facts: dict[str, Any] = {
        "injected": str(mine["defect"].iloc[0]),
        "because": str(mine["because"].iloc[0]),
        "invalid": [{"table": str(w.table_name), "found_by": str(w.statement)} for w in wrong.itertuples()],
    }
    title = f"{found.kind.capitalize()} {found.id}: an injected edge case, {facts['injected']}"
    return Explanation(found.kind, found.id, laid_out(title, _paragraphs(found, facts["because"], wrong)), facts)


def _paragraphs(found: Found, because: str, wrong: pd.DataFrame) -> list[tuple[str, list[str]]]:
    rows = [(f"its row in {w.table_name} is invalid", f"{w.statement} must find it") for w in wrong.itertuples()]
    raised = found.alerts(f"{found.kind}_id", found.id)
    return [
        ("Why it is there", [because, "no persona and no rule made it (configs/defects.yaml)"]),
        ("What is wrong", columns(rows) or ["nothing in its own rows: data could be so"]),
        ("Alerts that a correct service raises", alert_lines(raised)),
    ]
