"""The bot's edge: webhooks, health and metrics."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, NotFound, ServiceUnavailable, UnprocessableEntity

from clients.bot.hosted.contents import Bounds, Cache
from clients.bot.hosted.forges import OneForge
from clients.bot.hosted.metrics import CONTENT_TYPE, Metrics
from clients.bot.hosted.settings import EXTENSION, Settings, SettingsError
from clients.bot.hosted.surroundings import Surroundings
from clients.bot.hosted.webhooks import is_authentic, read_event
from clients.bot.hosted.work import Job, Work
from clients.bot.service import Service

MAX_BYTES = 5_000_000
"""Bytes of a webhook."""


def create_app(settings: Settings, service: Service) -> Flask:
    """The application. Its work is started by whoever serves it.

    Args:
        settings: the settings.
        service: Podsplit.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
    metrics = Metrics()
    work = Work(
        {name: OneForge(forge) for name, forge in settings.forges.items()},
        Surroundings(
            service=service,
            bounds=Bounds(settings.max_files, settings.max_bytes),
            cache=Cache(),
            name=settings.name,
            docs=settings.docs,
        ),
        metrics,
        workers=settings.workers,
        queue=settings.queue,
        sweep_seconds=settings.sweep_seconds,
    )
    app.extensions[EXTENSION] = work

    @app.post("/webhooks/<name>")
    def webhook(name: str) -> Response:
        forge = settings.forges.get(name)
        if forge is None:
            raise NotFound("there is no forge of this name in the settings")
        outcome, status, detail = _received(name)
        metrics.webhooks.labels(name, outcome).inc()
        if status == ServiceUnavailable.code:
            answer = _problem(status, detail)
            answer.headers["Retry-After"] = "60"
            return answer
        return _problem(status, detail) if status >= 400 else _json({"status": outcome}, status)

    def _received(name: str) -> tuple[str, int, str]:
        """What becomes of a webhook, the status, and what is wrong."""
        forge = settings.forges[name]
        raw = request.get_data()
        headers = {name.lower(): value for name, value in request.headers}
        if not is_authentic(forge.kind, headers, raw, forge.secret("secret")):
            return "unauthentic", 401, "the signature is not made with the secret of this forge"
        try:
            body = json.loads(raw)
            event = read_event(forge.kind, headers, body)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return (
                "unreadable",
                UnprocessableEntity.code,
                ("not a webhook of such a forge: have it sent as application/json"),
            )
        if event is None:
            return "ignored", 202, ""
        if not forge.allows(event.repository):
            return "foreign", 403, "the repository is not one of those in the settings"
        if not work.queue.put(Job(name, forge.named(event.repository), event.number)):
            return "full", ServiceUnavailable.code, "too much waits: the next sweep finds it"
        return "accepted", 202, ""

    @app.get("/healthz")
    def healthz() -> Response:
        return _json({"status": "ok"}, 200)

    @app.get("/readyz")
    def readyz() -> Response:
        is_well = work.is_well()
        return _json({"status": "ok" if is_well else "stopping"}, 200 if is_well else 503)

    @app.get("/metrics")
    def show_metrics() -> Response:
        return Response(metrics.show(), content_type=CONTENT_TYPE)

    @app.errorhandler(SettingsError)
    def show_settings_error(_error: SettingsError) -> Response:
        return _problem(503, "the secret of this forge can't be read: see the settings")

    @app.errorhandler(HTTPException)
    def show_error(error: HTTPException) -> Response:
        return _problem(error.code or 500, error.description or "")

    return app


def _json(data: dict[str, Any], status: int, kind: str = "application/json") -> Response:
    return Response(json.dumps(data) + "\n", status, content_type=kind)


def _problem(status: int, detail: str) -> Response:
    """A problem document (RFC 9457)."""
    return _json({"status": status, "detail": detail}, status, "application/problem+json")
