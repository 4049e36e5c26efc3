"""What the bot needs of a forge, and how it talks over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeAlias
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from clients.bot.trouble import Trouble

Comment = dict[str, Any]
"""A comment of the service's answer: `marker`, `body`, and for a comment on lines the `payload` for
the forge.
"""

_MOST_WAITS = 3
"""How often a request is sent again that the forge wants later."""
_LONGEST_WAIT = 60.0
"""Seconds that are waited for a forge before a request is sent again."""
MOST_PAGES = 200
"""Pages of a list."""
REGULAR = ("100644", "100755")
"""The modes of files that are no links."""
MAX_DIFF_BYTES = 20_000_000
"""Bytes of a pull request's diff."""


@dataclass(frozen=True)
class Posted:
    """A comment that is on the pull request."""

    url: str
    """The URL by which its text is changed."""
    body: str
    """Its text."""
    place: Mapping[str, Any] | None
    """The fields of a payload that say which lines it is on; None if it is on no line."""
    settled: bool = False
    """Whether somebody has resolved it."""
    delete_url: str = ""
    """The URL by which it is deleted, where that is another one."""
    number: str = ""
    """What the forge knows it by."""
    author: str = ""
    """Whose it is, as `Accounts` has it."""
    written: str = ""
    """When, in ISO 8601."""


class Conversation(Protocol):
    """What is said on one pull request."""

    def comments(self) -> Iterator[Posted]:
        """All comments, other people's too."""

    def create(self, comment: Comment) -> None:
        """Post a comment, on its lines if it has a payload."""

    def create_together(self, comments: Sequence[Comment]) -> bool:
        """Post comments on lines so that people are told once, if the forge can.

        Returns:
            Whether they are there; False for all or none.
        """

    def update(self, posted: Posted, body: str) -> None:
        """Change the text of a comment."""

    def delete(self, posted: Posted) -> None:
        """Delete a comment."""

    def set_status(self, name: str, text: str, *, passed: bool) -> None:
        """Say at the head commit what came of it.

        Args:
            name: which status of the commit it is.
            text: a sentence.
            passed: whether it is good.
        """

    def status(self, name: str) -> str:
        """The text of a status of the head commit; empty if there is none."""

    def is_from_fork(self) -> bool:
        """Whether the branch is in another repository than the pull request."""


class State(StrEnum):
    """What became of a pull request."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


@dataclass(frozen=True)
class PullRequest:
    """A pull request, as the forge tells of it."""

    number: int
    """Its number in the repository."""
    state: State
    """What became of it."""
    head: str
    """The newest commit of its branch."""
    branch: str
    """Its branch."""
    base: str
    """The branch that it is to be merged into."""
    author: str
    """Whose it is, as in `Posted`."""
    body: str
    """Its description."""
    changed: str
    """When anything about it changed, in ISO 8601; a later moment is a later text."""
    url: str
    """Its page."""
    source: str = ""
    """Where its branch is, where the forge needs to know; a fork is read by it."""


@dataclass(frozen=True)
class Entry:
    """A file of a commit."""

    path: str
    """Its path."""
    key: str
    """What its content is known by: equal keys have equal contents."""
    size: int | None = None
    """Its bytes; None if the forge doesn't say."""
    mode: str = "100644"
    """Its mode, as git has it."""


Texts: TypeAlias = Mapping[str, str | None]
"""The texts of files by their paths; None for one that goes."""


class Contents(Protocol):
    """What a repository holds."""

    def files(self, commit: str, source: str = "") -> Iterator[Entry]:
        """The files of a commit.

        Args:
            commit: its id.
            source: as in `PullRequest`.
        """

    def read(self, entry: Entry, limit: int) -> bytes | None:
        """The content of a file; None if it has more bytes than the limit."""


