"""How the application is put together."""

from __future__ import annotations

import pytest

from service.web.app import create_app
from service.web.dependencies import EXTENSION
from service.web.routes import ROUTES
from service.web.settings import Settings, SettingsError

POD = b"""apiVersion: v1
kind: Pod
metadata: {name: ledger}
spec:
  containers:
  - {name: a, image: acme/ledger:1}
  - {name: b, image: acme/ship:1}
"""


def test_every_route_is_registered():
    """With its method and its view, under a name made of its section and its view."""
    app = create_app(Settings())

    for route in ROUTES:
        (rule,) = [rule for rule in app.url_map.iter_rules() if rule.rule == route.path]
        assert route.method in rule.methods
        assert app.view_functions[rule.endpoint] is route.view
    others = {rule.rule for rule in app.url_map.iter_rules()} - {route.path for route in ROUTES}
    assert others == {"/assets/<path:name>"}


def test_applications_share_nothing():
    """Each has settings, counters and slots of its own."""
    first, second = (create_app(Settings(max_runs=number)) for number in (1, 2))
    first.test_client().get("/healthz")

    assert first.extensions[EXTENSION].settings.max_runs == 1
    assert 'route="/healthz"' not in second.test_client().get("/metrics").text


def test_an_image_of_the_catalogue_file_is_known(tmp_path):
    """A helper that only the file names is a sidecar with its pattern."""
    path = tmp_path / "catalogue.yaml"
    path.write_text("- {image: acme/ship, role: helper, pattern: logging}\n")
    client = create_app(Settings(catalogue_file=path)).test_client()
    answer = client.post("/v1/analyze", data=POD, content_type="application/yaml").get_json()

    (workload,) = answer["workloads"]
    assert [container["pattern"] for container in workload["containers"]] == [None, "logging"]


@pytest.mark.parametrize(
    "text",
    [
        "role: helper\n",
        "- {image: a}\n",
        "- {image: a, role: boss}\n",
        "- {image: a, role: helper, more: 1}\n",
        "[\n",
        None,
    ],
)
def test_a_wrong_catalogue_file_stops_the_start(tmp_path, text):
    """With the variable named; so does one that is missing."""
    path = tmp_path / "catalogue.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError, match="PODSPLIT_CATALOGUE_FILE"):
        create_app(Settings(catalogue_file=path))


@pytest.mark.parametrize("text", ["\n", "# none yet\n", None])
def test_a_start_without_tokens_fails(tmp_path, text):
    """A tokens file that is missing or empty at start is an error, not an open service."""
    path = tmp_path / "tokens"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError, match="PODSPLIT_TOKENS_FILE"):
        create_app(Settings(tokens_file=path))
