"""What people read of a dataset: the report (page), the demo script (scenes), explanations (explain), and pictures."""
