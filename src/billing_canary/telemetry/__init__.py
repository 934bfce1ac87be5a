"""Where rollback triggers read from: our own bundles, Prometheus, SQL databases, files, the audit log."""
