"""Tokens of a GitHub App: each is for what one owner has installed it on, for an hour."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import jwt

from clients.bot import github
from clients.bot.forge import Session
from clients.bot.hosted.settings import SettingsError

_JWT_SECONDS = 540
"""How long the App's own token holds; GitHub takes none of over ten minutes."""
_CLOCK_SECONDS = 60
"""By how much GitHub's clock may be behind."""
_RENEWED_AFTER = 3000.0
"""Seconds until a token of an installation is asked for anew; it holds for an hour."""


class GitHubApp:
    """An App, by its id and its private key."""

    def __init__(self, api: str, app: int, key: Callable[[], str]) -> None:
        """Know an App.

        Args:
            api: where the REST API is.
            app: its id.
            key: returns its private key, in PEM.
        """
        self._api = api
        self._app = app
        self._key = key
        self._tokens: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()
        self._account = ""

    def token(self, owner: str) -> str:
        """A token for an owner's repositories.

        Raises:
            SettingsError: the key is none, or the App isn't installed there.
            requests.RequestException: GitHub refuses it, or can't be reached.
        """
        with self._lock:
            until, token = self._tokens.get(owner.lower(), (0.0, ""))
            if time.monotonic() >= until:
                with github.session(self._own_token()) as http:
                    url = f"{self._api}/app/installations"
                    token = http.post(f"{url}/{_number(http, url, owner)}/access_tokens").json()[
                        "token"
                    ]
                self._tokens[owner.lower()] = (time.monotonic() + _RENEWED_AFTER, token)
            return token

    def forget(self, owner: str) -> None:
        """Ask anew for an owner's token the next time: it may have been taken back."""
        with self._lock:
            self._tokens.pop(owner.lower(), None)

    def account(self) -> str:
        """The login of the App's user."""
        with self._lock:
            if not self._account:
                with github.session(self._own_token()) as http:
                    self._account = f"{http.get(f'{self._api}/app').json()['slug']}[bot]"
            return self._account

    def _own_token(self) -> str:
        now = int(time.time())
        claims = {
            "iat": now - _CLOCK_SECONDS,
            "exp": now + _JWT_SECONDS,
            "iss": str(self._app),
        }
        try:
            return jwt.encode(claims, self._key(), algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            raise SettingsError("the key of the GitHub App is no private key in PEM") from None


def _number(http: Session, url: str, owner: str) -> int:
    """The number of an owner's installation."""
    for installation in http.pages(url):
        account = installation.get("account") or {}
        if str(account.get("login", "")).lower() == owner.lower():
            return int(installation["id"])
    raise SettingsError(f"the GitHub App is not installed by {owner}")
