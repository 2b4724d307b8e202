"""What is measured in a completed session, and whether it is followed up."""
