"""What the settings come to before a row is made: cohorts, quotas, means."""
