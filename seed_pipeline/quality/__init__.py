"""Judges data: Pandera schemas derived from the table definition, contract targets measured into verdicts."""
