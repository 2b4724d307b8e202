"""A Dagster pipeline that fills a tutoring platform's database with a month of realistic, reproducible activity."""

__version__ = "0.1.0"
