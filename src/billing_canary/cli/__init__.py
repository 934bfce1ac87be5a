"""The command line: one file a command; no rule and no rendering here."""
