"""What people decided: the append-only audit log, its chain, and who is who in it."""
