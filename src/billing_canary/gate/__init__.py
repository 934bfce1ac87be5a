"""Pure functions from evidence to a verdict: no network, no files, no clock."""
