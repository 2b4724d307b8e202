"""The engine that both faces call: make, judge, release, as plain functions over folders of artifacts."""
