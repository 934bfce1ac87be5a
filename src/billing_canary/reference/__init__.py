"""The reference billing service: a small, real billing system with its payment provider.

Mock mode starts it for a run; people start it by hand to try things. Import what you need from
`billing_canary.reference.service` (start, Settings, Running) and `billing_canary.reference.faults`;
this package itself imports nothing, so that naming it costs nothing.
"""