class PullRequests(Protocol):
    """The pull requests of a repository."""

    def pull_request(self, number: int) -> PullRequest:
        """One pull request."""

    def pull_requests(self, *, only_open: bool) -> Iterator[PullRequest]:
        """The open ones or all, that which changed last first."""

    def conversation(self, pull_request: PullRequest) -> Conversation:
        """What is said on a pull request."""

    def difference(self, pull_request: PullRequest) -> str:
        """The unified diff of a pull request."""


class Branches(Protocol):
    """The branches of a repository."""

    def tip(self, branch: str) -> str | None:
        """The newest commit of a branch; None if there is no such branch."""

    def commit(self, branch: str, parent: str, message: str, texts: Texts) -> None:
        """Make a branch with one commit.

        Args:
            branch: its name, which there is not yet.
            parent: the commit that it goes on from.
            message: what the commit says.
            texts: the new texts by path; None takes a file away.
        """

    def delete_branch(self, branch: str) -> None:
        """Delete a branch."""

    def propose(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request."""


class Accounts(Protocol):
    """Who may do what."""

    def own_account(self) -> str:
        """Who the bot is, as in `Posted.author`."""

    def may_write(self, account: str) -> bool:
        """Whether somebody may push to the repository."""


class Repository(Contents, PullRequests, Branches, Accounts, Protocol):
    """One repository, for a bot that works without a checkout."""

    name: str
    """Its full name."""
    hidden: tuple[str, str]
    """What is before and after words that readers of a comment don't see."""
    sign: str
    """What stands before the number of a pull request in a text."""


class Place:
    """Where a repository is: what the adapters of all forges begin with."""

    hidden: tuple[str, str] = ("<!-- ", " -->")
    sign = "#"
    account_field = "login"
    """What of a user the forge knows accounts by."""

    def __init__(self, http: Session, api: str, name: str, *, account: str = "") -> None:
        """Know a repository.

        Args:
            http: the session.
            api: where the API is.
            name: its full name.
            account: who the bot is, where that is known.
        """
        self.http = http
        self.name = name
        self.api = api
        self.url = f"{api}/{self.path_of(name)}"
        self._account = account

    def path_of(self, name: str) -> str:
        """Where a repository is, behind the API's address."""
        return f"repos/{name}"

    def own_account(self) -> str:
        """Who the bot is; asked for once."""
        if not self._account:
            self._account = str(self.http.get(f"{self.api}/user").json()[self.account_field])
        return self._account


class Session(requests.Session):
    """A session that raises for error statuses, has a time limit, retries requests that can be
    repeated, and waits where the forge asks it to.
    """

    def __init__(self, headers: dict[str, str], *, retry_post: bool = False) -> None:
        """Make a session.

        Args:
            headers: to send with every request.
            retry_post: whether a POST changes nothing, so that it can be repeated.
        """
        super().__init__()
        self.headers.update(headers)
        # A token goes to the host that it is for, and to no other that this one names.
        self.max_redirects = 0
        retries = Retry(
            total=4,
            backoff_factor=1,
            status_forcelist=(502, 503, 504),
            allowed_methods=None if retry_post else Retry.DEFAULT_ALLOWED_METHODS,
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        self.mount("https://", HTTPAdapter(max_retries=retries))
        self.mount("http://", HTTPAdapter(max_retries=retries))

    def request(self, *arguments: Any, **keywords: Any) -> requests.Response:
        """Send a request, again where it came too soon; raise for an error status."""
        answer = super().request(*arguments, **{"timeout": 60} | keywords)
        for _ in range(_MOST_WAITS):
            seconds = seconds_to_wait(answer)
            if seconds is None:
                break
            time.sleep(min(seconds, _LONGEST_WAIT))
            answer = super().request(*arguments, **{"timeout": 60} | keywords)
        answer.raise_for_status()
        return answer

    def delete(self, *arguments: Any, **keywords: Any) -> requests.Response:
        """Delete something. What is gone already, deleted by somebody else or by a request whose
        answer got lost, is deleted.
        """
        try:
            return super().delete(*arguments, **keywords)
        except requests.HTTPError as error:
            if error.response.status_code not in (requests.codes.not_found, requests.codes.gone):
                raise
            return error.response

    def pages(self, url: str, within: str = "") -> Iterator[Any]:
        """The items of a list, over all its pages, as the header Link names them.

        Args:
            url: of the list.
            within: the field that holds the items; empty where they are the answer.
        """
        next_url: str | None = f"{url}{'&' if '?' in url else '?'}per_page=100"
        for _ in range(MOST_PAGES):
            if next_url is None:
                return
            answer = self.get(next_url)
            found = answer.json()
            yield from found[within] if within else found
            next_url = same_host(url, answer.links.get("next", {}).get("url"))
        raise too_long(url)


def too_long(url: str) -> Trouble:
    """What is wrong with a list that doesn't end."""
    return Trouble(f"the list {urlsplit(url).path} has more than {MOST_PAGES} pages")


def same_host(url: str, next_url: str | None) -> str | None:
    """The address of the next page; None for none.

    Raises:
        Trouble: it is on another host, which gets no token.
    """
    if next_url is not None and urlsplit(next_url)[:2] != urlsplit(url)[:2]:
        raise Trouble("the forge names a next page on another host or by another scheme")
    return next_url


def seconds_to_wait(answer: requests.Response) -> float | None:
    """How long a forge wants to be left alone; None where it doesn't.

    GitHub says so with 403 as well, by `Retry-After` or by a limit of which nothing remains
    (docs.github.com, "Rate limits for the REST API").
    """
    if answer.status_code not in (403, 429):
        return None
    given = answer.headers.get("Retry-After", "")
    if given.isdigit():
        return float(given)
    if answer.headers.get("X-RateLimit-Remaining") == "0":
        reset = answer.headers.get("X-RateLimit-Reset", "")
        return max(float(reset) - time.time(), 1.0) if reset.isdigit() else 1.0
    return 1.0 if answer.status_code == 429 else None


def read_limited(http: requests.Session, url: str, limit: int, **more: Any) -> bytes | None:
    """What is at an address; None if it has more bytes than the limit, of which no more are read.

    Args:
        http: the session.
        url: the address.
        limit: the most bytes.
        more: as for `requests.get`.
    """
    with http.get(url, stream=True, **more) as answer:
        content = bytearray()
        for part in answer.iter_content(65_536):
            content += part
            if len(content) > limit:
                return None
    return bytes(content)


def read_diff(http: requests.Session, url: str, **more: Any) -> str:
    """A diff.

    Args:
        http: the session.
        url: where it is.
        more: as for `requests.get`.

    Raises:
        Trouble: it is longer than anybody reads.
    """
    raw = read_limited(http, url, MAX_DIFF_BYTES, **more)
    if raw is None:
        raise Trouble(f"the diff has more than {MAX_DIFF_BYTES} bytes")
    return raw.decode("utf-8", "replace")


def is_refusal(answer: requests.Response) -> bool:
    """Whether a forge refuses a request, which another try doesn't change: by its status, where
    that isn't about the number of requests or the token.
    """
    is_status = 400 <= answer.status_code < 500 and answer.status_code not in (401, 408, 429)
    return is_status and seconds_to_wait(answer) is None


def found(send: Callable[[], requests.Response]) -> Any:
    """The JSON that a request is answered with; None where the forge answers that there is nothing.

    Raises:
        requests.HTTPError: any other refusal.
    """
    try:
        return send().json()
    except requests.HTTPError as error:
        if error.response.status_code != requests.codes.not_found:
            raise
        return None


def first_line(text: str) -> str:
    """The first line of a text, where marks are, whatever the line ends of the forge."""
    return text.replace("\r\n", "\n").partition("\n")[0].strip()


def setting(environ: Mapping[str, str], *names: str) -> str:
    """The first of some variables that is set.

    Raises:
        Trouble: none is.
    """
    for name in names:
        if environ.get(name):
            return environ[name]
    raise Trouble(f"the variable {' or '.join(names)} is not set")
