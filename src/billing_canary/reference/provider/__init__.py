"""A small payment provider: Stripe's HTTP API as far as the probes and the backend use it."""
