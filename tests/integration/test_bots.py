"""The bot, as CI runs it: a real checkout, the real service, and forges as strict as the real
ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from service.render.diff_parser import parse_diff
from tests.conftest import Server
from tests.support.forge_apis import PullRequest
from tests.support.forges import bot_environment, running_forge
from tests.unit.render.pull_requests import as_github, as_gitlab, block

ROOT = Path(__file__).resolve().parents[2]
POD = (
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: NAME\n  labels: {app: NAME}\nspec:\n "
    " containers:\n    - name: app\n      image: nginx\n"
)


@dataclass
class Checkout:
    """A clone on a branch, and the pull request of the branch."""

    folder: Path
    pull_request: PullRequest
    environ: dict[str, str]
    """The environment that the bot runs in."""
    platform: str

    def git(self, *words: str) -> str:
        """The output of a git command."""
        author = (
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.com",
            "-c",
            "core.autocrlf=false",
        )
        return subprocess.run(
            ["git", *author, *words], cwd=self.folder, capture_output=True, text=True, check=True
        ).stdout

    def push(self, files: dict[str, str | None]) -> None:
        """Commit files, and tell the forge which lines can be commented on.

        Args:
            files: texts by path; None removes the file.
        """
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content) if content is not None else path.unlink()
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")
        self.pull_request.hunks = {
            path: [range(hunk.first, hunk.last + 1) for hunk in file.hunks]
            for path, file in parse_diff(self.git("diff", "main...HEAD")).items()
        }

    def run(self, *words: str, code: int = 0, **more: str) -> str:
        """Run the bot once; its output.

        Args:
            words: further arguments.
            code: the exit code that it should end with.
            more: further variables.
        """
        done = subprocess.run(
            [sys.executable, "-m", "clients.bot", self.platform, "main", *words],
            cwd=self.folder,
            env=self.environ | more,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    @property
    def line_comments(self) -> list[dict[str, Any]]:
        """The comments on lines."""
        return self.pull_request.comments_of_kind("line")

    @property
    def summaries(self) -> list[str]:
        """The texts of the bot's comments on no line."""
        return [
            note["body"]
            for note in self.pull_request.comments_of_kind("talk")
            if note["body"].startswith(("<!-- podsplit", "[//]: # (podsplit"))
        ]

    def apply_suggestion(self, comment: dict[str, Any]) -> str:
        """The text that the file gets when somebody takes the suggestion, by the forge's button or
        by hand.
        """
        path = comment.get("path") or comment.get("inline", comment.get("position", {}))
        path = path if isinstance(path, str) else path.get("path", path.get("new_path"))
        text = (self.folder / path).read_text()
        if self.platform == "gitlab":
            return as_gitlab(text, comment)
        if self.platform == "github":
            given = {name: value for name, value in comment.items() if value is not None}
            return as_github(text, given)
        _, diff = block(comment["body"], "diff")
        with TemporaryDirectory() as folder:
            copy = Path(folder, path)
            copy.parent.mkdir(parents=True)
            copy.write_text(text)
            subprocess.run(["git", "apply", "-"], cwd=folder, input=diff.encode(), check=True)
            return copy.read_text()


@pytest.fixture(params=["github", "gitlab", "gitea", "forgejo", "bitbucket"])
def checkout(request: pytest.FixtureRequest, tmp_path: Path, server: Server) -> Iterator[Checkout]:
    """A branch that changes nothing yet; people have already commented on its pull request."""
    with running_forge() as (url, pull_request):
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GIT", "CI", "PODSPLIT"))
        }
        environ |= bot_environment(url, pull_request)
        environ |= {"PODSPLIT_URL": server.url + "/", "PYTHONPATH": str(ROOT)}
        for words in (
            "Please look.",
            "> <!-- podsplit:summary:0123456789abcdef --> what's this?",
            "LGTM",
            "Later.",
            "Now.",
        ):
            pull_request.add_comment("talk", body=words)
        branch = Checkout(
            folder=tmp_path, pull_request=pull_request, environ=environ, platform=request.param
        )
        branch.git("init", "--quiet", "--initial-branch=main")
        (tmp_path / "old.yaml").write_text(POD.replace("NAME", "old"))
        (tmp_path / "link.yaml").symlink_to("old.yaml")
        (tmp_path / "latin.yaml").write_bytes("# grün\napiVersion: v1\n".encode("latin-1"))
        branch.git("add", "--all")
        branch.git("commit", "--quiet", "--message", "x")
        branch.git("switch", "--quiet", "--create", "branch")
        yield branch


