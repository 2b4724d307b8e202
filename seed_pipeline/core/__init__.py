"""Makes data: numpy in, Arrow out. No pandas, no Dagster, no database, no clock, no environment."""
