"""Suites: tiers of test suites, run side by side, and the coverage that they leave."""