def only(*platforms: str) -> pytest.MarkDecorator:
    """The test is for some forges; what it tests is the same for all."""
    return pytest.mark.parametrize("checkout", platforms, indirect=True)


def test_a_pull_request_from_its_first_push_to_its_last(checkout: Checkout) -> None:
    """Suggestions can be applied and are posted once. They are moved, changed and deleted as the
    branch goes on. What people wrote stays.
    """
    talk = [dict(comment) for comment in checkout.pull_request.comments.values()]

    checkout.push(
        {"app/one.yaml": POD.replace("NAME", "one"), "app/two.yaml": POD.replace("NAME", "two")}
    )
    assert "not UTF-8: 'latin.yaml'" in checkout.run()
    assert len(checkout.line_comments) == 2
    assert len(checkout.summaries) == 1
    for comment in checkout.line_comments:
        assert "kind: Deployment" in comment["body"]

    checkout.pull_request.writes.clear()
    checkout.run()
    assert checkout.pull_request.writes == []

    # The first suggestion is taken, the Pod of the second moves down.
    moved = "# a line above\n" + POD.replace("NAME", "two")
    checkout.push(
        {
            "app/one.yaml": checkout.apply_suggestion(checkout.line_comments[0]),
            "app/two.yaml": moved,
        }
    )
    checkout.run()
    (comment,) = checkout.line_comments
    assert checkout.apply_suggestion(comment).startswith(
        "# a line above\napiVersion: apps/v1\nkind: Deployment\n"
    )
    assert sum(write.startswith("DELETE") for write in checkout.pull_request.writes) == 2

    checkout.push({"app/two.yaml": None})
    checkout.run()
    assert checkout.line_comments == []
    assert "nothing to change" in checkout.summaries[0]
    assert [dict(comment) for comment in checkout.pull_request.comments.values()][
        : len(talk)
    ] == talk


def test_another_text_on_the_same_lines(checkout: Checkout) -> None:
    """A comment whose text has changed is updated where it is."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.run()
    (comment,) = checkout.line_comments
    comment["body"] = comment["body"].replace("Deployment", "Deploiement")
    checkout.pull_request.writes.clear()
    checkout.run()

    assert len(checkout.pull_request.writes) == 1
    assert checkout.pull_request.writes[0].split()[0] in ("PATCH", "PUT")
    assert checkout.line_comments == [comment]
    assert "Deploiement" not in comment["body"]


def test_two_runs_at_once_posted_twice(checkout: Checkout) -> None:
    """The next run deletes one of two equal comments."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.run()
    for comment in list(checkout.pull_request.comments.values())[-2:]:
        checkout.pull_request.add_comment(
            **{name: value for name, value in comment.items() if name != "id"}
        )
    checkout.run()

    assert (len(checkout.line_comments), len(checkout.summaries)) == (1, 1)


def test_nothing_to_suggest(checkout: Checkout) -> None:
    """The bot posts nothing where there is nothing to say and no comment of it."""
    checkout.push({"app.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n"})
    checkout.run()

    assert checkout.pull_request.writes == []


