"""Bearer tokens."""

from __future__ import annotations

import pytest

from service.web.app import create_app
from service.web.settings import Settings, SettingsError
from service.web.tokens import Tokens


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tokens"
    path.write_text("# ours\nfirst\n\n second \n")
    return path


def test_every_token_of_the_file_is_good(file):
    """Several are; comments, blanks and parts of one aren't."""
    tokens = Tokens(file)

    assert tokens.accepts("first")
    assert tokens.accepts("second")
    assert not any(
        tokens.accepts(word) for word in ("", "firs", "first ", "# ours", "third", "\ud800"[:0])
    )


def test_a_rotated_file_is_read_again(file, tmp_path):
    """Renamed into place, as a mounted Secret is: old tokens end, new ones begin."""
    tokens = Tokens(file)
    (tmp_path / "new").write_text("third\n")
    (tmp_path / "new").rename(file)

    assert tokens.accepts("third")
    assert not tokens.accepts("first")


@pytest.mark.parametrize("trouble", ["", "# only a comment\n", None])
def test_a_rotation_that_goes_wrong(file, trouble):
    """The last tokens stay valid: the service neither opens nor closes."""
    tokens = Tokens(file)
    file.unlink() if trouble is None else file.write_text(trouble)

    assert tokens.accepts("first")
    assert not tokens.accepts("")


def test_a_start_without_tokens_fails(tmp_path):
    """A file that is missing or empty at start is an error, not an open service."""
    (tmp_path / "empty").write_text("\n")
    for name in ("missing", "empty"):
        with pytest.raises(SettingsError, match="PODSPLIT_TOKENS_FILE"):
            create_app(Settings(tokens_file=tmp_path / name))


def test_the_api_asks_for_one(file):
    """/v1 answers 401 without, and says how to send one; probes, metrics and docs stay open."""
    client = create_app(Settings(tokens_file=file)).test_client()
    refused = client.get("/v1/signals")

    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert refused.json["code"] == "unauthorized"
    for value in ("Bearer wrong", "Basic first", "first", "Bearer", "Bearer \xe9"):
        assert client.get("/v1/signals", headers={"Authorization": value}).status_code == 401
    assert client.get("/v1/signals", headers={"Authorization": "bearer first"}).status_code == 200
    assert {
        client.get(path).status_code
        for path in ("/healthz", "/readyz", "/metrics", "/openapi.yaml", "/docs", "/version")
    } == {200}
