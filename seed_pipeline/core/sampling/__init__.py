"""Draws as functions of keys, quotas in place of luck, levels solved from outcomes."""
