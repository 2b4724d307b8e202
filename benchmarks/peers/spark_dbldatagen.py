"""dbldatagen on Spark local[N]: every table of a shape to Parquet. Arguments: shape, folder, cores."""

import contextlib
import json
import os
import sys
import time
from pathlib import Path

started = time.perf_counter()
import dbldatagen as dg  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402

SPARK = {"string": ("text", "enum", "json"), "int": ("int",), "double": ("float",), "boolean": ("bool",)}
TYPES = {kind: type_ for type_, kinds in SPARK.items() for kind in kinds} | {"timestamp": "timestamp", "date": "date"}


def session(cores: str):
    return (
        SparkSession.builder.master(f"local[{cores}]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "4g")
        .config("spark.sql.parquet.compression.codec", "zstd")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )


def uuid_of(table: str, row: str) -> str:
    """SQL for a UUID that a row's number gives, so that other tables can refer to it."""
    digits = f"md5(concat('{table}', cast({row} as string)))"
    parts = [f"substr({digits}, {at}, {size})" for at, size in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))]
    return f"concat_ws('-', {', '.join(parts)})"


def add(spec, table: dict, column: dict):
    """The column, in dbldatagen's own words."""
    name, how, type_ = column["name"], column["how"], TYPES[column["kind"]]
    nulls = {"percentNulls": column["nulls"]} if column["nulls"] else {}
    turn = f"floor(id_ / {column['turns']})" if "turns" in column else None
    if how == "key":
        return spec.withColumn(name, type_, expr=uuid_of(table["name"], "id_"), baseColumn="id_")
    if how == "parent":
        place = turn or f"pmod(hash(id_, '{name}'), {column['rows']})"
        expr = uuid_of(column["table"], f"cast(pmod({place}, {column['rows']}) as bigint)")
        return spec.withColumn(name, type_, expr=expr, baseColumn="id_", **nulls)
    if how == "values":
        values = column["values"]
        if turn:
            listed = ", ".join("'" + v.replace("'", "\\'") + "'" for v in values)
            expr = f"element_at(array({listed}), cast(pmod({turn}, {len(values)}) as int) + 1)"
            return spec.withColumn(name, type_, expr=expr, baseColumn="id_")
        return spec.withColumn(name, type_, values=values, random=True, **nulls)
    if how == "email":
        return spec.withColumn(name, type_, expr="concat('user', id_, '@example.org')", baseColumn="id_")
    if how == "name":
        return spec.withColumn(name, type_, template=r"\w \w", random=True)
    if how == "bool":
        return spec.withColumn(name, type_, expr="rand() < 0.5", **nulls)
    if how in ("timestamp", "date"):
        ends = {"begin": column["low"], "end": column["high"]}
        if how == "date":
            return spec.withColumn(
                name, type_, data_range=dg.DateRange(*ends.values(), "days=1", "%Y-%m-%d"), random=True, **nulls
            )
        return spec.withColumn(name, type_, **ends, interval="1 second", random=True, **nulls)
    if turn:
        expr = f"cast({column['low']} + pmod({turn}, {column['high'] - column['low'] + 1}) as int)"
        return spec.withColumn(name, type_, expr=expr, baseColumn="id_")
    step = 1 if how == "int" else 10.0 ** -column["decimals"]
    return spec.withColumn(
        name, type_, minValue=column["low"], maxValue=column["high"], step=step, random=True, **nulls
    )


def write(spark, table: dict, out: Path, cores: str) -> None:
    """One table to Parquet."""
    parts = int(cores) if table["rows"] > 10_000 else 1
    how = {"randomSeedMethod": "hash_fieldname", "seedColumnName": "id_"}
    spec = dg.DataGenerator(spark, name=table["name"], rows=table["rows"], partitions=parts, **how)
    for column in table["columns"]:
        spec = add(spec, table, column)
    spec.build().write.mode("overwrite").parquet(str(out / table["name"]))


def cpu() -> float:
    """Seconds of all cores that this process, the JVM and its Python workers have had, where the system tells."""
    parents: dict[int, tuple[int, float]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            words = status.read_text().rpartition(")")[2].split()
            parents[int(status.parent.name)] = (int(words[1]), sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK"))
    ours = {os.getpid()}
    while more := {pid for pid, (parent, _) in parents.items() if parent in ours and pid not in ours}:
        ours |= more
    return sum(parents[pid][1] for pid in ours if pid in parents)


def main(shape: str, out: str, cores: str) -> None:
    tables = json.loads(Path(shape).read_text(encoding="utf-8"))["tables"]
    spark = session(cores)
    spark.range(1000).selectExpr("sum(id)").collect()
    ready, before = time.perf_counter(), cpu()
    for table in tables:
        write(spark, table, Path(out), cores)
    done = time.perf_counter()
    print(json.dumps({"start": ready - started, "seconds": done - ready, "cpu": cpu() - before}), flush=True)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
