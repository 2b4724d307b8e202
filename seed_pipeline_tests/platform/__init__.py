"""A stand-in for the platform: its services, written from its rules, with nothing of the generator."""
