"""A load in a process of its own, to be killed: everything is prepared when the module is imported."""

from multiprocessing.connection import Connection

from seed_pipeline.store import database
from seed_pipeline_tests.store import synthetic
from seed_pipeline_tests.store.conftest import release_of

RELEASES = {seed: list(synthetic.release(seed, cohorts=2, sessions=5)) for seed in (1, 2)}


def load(target: str, seed: int, said: Connection) -> None:
    """Say that it begins, load the seed's release, say that it is done."""
    engine = database.connect(target)
    said.send("begins")
    database.load(engine, RELEASES[seed], release_of(seed))
    said.send("done")