def test_a_forge_that_is_busy(checkout: Checkout) -> None:
    """Requests that read are tried again after an error."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.pull_request.failures = 2
    checkout.run()

    assert len(checkout.line_comments) == 1


@pytest.mark.parametrize("name", ["", "team-a"])
def test_a_status_at_the_commit(checkout: Checkout, name: str) -> None:
    """Good, unless it is to be strict; under the bot's name."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    words = ("--name", name) if name else ()
    checkout.run(*words)
    checkout.run(*words, "--strict", code=1)
    first, second = checkout.pull_request.statuses
    key = {"gitlab": "name", "bitbucket": "key"}.get(checkout.platform, "context")

    assert first[key] == second[key] == ("podsplit/team-a" if name else "podsplit")
    assert [first["state"].lower()[:7], second["state"].lower()[:4]] == ["success", "fail"]


def test_a_status_that_may_not_be_set(checkout: Checkout) -> None:
    """It is said, and the comments are there all the same; or it isn't tried."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.pull_request.may_set_status = False

    assert "no status was set: the forge answers 403" in checkout.run()
    assert len(checkout.line_comments) == 1
    assert "no status" not in checkout.run("--no-status")


def test_a_token_that_may_only_read(checkout: Checkout) -> None:
    """On a fork, which gets no other: the summary is printed, and the build goes on. Elsewhere the
    token is wrong, and the build says so.
    """
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.pull_request.is_read_only = True
    assert "the token may not do this" in checkout.run(code=2)

    checkout.pull_request.is_from_fork = True
    output = checkout.run()
    assert "the branch is in a fork" in output
    assert "### Podsplit: 1 suggestion" in output
    assert checkout.pull_request.writes == []


def test_a_token_that_is_wrong(checkout: Checkout) -> None:
    """It fails, on a fork too."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.pull_request.is_from_fork = True
    wrong = {name: "wrong" for name in checkout.environ if name.endswith("_TOKEN")}

    assert "the token is not valid" in checkout.run(code=2, **wrong)


def test_what_somebody_has_resolved(checkout: Checkout) -> None:
    """It stays as it is, and isn't posted again where the lines are now."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.run()
    (comment,) = checkout.line_comments
    comment |= {"resolved": True, "resolver": {"login": "you"}, "resolution": {"user": "you"}}
    before = dict(comment)
    checkout.push({"app.yaml": "# a line above\n" + POD.replace("NAME", "app")})

    assert "1 left as somebody dismissed them" in checkout.run()
    assert checkout.line_comments == [before]


def test_what_somebody_has_deleted(checkout: Checkout) -> None:
    """It isn't posted again, in this run and in later ones, until it is about something else."""
    checkout.push({"one.yaml": POD.replace("NAME", "one"), "two.yaml": POD.replace("NAME", "two")})
    checkout.run()
    gone = checkout.line_comments[0]
    del checkout.pull_request.comments[gone["id"]]
    for _ in range(2):
        assert "1 left as somebody dismissed them" in checkout.run()
    assert len(checkout.line_comments) == 1
    assert len(checkout.summaries) == 1

    checkout.push({"three.yaml": POD.replace("NAME", "three")})
    checkout.run()
    assert len(checkout.line_comments) == 2


def test_two_bots_on_one_pull_request(checkout: Checkout) -> None:
    """Each has comments of its own, and lets those of the other alone."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.run()
    checkout.run("--name", "other")
    assert len(checkout.line_comments) == 2
    assert len(checkout.summaries) == 2

    checkout.pull_request.writes.clear()
    checkout.run()
    checkout.run("--name", "other")
    assert checkout.pull_request.writes == []


def test_a_limit_of_requests(checkout: Checkout) -> None:
    """It waits as long as it is asked to, and takes the answer for no refusal."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.pull_request.too_soon = 2
    checkout.run()

    assert len(checkout.line_comments) == 1


