"""What a change touches: migrations, billing logic, billing modules, and how far a mistake would reach."""

from __future__ import annotations

from collections.abc import Iterable

from billing_canary.path_glob import path_matches
from billing_canary.release import Change
from billing_canary.risk import Fact, RiskPolicy, derived, stated, unknown

_MOST_NAMED = 3
_FILE = "[stated] of gates/risk.toml"


def migration(policy: RiskPolicy, change: Change) -> Fact[bool]:
    """Whether the change holds a database migration."""
    return _either(_touches(change, policy.paths.migrations), policy.stated.migration)


def touched_modules(policy: RiskPolicy, change: Change) -> Fact[tuple[str, ...]]:
    """The billing modules that the change touches, by name; those stated as well."""
    said = policy.stated.modules
    if change.problem:
        return unknown(change.problem) if said is None else stated(said, f"modules in {_FILE}")
    found = [
        name
        for name, patterns in policy.paths.modules.items()
        if any(path_matches(path, patterns) for path in change.paths)
    ]
    added = [name for name in dict.fromkeys(said or ()) if name not in found]
    names = tuple(sorted([*found, *added]))
    words = f"{', '.join(sorted(found)) or 'none'} {_since(change)}"
    if added:
        return stated(names, f"{', '.join(sorted(added))} in {_FILE}; derived: {words}")
    return derived(names, words)


def billing_logic(policy: RiskPolicy, change: Change, modules: Fact[tuple[str, ...]]) -> Fact[bool]:
    """Whether the change touches billing logic; a billing module is some."""
    if modules.value:
        _, _, words = modules.source.partition(": ")
        say = stated if modules.source.startswith("stated") else derived
        return say(True, f"through its modules: {words}")
    return _either(_touches(change, policy.paths.billing_logic), policy.stated.billing_logic)


def high_blast_radius(
    policy: RiskPolicy, environment: Fact[str], modules: Fact[tuple[str, ...]]
) -> Fact[bool]:
    """Whether so many modules are touched in such an environment that a mistake would reach many."""
    return _either(_reaches_many(policy, environment, modules), policy.stated.high_blast_radius)


def _reaches_many(policy: RiskPolicy, environment: Fact[str], modules: Fact[tuple[str, ...]]) -> Fact[bool]:
    limit = policy.blast_modules
    exposed = None if environment.value is None else environment.value.lower() in policy.blast_environments
    many = None if modules.value is None else len(set(modules.value)) >= limit
    if exposed is False:
        return derived(False, f"{environment.value} is not among the environments that reach many")
    if many is False:
        return derived(False, f"fewer than {limit} billing modules")
    if exposed is None or many is None:
        return unknown("the environment or the modules are unknown")
    return derived(True, f"{limit} billing modules or more in {environment.value}")


def _touches(change: Change, patterns: Iterable[str]) -> Fact[bool]:
    if change.problem:
        return unknown(change.problem)
    hits = [path for path in change.paths if path_matches(path, patterns)]
    if not hits:
        return derived(False, f"none of {len(change.paths)} changed files {_since(change)}")
    more = f" and {len(hits) - _MOST_NAMED} more" if len(hits) > _MOST_NAMED else ""
    return derived(True, f"{', '.join(sorted(hits)[:_MOST_NAMED])}{more} {_since(change)}")


def _either(found: Fact[bool], said: bool | None) -> Fact[bool]:  # noqa: FBT001 - what the file says
    """`found`, unless a statement answers what it leaves open or makes it worse."""
    if said is None or found.value or found.value is said:
        return found
    return stated(said, f"{'yes' if said else 'no'} in {_FILE}")


def _since(change: Change) -> str:
    return f"since {change.base}" if change.base else "in the whole history"
