"""The forges that the bot works on: a repository for a name, and which ones there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import requests

from clients.bot import bitbucket, gitea, github, gitlab
from clients.bot.bitbucket import Bitbucket
from clients.bot.forge import Repository, Session
from clients.bot.gitea import Gitea
from clients.bot.github import GitHub
from clients.bot.gitlab import GitLab
from clients.bot.hosted.github_app import GitHubApp
from clients.bot.hosted.settings import ForgeSettings

_SESSIONS = {
    "github": github.session,
    "gitlab": gitlab.session,
    "gitea": gitea.session,
    "bitbucket": bitbucket.session,
}
_REPOSITORIES: Mapping[str, Any] = {
    "github": GitHub,
    "gitlab": GitLab,
    "gitea": Gitea,
    "bitbucket": Bitbucket,
}
_LISTS = {
    "github": ("orgs/{}/repos", "users/{}/repos"),
    "gitlab": (
        "groups/{}/projects?include_subgroups=false&with_shared=false",
        "users/{}/projects",
    ),
    "gitea": ("orgs/{}/repos", "users/{}/repos"),
    "bitbucket": ("repositories/{}?pagelen=100",) * 2,
}
"""Where the repositories of an organisation and of a person are, behind the API's address."""
_NAMES = {"gitlab": "path_with_namespace"}


class OneForge:
    """A forge, with the tokens that it gives."""

    def __init__(self, settings: ForgeSettings) -> None:
        self.settings = settings
        self._app = (
            GitHubApp(settings.api, settings.app, lambda: settings.secret("key"))
            if settings.app is not None
            else None
        )

    @contextmanager
    def repository(self, name: str) -> Iterator[Repository]:
        """A repository, for one look.

        Args:
            name: its full name.

        Raises:
            SettingsError: there is no token.
            requests.RequestException: the forge gives none.
        """
        account = self._app.account() if self._app else self.settings.account
        with self._session(name.partition("/")[0]) as http:
            make = _REPOSITORIES[self.settings.kind]
            repository: Repository = make(http, self.settings.api, name, account=account)
            try:
                yield repository
            except requests.HTTPError as error:
                if self._app and error.response.status_code == requests.codes.unauthorized:
                    self._app.forget(name.partition("/")[0])
                raise

    def repositories(self, entry: str) -> Iterator[str]:
        """The full names of the repositories that an entry of the settings stands for.

        Args:
            entry: `owner/name`, or `owner/*` for all that an owner has.

        Raises:
            requests.RequestException: the forge doesn't list what an owner has.
            SettingsError: the App isn't installed by the owner.
        """
        owner, _, name = entry.rpartition("/")
        if name != "*":
            yield entry
            return
        with self._session(owner) as http:
            for item in self._of_owner(http, quote(owner, safe="")):
                name = item[_NAMES.get(self.settings.kind, "full_name")]
                # A group may show what others share with it.
                if not item.get("archived") and self.settings.allows(name):
                    yield name

    def _of_owner(self, http: Session, owner: str) -> Iterator[dict[str, Any]]:
        """The repositories of an organisation or, if it is none, of a person."""
        api = self.settings.api
        if self._app is not None:
            # What the owner has given it, which need not be all.
            yield from http.pages(f"{api}/installation/repositories", within="repositories")
            return
        of_group, of_person = (place.format(owner) for place in _LISTS[self.settings.kind])
        try:
            yield from self._listed(http, f"{api}/{of_group}")
        except requests.HTTPError as error:
            if error.response.status_code != requests.codes.not_found:
                raise
            yield from self._listed(http, f"{api}/{of_person}")

    def _listed(self, http: Session, url: str) -> Iterator[dict[str, Any]]:
        match self.settings.kind:
            case "bitbucket":
                return bitbucket.pages(http, url)
            case "gitea":
                return gitea.pages(http, url)
            case _:
                return http.pages(url)

    def _session(self, owner: str) -> Session:
        token = self._app.token(owner) if self._app else self.settings.secret("token")
        return _SESSIONS[self.settings.kind](token)
