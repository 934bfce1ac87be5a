"""What a provider's list shows of payment intents and customers: as much as a clean-up must know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_MOST_PAGES = 50
"""Of 100 objects each: what a busy test account makes in days, read in half a minute."""


@dataclass(frozen=True, kw_only=True)
class ProviderObject:
    """A payment intent or a customer.

    Attributes:
        status: of a payment intent; "" for a customer.
        run_id: what its metadata say, if they say it as text.
        is_test: whether it says `livemode: false`.
        created: seconds since the epoch, or None when it does not tell.
    """

    id: str
    status: str
    run_id: str | None
    is_test: bool
    created: float | None


@dataclass(frozen=True, kw_only=True)
class Page:
    """A part of a list, newest first, and whether there is more of it."""

    objects: tuple[ProviderObject, ...]
    more: bool


@dataclass(frozen=True, kw_only=True)
class Sought:
    """The objects of one run, and why there may be more of them ("" when all were seen)."""

    objects: tuple[ProviderObject, ...]
    unseen: str = ""


def read_page(document: Mapping[str, Any]) -> Page:
    """A list object of the provider; deleted customers are left out.

    Raises:
        ValueError: it is no list of objects with ids.
    """
    data = document.get("data")
    if not isinstance(data, list) or type(document.get("has_more")) is not bool:
        raise ValueError("the provider's answer is no list")
    present = tuple(_read(each) for each in data if not _is_deleted(each))
    return Page(objects=present, more=document["has_more"])


def seek(
    page_after: Callable[[str], Page], run_id: str, since: float | None, most_pages: int = _MOST_PAGES
) -> Sought:
    """The objects whose metadata name exactly `run_id`.

    The list is read and filtered here. A provider's search would be shorter, but it lags behind by
    minutes, and so would miss what a run left just before it was killed.

    Args:
        page_after: the page after the object with this id; "" means the first.
        run_id: the run.
        since: seconds since the epoch; older objects cannot be the run's. None: not known.
        most_pages: after so many the search is given up.
    """
    found: list[ProviderObject] = []
    seen: set[str] = set()
    after = ""
    for _ in range(most_pages):
        page = page_after(after)
        ids = {each.id for each in page.objects}
        if ids & seen:
            return Sought(objects=tuple(found), unseen="the list repeats itself")
        seen |= ids
        found += [each for each in page.objects if each.run_id == run_id]
        if not page.more or _all_older(page, since):
            return Sought(objects=tuple(found))
        if not page.objects:
            return Sought(objects=tuple(found), unseen="the list promises more and shows nothing")
        after = page.objects[-1].id
    return Sought(objects=tuple(found), unseen=f"only the newest {len(seen)} were looked at")


def _all_older(page: Page, since: float | None) -> bool:
    if since is None or not page.objects:
        return False
    return all(each.created is not None and each.created < since for each in page.objects)


def _read(each: Any) -> ProviderObject:
    if not isinstance(each, dict) or not isinstance(each.get("id"), str) or not each["id"]:
        raise ValueError("the provider's list holds something without an id")
    metadata = each.get("metadata")
    told = metadata.get("run_id") if isinstance(metadata, dict) else None
    created = each.get("created")
    return ProviderObject(
        id=each["id"],
        status=str(each.get("status") or ""),
        run_id=told if isinstance(told, str) else None,
        is_test=each.get("livemode") is False,
        created=float(created) if isinstance(created, int | float) else None,
    )


def _is_deleted(each: Any) -> bool:
    return isinstance(each, dict) and each.get("deleted") is True
