"""Probes, the version, the metrics and the contract."""

from __future__ import annotations

import yaml

from service.web.app import create_app
from service.web.settings import Settings
from service.web.version import __version__
from tests.unit.web.samples import POD


def test_health_and_version(client):
    """What a probe and a person want to know."""
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ok"}
    assert client.get("/version").json == {"name": "podsplit", "version": __version__, "api": "v1"}


def test_readiness_while_draining(tmp_path):
    """503 with Retry-After; health and the API go on."""
    client = create_app(Settings(drain_file=tmp_path / "draining")).test_client()
    assert client.get("/readyz").status_code == 200
    (tmp_path / "draining").touch()

    answer = client.get("/readyz")
    assert (answer.status_code, answer.json, answer.headers["Retry-After"]) == (
        503,
        {"status": "draining"},
        "5",
    )
    assert client.get("/healthz").status_code == 200
    assert client.post("/v1/analyze", data=POD).status_code == 200


def test_the_metrics_are_in_prometheus_format(client):
    """By their Content-Type."""
    assert client.get("/metrics").content_type.startswith("text/plain; version=")


def test_the_contract_is_yaml(client):
    """An OpenAPI document that names every endpoint."""
    answer = client.get("/openapi.yaml")

    assert answer.mimetype == "application/yaml"
    assert "/v1/analyze" in yaml.safe_load(answer.text)["paths"]


def test_the_contract_in_json(client):
    """The same document."""
    assert client.get("/openapi.json").json == yaml.safe_load(client.get("/openapi.yaml").text)
