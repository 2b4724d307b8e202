"""The Dagster face: assets, checks, IO managers, jobs, each a few lines over the same engine as the CLI."""