@only("github")
def test_what_is_sent(checkout: Checkout) -> None:
    """What may be a manifest, in the folders that are named."""
    other = POD.replace("NAME", "other")
    lock = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "lock"}}'
    checkout.push(
        {
            "app/one.yaml": POD.replace("NAME", "one"),
            "app/deep/two.yaml": POD.replace("NAME", "two"),
            "elsewhere/three.yaml": other,
            "app/package-lock.json": lock,
            "app/node_modules/x.yaml": other.replace("other", "module"),
            "app/long.yaml": f"apiVersion: v1\n# {'x' * 1_000_000}\n",
            "app/data.json": '{"a": 1}',
        }
    )
    output = checkout.run("--paths", "app")

    assert {comment["path"] for comment in checkout.line_comments} == {
        "app/one.yaml",
        "app/deep/two.yaml",
    }
    assert "'app/long.yaml'" in output
    assert "lock" not in checkout.summaries[0]


@only("github")
@pytest.mark.parametrize(
    ("words", "variables", "says"),
    [
        ((), {"PODSPLIT_URL": "http://127.0.0.1:9"}, "can't be reached"),
        ((), {"PODSPLIT_URL": ""}, "the variable PODSPLIT_URL is not set"),
        ((), {"PULL_NUMBER": ""}, "the variable PULL_NUMBER is not set"),
        ((), {"GITHUB_REPOSITORY": "team/none"}, "404"),
        ((), {"GITHUB_API_URL": "http://127.0.0.1:9"}, "the forge can't be reached"),
        (("--paths", "../elsewhere"), {}, "git ls-files failed"),
        (("--name", "A bot"), {}, "answers 422: bot: must be"),
    ],
)
def test_trouble_is_a_sentence(
    checkout: Checkout, words: tuple[str, ...], variables: dict[str, str], says: str
) -> None:
    """What is wrong and what to do, no traceback, and another exit code than for findings."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})

    assert says in checkout.run(*words, code=2, **variables)


@only("github")
def test_a_base_that_git_does_not_know(checkout: Checkout) -> None:
    """It says what may be missing."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.git("branch", "--quiet", "--move", "main", "trunk")

    assert "fetch-depth: 0" in checkout.run(code=2)


@only("github")
def test_a_platform_that_is_unknown(checkout: Checkout) -> None:
    """The known ones are named."""
    checkout.platform = "sourceforge"

    assert "choose from" in checkout.run(code=2)


@only("github")
def test_too_much_for_the_service(checkout: Checkout, start_server: Any) -> None:
    """It says what would help."""
    small = start_server(PODSPLIT_MAX_BODY_BYTES="1024")
    checkout.push({f"{name}.yaml": POD.replace("NAME", name) for name in ("a", "b", "c", "d")})

    assert "--paths" in checkout.run(code=2, PODSPLIT_URL=small.url)


@only("github")
def test_a_service_that_wants_a_token(
    checkout: Checkout, start_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """It says so, and works with one."""
    tokens = tmp_path_factory.mktemp("tokens") / "tokens"
    tokens.write_text("a-token-of-the-service\n")
    guarded = start_server(PODSPLIT_TOKENS_FILE=str(tokens))
    checkout.push({"app.yaml": POD.replace("NAME", "app")})

    assert "set PODSPLIT_TOKEN" in checkout.run(code=2, PODSPLIT_URL=guarded.url)
    checkout.run(PODSPLIT_URL=guarded.url, PODSPLIT_TOKEN="a-token-of-the-service")
    assert len(checkout.line_comments) == 1


def test_a_comment_that_is_refused(checkout: Checkout) -> None:
    """The other comments are posted, and the bot fails with the one that was refused."""
    checkout.push({"one.yaml": POD.replace("NAME", "one"), "two.yaml": POD.replace("NAME", "two")})
    checkout.pull_request.hunks.pop("one.yaml")
    output = checkout.run(code=1)

    assert "one.yaml: the forge answers 4" in output
    assert (len(checkout.line_comments), len(checkout.summaries)) == (1, 1)
