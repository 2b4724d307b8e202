"""Filled databases as pytest fixtures, for the test suites of applications (docs/how-to/test-suites.md)."""


class SeedError(Exception):
    """A dataset or database that cannot be had as asked; `str()` says where, why and what to do."""
