"""Makes data: numpy and pandas only. No Dagster, no database, no clock, no environment."""
