"""The forges that the bot works on: a repository for a name, and which ones there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

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
    "github": "orgs/{}/repos",
    "gitlab": "groups/{}/projects?include_subgroups=true&archived=false",
    "gitea": "orgs/{}/repos",
    "bitbucket": "repositories/{}?pagelen=100",
}
"""Where the repositories of an owner are listed, behind the API's address."""
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
            yield repository

    def repositories(self) -> Iterator[str]:
        """The full names of the repositories that are looked at.

        Raises:
            requests.RequestException: the forge doesn't list what an owner has.
        """
        for entry in self.settings.repositories:
            owner, _, name = entry.rpartition("/")
            if name != "*":
                yield entry
                continue
            with self._session(owner) as http:
                if self._app is not None:
                    # What the owner has given it, which need not be all.
                    url = f"{self.settings.api}/installation/repositories"
                    for item in http.pages(url, within="repositories"):
                        yield item["full_name"]
                    continue
                place = _LISTS[self.settings.kind].format(quote(owner, safe=""))
                for item in self._listed(http, f"{self.settings.api}/{place}"):
                    if not item.get("archived"):
                        yield item[_NAMES.get(self.settings.kind, "full_name")]

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
