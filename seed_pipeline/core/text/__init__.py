"""What is said: lines that fit, apart from each other; topics; names."""
