"""GET /v1/signals, /v1/rules, /v1/actions and /v1/catalog."""

from __future__ import annotations

import pytest

from service.web import knowledge
from service.web.schemas.answers import CatalogueSchema, DocumentationListSchema


@pytest.mark.parametrize(
    ("path", "items"),
    [
        ("/v1/signals", knowledge.signals()),
        ("/v1/rules", knowledge.rules()),
        ("/v1/actions", knowledge.actions()),
    ],
)
def test_lists_of_what_is_explained(client, path, items):
    """Everything that is registered, in the declared shape."""
    answer = client.get(path)

    assert answer.content_type == "application/json"
    assert answer.json == {"items": items}
    assert DocumentationListSchema().validate(answer.json) == {}


def test_the_catalogue(client):
    """Every entry, as it is known."""
    answer = client.get("/v1/catalog")

    assert answer.json == {"items": knowledge.catalogue()}
    assert CatalogueSchema().validate(answer.json) == {}
