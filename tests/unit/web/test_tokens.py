"""Bearer tokens."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize("text", ["", "# only a comment\n \n"])
def test_a_file_without_tokens_is_an_error_at_start(tmp_path, text):
    """It would close the service to everybody."""
    path = tmp_path / "tokens"
    path.write_text(text)
    with pytest.raises(ValueError, match="no tokens: write one per line"):
        Tokens(path)


def test_a_missing_file_is_an_error_at_start(tmp_path):
    """It would open the service to everybody."""
    with pytest.raises(OSError, match="tokens"):
        Tokens(tmp_path / "tokens")


def test_a_failed_rotation_is_logged_once(file, lines):
    """Not for every request that comes meanwhile."""
    tokens = Tokens(file)
    file.write_text("")
    for _ in range(3):
        tokens.accepts("first")

    assert [line["level"] for line in lines] == ["warning"]


def test_a_rotation_after_a_failed_one(file):
    """The next good file counts."""
    tokens = Tokens(file)
    file.write_text("")
    assert tokens.accepts("first")
    file.write_text("third\n")

    assert tokens.accepts("third")
    assert not tokens.accepts("first")
