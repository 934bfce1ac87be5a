"""The billing backend: accounts, wallets, top-ups, usage, the webhook inbox and operations."""
