"""How to talk to a billing system: operations, the HTTP adapter, the payment provider, the mock."""
