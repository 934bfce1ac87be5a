"""GitHub's REST API as the workflow's scripts use it: with the runner's own token, and nothing to install."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

PAGE = 100
_TIMEOUT_S = 30
_PAUSES_S = (1, 3)
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


class GitHubError(Exception):
    """GitHub cannot be asked, or answers what makes no sense; the text never holds the token."""


class Repository:
    """One repository, as GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_TOKEN name it.

    Raises:
        GitHubError: one of them is missing, or the token would leave unencrypted.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self.name = _needed(environ, "GITHUB_REPOSITORY")
        self._token = _needed(environ, "GITHUB_TOKEN")
        api = _needed(environ, "GITHUB_API_URL").rstrip("/")
        if urlsplit(api).scheme != "https" and urlsplit(api).hostname not in _LOCAL:
            raise GitHubError("GITHUB_API_URL is not https: the token is not sent")
        self._base = f"{api}/repos/{self.name}"

    def get(self, path: str, **query: str | int) -> Any:
        """The JSON answer to a question.

        Raises:
            GitHubError: there is none.
        """
        return _parsed(self.download(f"{path}?{urlencode(query)}"), path)

    def pages(self, path: str, key: str = "", **query: str | int) -> Iterator[dict[str, Any]]:
        """Every entry of a list, page by page; `key` names the list where the answer is an object.

        Raises:
            GitHubError: a page is missing.
        """
        for page in range(1, PAGE):
            answer = self.get(path, per_page=PAGE, page=page, **query)
            entries = answer.get(key) if isinstance(answer, dict) else answer
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise GitHubError(f"GET {path}: the answer is no list")
            yield from entries
            if len(entries) < PAGE:
                return

    def send(self, method: str, path: str, body: Mapping[str, object]) -> Any:
        """Change something, once: what may have arrived is not sent again.

        Raises:
            GitHubError: GitHub did not confirm it.
        """
        return _parsed(self._asked(method, path, json.dumps(body).encode()), path)

    def download(self, path: str, limit: int = 10_000_000) -> bytes:
        """What GitHub answers, at most `limit` bytes; asked again when it stumbles.

        Raises:
            GitHubError: it does not answer, or with more.
        """
        for pause in _PAUSES_S:
            try:
                return self._asked("GET", path, None, limit)
            except _StumbleError:
                time.sleep(pause)
        return self._asked("GET", path, None, limit)

    def _asked(self, method: str, path: str, body: bytes | None, limit: int = 10_000_000) -> bytes:
        request = Request(self._base + path, data=body, method=method)  # noqa: S310 - https or loopback, checked
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("X-GitHub-Api-Version", "2022-11-28")
        request.add_header("User-Agent", "billing-canary")
        # Downloads are redirected to a store of others, which must not get to see the token.
        request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        what = f"{method} {path.partition('?')[0]}"
        try:
            with urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - the same
                data: bytes = answer.read(limit + 1)
        except HTTPError as error:
            kind = _StumbleError if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR else GitHubError
            raise kind(f"{what}: HTTP {error.code}") from None
        except (OSError, HTTPException) as error:
            raise _StumbleError(f"{what}: {type(error).__name__}") from None
        if len(data) > limit:
            raise GitHubError(f"{what}: more than {limit} bytes")
        return data


class _StumbleError(GitHubError):
    """It may go better the next time."""


def _needed(environ: Mapping[str, str], name: str) -> str:
    if not environ.get(name):
        raise GitHubError(f"{name} is not set")
    return environ[name]


def _parsed(data: bytes, path: str) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        raise GitHubError(f"{path.partition('?')[0]}: the answer is no JSON") from None
