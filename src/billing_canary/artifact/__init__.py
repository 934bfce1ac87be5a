"""Bundles: folders of evidence on disk, written once, read with suspicion, and rendered for people."""
