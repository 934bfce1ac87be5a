"""Looking for a run's objects in a provider's lists: exactly its own, page by page, and never for ever."""

from __future__ import annotations

from typing import Any

import pytest

from billing_canary.target.provider_objects import Page, ProviderObject, read_page, seek

RUN = "run-1"


def each(number: int, run_id: str | None = RUN, created: float | None = None) -> ProviderObject:
    return ProviderObject(id=f"pi_{number}", status="", run_id=run_id, is_test=True, created=created)


class Pages:
    """A list in pages; counts what was asked."""

    def __init__(self, *objects: ProviderObject, size: int = 2) -> None:
        self.objects, self.size = objects, size
        self.asked: list[str] = []

    def __call__(self, after: str) -> Page:
        self.asked.append(after)
        ids = [one.id for one in self.objects]
        start = ids.index(after) + 1 if after else 0
        end = start + self.size
        return Page(objects=self.objects[start:end], more=end < len(self.objects))


def test_every_page_is_read_and_only_the_run_s_own_are_found() -> None:
    names = [RUN, "run-10", None, "run-", "RUN-1", RUN, "", RUN]
    pages = Pages(*(each(number, name) for number, name in enumerate(names)))
    sought = seek(pages, RUN, None)
    assert ([one.id for one in sought.objects], sought.unseen) == (["pi_0", "pi_5", "pi_7"], "")
    assert pages.asked == ["", "pi_1", "pi_3", "pi_5"]


def test_nothing_older_than_the_run_is_asked_for() -> None:
    pages = Pages(*(each(n, created=100.0 - n) for n in range(10)))
    sought = seek(pages, RUN, 97.0)
    assert pages.asked == ["", "pi_1", "pi_3"]
    assert len(sought.objects) == 6, "what was seen is not thrown away"
    assert sought.unseen == ""


def test_a_date_that_is_not_told_ends_nothing() -> None:
    pages = Pages(*(each(n, created=None if n % 2 else 1.0) for n in range(6)))
    assert len(seek(pages, RUN, 50.0).objects) == 6


def test_after_so_many_pages_it_gives_up_and_says_so() -> None:
    pages = Pages(*(each(n) for n in range(100)))
    sought = seek(pages, RUN, None, most_pages=5)
    assert (len(pages.asked), sought.unseen) == (5, "only the newest 10 were looked at")


@pytest.mark.parametrize(
    ("page", "unseen"),
    [
        (Page(objects=(each(1), each(2)), more=True), "the list repeats itself"),
        (Page(objects=(), more=True), "the list promises more and shows nothing"),
    ],
)
def test_a_list_that_does_not_end(page: Page, unseen: str) -> None:
    assert seek(lambda _: page, RUN, None).unseen == unseen


def listed(*data: Any, **more: Any) -> dict[str, Any]:
    return {"object": "list", "data": list(data), "has_more": False, **more}


def test_an_object_is_read_as_it_stands() -> None:
    shown = {"id": "pi_1", "status": "x", "metadata": {"run_id": RUN}, "livemode": False, "created": 7}
    (one,) = read_page(listed(shown)).objects
    assert one == ProviderObject(id="pi_1", status="x", run_id=RUN, is_test=True, created=7.0)


@pytest.mark.parametrize(
    "metadata", [None, {}, [], "run-1", {"run_id": None}, {"run_id": 1}, {"RUN_ID": RUN}]
)
def test_metadata_without_a_run_id_name_no_run(metadata: Any) -> None:
    (one,) = read_page(listed({"id": "pi_1", "metadata": metadata})).objects
    assert (one.run_id, one.is_test) == (None, False)


@pytest.mark.parametrize("livemode", [True, None, "false", 0])
def test_only_an_explicit_false_is_a_test_object(livemode: Any) -> None:
    (one,) = read_page(listed({"id": "pi_1", "livemode": livemode})).objects
    assert not one.is_test


def test_a_deleted_customer_is_not_there() -> None:
    gone = {"id": "cus_1", "deleted": True, "metadata": {"run_id": RUN}}
    assert read_page(listed(gone)).objects == ()


@pytest.mark.parametrize(
    "document",
    [
        {},
        listed(None),
        listed({}),
        listed({"id": ""}),
        listed({"id": 1}),
        listed(has_more="no"),
        {"data": {}},
    ],
)
def test_what_is_no_list_is_an_error(document: Any) -> None:
    with pytest.raises(ValueError, match="list"):
        read_page(document)
