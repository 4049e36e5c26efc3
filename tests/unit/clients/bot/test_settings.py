"""The settings of the hosted bot."""

from __future__ import annotations

import pytest

from clients.bot.hosted.settings import Settings, SettingsError

FORGE = "forges: {hub: {kind: github, repositories: [Team/*, other/shop]}}\n"


@pytest.fixture
def read(tmp_path):
    """Reads a file, with the secrets of a forge `hub` and some variables."""

    def read(text, secrets=("hub.secret", "hub.token"), **variables):
        for name in secrets:
            (tmp_path / name).write_text("s3cret\n")
        (tmp_path / "bot.yaml").write_text(text)
        told = {
            "PODSPLIT_BOT_CONFIG": str(tmp_path / "bot.yaml"),
            "PODSPLIT_BOT_SECRETS": str(tmp_path),
        }
        return Settings.from_environment(told | variables)

    return read


def test_a_forge_with_what_it_needs(read):
    """The address of a public forge is known; secrets are read when they are needed."""
    settings = read(FORGE, PODSPLIT_BOT_QUEUE="7")
    forge = settings.forges["hub"]

    assert (forge.api, settings.queue) == ("https://api.github.com", 7)
    assert forge.secret("token") == "s3cret"
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("team/shop", True),
        ("TEAM/Blog", True),
        ("other/shop", True),
        ("other/blog", False),
        ("teams/shop", False),
        ("team/sub/shop", False),
        ("shop", False),
        ("", False),
    ],
)
def test_only_named_repositories_are_allowed(read, repository, expected):
    """Whatever their case."""
    assert read(FORGE).forges["hub"].allows(repository) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "forges"),
        ("[]", "forges"),
        ("forges: {}", "forges"),
        ("a: b: c", "not YAML"),
        (FORGE.replace("github", "svn"), "forges.hub.kind: Must be one of"),
        (FORGE.replace("Team/*", "Team"), "owner/name"),
        (FORGE.replace("Team/*", "'*/*'"), "owner/name"),
        (FORGE.replace("github", "gitea"), "forges.hub.api is not set"),
        (FORGE.replace("kind", "app: 1, kind").replace("github", "gitlab"), "only GitHub"),
        (FORGE.replace("kind", "apps: 1, kind"), "apps"),
        (FORGE.replace("{hub", "{hub2"), "hub2.secret is missing"),
        (FORGE.replace("kind", "app: 1, kind"), "hub.key is missing"),
        (FORGE + "name: A B\n", "name"),
    ],
)
def test_what_is_wrong_is_named(read, text, message):
    """And no secret."""
    with pytest.raises(SettingsError, match=message) as caught:
        read(text)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("value", ["0", "x", "100001"])
def test_numbers_have_bounds(read, value):
    """The error names the variable and both bounds."""
    with pytest.raises(SettingsError, match="PODSPLIT_BOT_QUEUE must be a number from 1 to 100000"):
        read(FORGE, PODSPLIT_BOT_QUEUE=value)


def test_a_missing_file_or_variable():
    """Either is named."""
    with pytest.raises(SettingsError, match="PODSPLIT_BOT_CONFIG is not set"):
        Settings.from_environment({})
    with pytest.raises(SettingsError, match=r"/none can't be read"):
        Settings.from_environment({"PODSPLIT_BOT_CONFIG": "/none", "PODSPLIT_BOT_SECRETS": "/"})
