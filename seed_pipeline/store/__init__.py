"""Keeps data: Parquet artifacts and the database release."""
