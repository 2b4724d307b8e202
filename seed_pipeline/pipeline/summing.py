"""Verdicts from sums that workers count beside the data, chunk by chunk: the same as from a look at everything (X6).

Who asked puts the sums together, and looks himself only for what is said twice in two chunks: the keys of Q1.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.pipeline.making import Progress
from seed_pipeline.quality.conformity import Looked, concluded, looked
from seed_pipeline.quality.judgement import counted, judged
from seed_pipeline.quality.merging import Merged, Sums
from seed_pipeline.quality.scope import LARGE, opened
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.settings import Settings
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.relations import REFERENCE, relations


@dataclass(frozen=True)
class Count:
    """One chunk to be counted. Pickles into other processes."""

    settings: Settings
    root: Path
    chunk: int

    def do(self) -> tuple[dict[str, Sums], dict[str, Looked]]:
        """The chunk's sums, query by query, and what is wrong with its types and domains, asset by asset."""
        artifacts = Artifacts(self.root)
        with opened(relations(artifacts, ENTITIES, chunk=self.chunk), self.settings) as scope:
            scope.connection.execute("SET threads = 1")  # there is a worker for each core
            sums = counted(scope)
        return sums, {asset: looked(asset, [artifacts.arrow(asset, self.chunk)]) for asset in ENTITIES}


def verdicts(settings: Settings, artifacts: Artifacts, progress: Progress) -> Mapping[str, list[Verdict]]:
    """The verdicts of every asset, as `audit_all` has them."""
    from seed_pipeline.pipeline.cluster import mapped

    chunks, found = artifacts.n_chunks(ENTITIES[0]), []
    works = [Count(settings, artifacts.root, chunk) for chunk in range(chunks)]
    for done, part in enumerate(mapped(Count.do, works, settings.main), start=1):
        found.append(part)
        progress("sums", done, chunks)
    with _merged(settings, artifacts, [sums for sums, _ in found]) as merged:
        by_asset = {asset: judged(merged, [asset]) for asset in ENTITIES}
    return {a: [concluded(a, [seen[a] for _, seen in found], of), *of] for a, of in by_asset.items()}


@contextmanager
def _merged(settings: Settings, artifacts: Artifacts, parts: list[dict[str, Sums]]) -> Iterator[Merged]:
    tables = relations(artifacts, ENTITIES)
    none = {n: t if n in REFERENCE else replace(t, select=f"FROM ({t.select}) LIMIT 0") for n, t in tables.items()}
    few = {name: replace(relation, rows=0) for name, relation in none.items()}
    stay = {name: replace(relation, rows=LARGE + 1) for name, relation in tables.items()}
    with opened(few, settings, settings.main.total_sessions) as scope, opened(stay, settings) as whole:
        yield Merged(scope, parts, whole)
