"""Prometheus over its HTTP API: closed windows of counts, and levels now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from billing_canary.config import Table
from billing_canary.telemetry.kind import Answer, Asking, SourceKind, Wrong, answered
from billing_canary.telemetry.prometheus_counts import WINDOW, is_selector
from billing_canary.telemetry.question import Form, Question
from billing_canary.telemetry.settings import PrometheusSource
from billing_canary.telemetry.settings_checks import number, variable

_TIMEOUT_S = range(1, 121)


def _load(table: Table, name: str) -> PrometheusSource:
    return PrometheusSource(
        name=name,
        kind="prometheus",
        url_env=variable(table, "url_env"),
        token_env=variable(table, "token_env", ""),
        timeout_s=number(table, "timeout_s", 10, _TIMEOUT_S),
    )


def _wrong(_source: PrometheusSource, question: Question) -> Iterator[Wrong]:
    if question.form is Form.LEVEL:
        if WINDOW in question.texts.get("query", ""):
            fix = 'write the length, e.g. "5m"'
            yield Wrong(key="query", message=f"holds {WINDOW}, but a level has no window", fix=fix)
        return
    selectors = {key: is_selector(text) for key, text in question.texts.items()}
    for key, selector in selectors.items():
        if WINDOW not in question.texts[key] and not selector:
            message = f"is neither the plain selector of a counter nor does it hold {WINDOW}"
            fix = f'write a selector such as payments_total{{status="ok"}}, or use [{WINDOW}] as its range'
            yield Wrong(key=key, message=message, fix=fix)
    if len(set(selectors.values())) > 1:
        fix = "write both as selectors, or both as expressions"
        message = "one of good and total is a plain selector and the other is not: they are counted apart"
        yield Wrong(key="total", message=message, fix=fix)


def _shown(_source: PrometheusSource, asking: Asking) -> str:
    question = asking.question
    if question.form is Form.LEVEL:
        return question.texts["query"]
    length = f"{question.window_s}s"
    return "; ".join(f"{key}: {question.texts[key].replace(WINDOW, length)}" for key in ("good", "total"))


def _read(source: PrometheusSource, asking: Asking) -> Answer:
    # requests is slow to import, and most commands never ask.
    from billing_canary.telemetry.prometheus_http import Api  # noqa: PLC0415
    from billing_canary.telemetry.prometheus_level import read_level  # noqa: PLC0415
    from billing_canary.telemetry.prometheus_windows import read_windows  # noqa: PLC0415

    with Api(source, asking) as api:
        if asking.question.form is Form.LEVEL:
            return answered(samples=read_level(api, asking))
        return answered(windows=read_windows(api, asking))


def _secrets(source: PrometheusSource, environ: Mapping[str, str]) -> tuple[str, ...]:
    from billing_canary.telemetry.prometheus_address import secrets_of  # noqa: PLC0415 - with urllib

    token = environ.get(source.token_env, "").strip() if source.token_env else ""
    return (token, *secrets_of(environ.get(source.url_env, "").strip()))


PROMETHEUS = SourceKind(
    name="prometheus",
    load=_load,
    forms={Form.WINDOWS: (("good", "total"),), Form.LEVEL: (("query",),)},
    wrong=_wrong,
    shown=_shown,
    read=_read,
    secrets=_secrets,
)
