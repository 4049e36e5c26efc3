"""The entry point for WSGI servers."""

from __future__ import annotations

import runpy

import pytest


def test_the_application_has_the_settings_of_the_environment(monkeypatch):
    """It answers, within the limits that are set."""
    monkeypatch.setenv("PODSPLIT_MAX_BODY_BYTES", "1024")
    client = runpy.run_module("service.wsgi")["app"].test_client()

    assert client.get("/healthz").status_code == 200
    assert client.post("/v1/analyze", data=b"#" * 1024).status_code == 200
    assert client.post("/v1/analyze", data=b"#" * 1025).status_code == 413


@pytest.mark.parametrize(
    ("name", "value"),
    [("PODSPLIT_MAX_FILES", "0"), ("PODSPLIT_TOKENS_FILE", "/nowhere"), ("PODSPLIT_NOPE", "1")],
)
def test_what_can_not_be_used_stops_the_start(monkeypatch, name, value):
    """With one line that names the variable."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=f"podsplit: {name}: "):
        runpy.run_module("service.wsgi")
