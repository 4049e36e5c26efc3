"""Bearer tokens."""

from __future__ import annotations

import pytest

from service.web.tokens import Tokens


def named(tokens, word):
    """The name of a token, if it is valid."""
    caller = tokens.caller_of(word)
    return caller and caller.name


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tokens"
    path.write_text("# ours\nfirst\n\n second \n")
    return path


def test_every_token_of_the_file_is_good(file):
    """Several are; comments, blanks and parts of one aren't."""
    tokens = Tokens(file)

    assert named(tokens, "first")
    assert named(tokens, "second")
    assert not any(
        named(tokens, word) for word in ("", "firs", "first ", "# ours", "third", "\ud800"[:0])
    )


def test_a_rotated_file_is_read_again(file, tmp_path):
    """Renamed into place, as a mounted Secret is: old tokens end, new ones begin."""
    tokens = Tokens(file)
    (tmp_path / "new").write_text("third\n")
    (tmp_path / "new").rename(file)

    assert named(tokens, "third")
    assert not named(tokens, "first")


@pytest.mark.parametrize("trouble", [b"\xff\xfe", None], ids=["not-text", "gone"])
def test_a_rotation_that_goes_wrong(file, trouble):
    """The last tokens stay valid: the service neither opens nor closes."""
    tokens = Tokens(file)
    file.unlink() if trouble is None else file.write_bytes(trouble)

    assert named(tokens, "first")
    assert not named(tokens, "")


@pytest.mark.parametrize("text", ["", "# only a comment\n"])
def test_an_emptied_file_takes_all_tokens_back(file, text, lines):
    """And says so, once: whoever emptied it may wonder why nobody gets in."""
    tokens = Tokens(file)
    file.write_text(text)

    assert not any(named(tokens, word) for word in ("first", "second", ""))
    assert [line["message"] for line in lines] == [
        "the tokens file has no tokens: every request is refused"
    ]


def test_a_byte_order_mark_is_no_part_of_a_token(file):
    """As editors on Windows write it."""
    file.write_bytes(b"\xef\xbb\xbffirst\r\nsecond\r\n")

    assert all(named(Tokens(file), word) for word in ("first", "second"))


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
    file.unlink()
    for _ in range(3):
        named(tokens, "first")

    assert [line["level"] for line in lines] == ["warning"]


def test_a_rotation_after_a_failed_one(file):
    """The next good file counts."""
    tokens = Tokens(file)
    file.unlink()
    assert named(tokens, "first")
    file.write_text("third\n")

    assert named(tokens, "third")
    assert not named(tokens, "first")


def test_a_token_may_have_a_name(tmp_path):
    """For metrics; what only looks like one is a token as a whole."""
    path = tmp_path / "tokens"
    path.write_text("ci: abc\nplatform-team:\tdef\nplain\na:b\n two words: ghi\n")
    tokens = Tokens(path)

    names = {word: named(tokens, word) for word in ("abc", "def", "plain", "a:b", "ghi", "ci: abc")}
    assert names == {
        "abc": "ci",
        "def": "platform-team",
        "plain": "unnamed",
        "a:b": "unnamed",
        "ghi": None,
        "ci: abc": None,
    }
