"""The whole machine-learning loop from configuration; `mlops.cli` is the way in."""
