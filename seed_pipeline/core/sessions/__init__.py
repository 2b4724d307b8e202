"""Who meets whom, when, and what becomes of it."""
