"""Probes: synthetic billing transactions that record what they saw."""
