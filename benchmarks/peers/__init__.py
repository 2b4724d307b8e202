"""Other generators at the same task: tables of the same shape and size, measured in the same run as ours.

`shape` says what to make, `place` sets the peers up apart from our environment, `table` measures. The peers' own
programs are `spark_dbldatagen.py`, `pandas_faker.py` and `drizzle_seed.mjs`: each reads the shape, prints what it took.
"""
