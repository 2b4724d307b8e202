"""The script that most people write: Faker and random row by row, pandas, to_parquet, to_sql.

Arguments: shape, folder, and a URL to load into, or none.
"""

import json
import random
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

started = time.perf_counter()
import pandas as pd  # noqa: E402
from faker import Faker  # noqa: E402

fake = Faker()
Faker.seed(42)
random.seed(42)


def value(column: dict, row: int, keys: dict[str, list[str]]) -> Any:
    """One value."""
    how = column["how"]
    turn = row // column["turns"] if "turns" in column else None
    if turn is None and column["nulls"] and random.random() < column["nulls"]:
        return None
    if how == "key":
        return fake.uuid4()
    if how == "parent":
        parents = keys[column["table"]]
        return random.choice(parents) if turn is None else parents[turn % len(parents)]
    if how == "values" and column["kind"] == "text" and len(column["values"]) > 50 and turn is None:
        return fake.sentence()
    if how == "values":
        return random.choice(column["values"]) if turn is None else column["values"][turn % len(column["values"])]
    if how == "name":
        return fake.name()
    if how == "email":
        return f"user{row}@example.org"
    if how == "bool":
        return random.random() < 0.5
    if how == "timestamp":
        low, high = (datetime.fromisoformat(column[end]) for end in ("low", "high"))
        return low + timedelta(seconds=random.randint(0, int((high - low).total_seconds())))
    if how == "date":
        first, last = (date.fromisoformat(column[end]) for end in ("low", "high"))
        return first + timedelta(days=random.randint(0, (last - first).days))
    if how == "int":
        span = column["high"] - column["low"] + 1
        return random.randint(column["low"], column["high"]) if turn is None else column["low"] + turn % span
    return round(random.uniform(column["low"], column["high"]), column["decimals"])


def frame(table: dict, keys: dict[str, list[str]]) -> pd.DataFrame:
    """One table, row by row."""
    rows = [{c["name"]: value(c, row, keys) for c in table["columns"]} for row in range(table["rows"])]
    made = pd.DataFrame(rows)
    keys[table["name"]] = made[table["columns"][0]["name"]].tolist()
    return made


def load(frames: dict[str, pd.DataFrame], url: str) -> None:
    """Into tables that pandas creates, in one transaction."""
    import sqlalchemy as sa

    with sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://")).begin() as connection:
        for name, made in frames.items():
            made.to_sql(name, connection, index=False, chunksize=1_000, method="multi")


def main(shape: str, out: str, url: str = "") -> None:
    tables = json.loads(Path(shape).read_text(encoding="utf-8"))["tables"]
    ready, before = time.perf_counter(), time.process_time()
    keys: dict[str, list[str]] = {}
    frames = {table["name"]: frame(table, keys) for table in tables}
    for name, made in frames.items():
        made.to_parquet(Path(out, f"{name}.parquet"), compression="zstd")
    if url:
        load(frames, url)
    seconds, cpu = time.perf_counter() - ready, time.process_time() - before
    print(json.dumps({"start": ready - started, "seconds": seconds, "cpu": cpu}))


if __name__ == "__main__":
    main(*sys.argv[1:])
