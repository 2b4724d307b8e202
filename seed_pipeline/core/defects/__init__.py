"""Edge cases, on request."""
