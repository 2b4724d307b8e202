"""What every row was made from, and what a correct service finds in it (truth_* tables)."""
