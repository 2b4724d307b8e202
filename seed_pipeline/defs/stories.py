"""What an asset answers for: the contract's statements, as the schema's remarks and configs/targets.yaml name them."""

import re
from itertools import groupby

from seed_pipeline import schema
from seed_pipeline.defs.last_good import shipped, warned
from seed_pipeline.pipeline.judging import statements

DOCS = ("docs/contract.md", "docs/settings.md", "docs/answer_key.md")
_ID = re.compile(r"\b([A-Z])(\d+)(?:-[A-Z](\d+))?\b")


def answers_for(asset: str) -> list[str]:
    """IDs of the statements that the remarks on the asset's tables and columns name, and of those judged on it."""
    named = {s.id for s in statements(shipped(), asset).values()}
    for table in schema.metadata.tables.values():
        owner = table.info["asset"]
        remarks = [table.comment] if owner == asset else []
        remarks += [column.comment for column in table.columns if column.info.get("asset", owner) == asset]
        named.update(id_ for remark in remarks for id_ in _ids(remark or ""))
    return sorted(named, key=lambda id_: (id_[0], int(id_[1:])))


def _ids(text: str) -> list[str]:
    """`C3, O1-O4` as C3, O1, O2, O3, O4."""
    found = [(letter, int(a), int(b or a)) for letter, a, b in _ID.findall(text)]
    return [f"{letter}{n}" for letter, first, last in found for n in range(first, last + 1)]


def tags(asset: str) -> dict[str, str]:
    """`contract/T: T1.T2`: a tag for each part of the contract, so that the catalog can be filtered by it."""
    return {f"contract/{part}": ".".join(ids) for part, ids in groupby(answers_for(asset), key=lambda id_: id_[0])}


def story(asset: str, told: str) -> str:
    """The asset's description, with what it answers for and how many checks it has."""
    judged = len(statements(shipped(), asset)) + 1
    ids = ", ".join(answers_for(asset))
    return warned(
        f"{told}\n\nAnswers for {ids} of the contract (`docs/contract.md`); {judged} of its checks are made here."
    )
