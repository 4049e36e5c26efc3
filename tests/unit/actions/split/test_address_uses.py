"""Who uses an address, by the name of what holds it."""

from __future__ import annotations

import pytest

from service.actions.split.address_uses import AddressUse, load_address_uses


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("REACT_APP_API_URL", AddressUse.BROWSER),
        ("vite-api-url", AddressUse.BROWSER),
        ("cors.allowed.origins", AddressUse.BROWSER),
        ("KAFKA_ADVERTISED_LISTENERS", AddressUse.ADVERTISED),
        ("NO_PROXY", AddressUse.NOT_CALLED),
        ("DATABASE_URL", None),
        ("", None),
    ],
)
def test_the_name_tells_in_any_spelling(name: str, use: AddressUse | None) -> None:
    """Variables, keys and options are written differently."""
    assert load_address_uses().by_name(name) is use


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/usr/share/nginx/html/config.js", True),
        ("/usr/share/nginx/html/a/b.txt", True),
        ("/usr/share/nginx/htmlx", False),
        ("/etc/app/config.yaml", False),
    ],
)
def test_files_that_a_web_server_hands_out_are_for_browsers(path: str, expected: bool) -> None:
    """By their folder or their name."""
    assert load_address_uses().is_for_browsers(path) is expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("shop-frontend", "acme/a"), True),
        (("a", "acme/web-ui:2"), True),
        (("worker", "acme/worker"), False),
        (("frontends", ""), False),
    ],
)
def test_a_frontend_is_known_by_a_word(names: tuple[str, ...], expected: bool) -> None:
    """Of its name or image."""
    assert load_address_uses().is_frontend(*names) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rs.initiate({members: [{_id: 0, host: 'localhost:27017'}]})", True),
        ("mongosh --host localhost", False),
    ],
)
def test_some_texts_make_a_server_hand_its_address_on(text: str, expected: bool) -> None:
    """Such as a replica set's configuration."""
    assert bool(load_address_uses().advertising.search(text)) is expected
