"""The commands that people type: the real curl against a real server."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Protocol

import pytest
import yaml

from tests.conftest import Server

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    app: web
spec:
  containers:
    - name: web # keep me
      image: nginx:1.27
"""


class Curl(Protocol):
    """What the fixture `curl` is."""

    def __call__(self, path: str, *arguments: str, fails: bool = False) -> str:
        """Send a request to the server; what curl prints."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a manifest and a page."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "web.yaml").write_text(POD)
    (tmp_path / "app" / "README.md").write_text("# no manifest\n")
    return tmp_path


@pytest.fixture
def curl(server: Server, folder: Path) -> Curl:
    """Runs curl in the folder, and checks whether it fails as expected."""

    def call(path: str, *arguments: str, fails: bool = False) -> str:
        command = [
            "curl",
            "--silent",
            "--show-error",
            "--fail-with-body",
            "--max-time",
            "60",
            *arguments,
            server.url + path,
        ]
        answer = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        assert (answer.returncode != 0) == fails, answer.stdout.decode() + answer.stderr.decode()
        return answer.stdout.decode()

    return call


def kinds(text: str) -> list[str]:
    """The kinds of the objects of a stream."""
    return [document["kind"] for document in yaml.safe_load_all(text) if document]


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("-H", "Content-Type: application/yaml"),
        ("-H", "Content-Type: text/plain"),
        ("-H", "Content-Type:"),
        ("-H", "Content-Type: application/octet-stream"),
        ("-H", "Transfer-Encoding: chunked"),
        ("-H", "Expect: 100-continue"),
    ],
)
def test_a_file(curl: Curl, headers: tuple[str, ...]) -> None:
    """`curl --data-binary @file`, with and without headers: the Pod comes back under a
    Deployment, its comment kept.
    """
    text = curl("/v1/rewrite?format=yaml", "--data-binary", "@app/web.yaml", *headers)

    assert kinds(text) == ["Deployment"]
    assert "# keep me" in text


def test_a_form_upload(curl: Curl) -> None:
    """The Pod of a form upload, `curl -F file=@file`, comes back under a Deployment."""
    assert kinds(curl("/v1/rewrite?format=yaml", "-F", "file=@app/web.yaml")) == ["Deployment"]


@pytest.mark.parametrize(
    "command",
    [
        ["tar", "cf", "-", "app"],
        ["tar", "czf", "-", "app"],
        ["git", "archive", "--format=zip", "HEAD"],
    ],
    ids=["tar", "tar.gz", "zip"],
)
def test_a_folder(curl: Curl, folder: Path, command: list[str]) -> None:
    """The manifest of an archive without a content type is rewritten under its path; other files
    are left out.
    """
    if command[0] == "git":
        for words in (
            ["init", "-q"],
            ["add", "-A"],
            ["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "x"],
        ):
            subprocess.run(["git", *words], cwd=folder, check=True)
    (folder / "sent").write_bytes(
        subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout
    )
    answer = json.loads(curl("/v1/rewrite", "--data-binary", "@sent"))

    assert [item["path"] for item in answer["files"]] == ["app/web.yaml"]
    assert answer["files"][0]["status"] == "modified"


def test_a_diff_applies_in_the_folder(curl: Curl, folder: Path) -> None:
    """The diff of `format=diff` gives the text of `format=yaml`."""
    subprocess.run(["tar", "cf", "sent.tar", "app"], cwd=folder, check=True)
    diff = curl("/v1/rewrite?format=diff", "--data-binary", "@sent.tar")
    whole = curl("/v1/rewrite?format=yaml", "--data-binary", "@app/web.yaml")
    subprocess.run(["git", "apply", "-"], cwd=folder, input=diff.encode(), check=True)

    assert (folder / "app" / "web.yaml").read_text() == whole


def test_a_build_that_fails_on_a_finding(curl: Curl) -> None:
    """`--fail-with-body` fails the build and prints the report."""
    answer = json.loads(
        curl("/v1/analyze?fail_on=warning", "--data-binary", "@app/web.yaml", fails=True)
    )

    assert answer["findings"]


def test_the_header_accept(curl: Curl) -> None:
    """The header Accept chooses the format."""
    assert kinds(
        curl("/v1/rewrite", "--data-binary", "@app/web.yaml", "-H", "Accept: application/yaml")
    ) == ["Deployment"]
