"""Saboteurs of K2: labels that say something else than what was injected, and labels that would hide a fault."""

import pandas as pd

from seed_pipeline_tests.quality.saboteur import Data, breaks, engine

EDGES = ("defects.inject=valid",)


@breaks("K2_defects")
def a_label_in_data_without_edge_cases(d: Data) -> None:
    label = {"table_name": "sessions", "row_key": d["sessions"].loc[0, "id"], "defect": "session_across_midnight"}
    d.tables["truth_defects"] = pd.DataFrame([{**label, "valid": True, "statement": None, "because": "It is late."}])


@breaks("K2_defects", base=EDGES)
def a_session_of_the_cast_called_an_edge_case(d: Data) -> None:
    d.add("truth_defects", int(_of(d, "sessions")[0]), row_key=d["truth_sessions"].loc[0, "session_id"])


@breaks("K2_defects", base=EDGES)
def a_label_moved_to_feedback_of_the_cast(d: Data) -> None:
    ordinary = d["session_feedback"][d["session_feedback"]["session_id"].isin(d["truth_sessions"]["session_id"])]
    d["truth_defects"].loc[_of(d, "session_feedback")[0], "row_key"] = ordinary["session_id"].iloc[0]


@breaks("K2_defects", base=EDGES)
def a_label_moved_to_a_student_of_the_cast(d: Data) -> None:
    student = d["truth_personas"].query("role == 'student'")["user_id"].iloc[0]
    d["truth_defects"].loc[_of(d, "students")[0], "row_key"] = student


@breaks("K2_defects", base=EDGES)
def a_label_of_no_row(d: Data) -> None:
    d["truth_defects"].loc[_of(d, "sessions")[0], "row_key"] = "00000000-0000-0000-0000-000000000000"


@breaks("K2_defects", base=EDGES)
def a_label_lost(d: Data) -> None:
    d.tables["truth_defects"] = d["truth_defects"].iloc[1:]


@breaks("K2_defects", base=EDGES)
def a_valid_row_called_invalid(d: Data) -> None:
    d["truth_defects"].loc[0, "valid"] = False


@breaks("K2_defects", base=EDGES)
def a_valid_row_that_a_statement_must_find(d: Data) -> None:
    d["truth_defects"].loc[0, "statement"] = "Q4"


@breaks("C1_cast", base=EDGES)
def an_edge_case_that_nobody_labelled(d: Data) -> None:
    d.tables["truth_defects"] = d["truth_defects"].query("defect != 'tutor_with_an_empty_month'")


def _of(d: Data, table: str) -> pd.Index:
    """Labels of rows of a table."""
    return d["truth_defects"].index[d["truth_defects"]["table_name"] == table]


engine("K2_defects", "one scene too many", "defects.scenarios.extreme_name=2", base=EDGES)
