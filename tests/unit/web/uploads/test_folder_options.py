"""A `.podsplit.yaml` holds for its folder: how it is read, and what comes of it."""

from __future__ import annotations

import pytest

from service.web.problems import Problem
from service.web.uploads.folder_options import (
    MAX_BYTES,
    MAX_FILES,
    contains_all,
    enclosing,
    read_folders,
)

TWO_SERVERS = """\
apiVersion: v1
kind: Pod
metadata:
  name: NAME
  labels: {app: NAME}
spec:
  containers:
    - name: web
      image: nginx:1.27
      ports: [{containerPort: 80}]
    - name: queue
      image: rabbitmq:4
      ports: [{containerPort: 5672}]
"""


def test_folders_and_their_options():
    """Each folder ends in a slash, and the top is empty; other files are none of it."""
    files = [
        (".podsplit.yaml", b"apply: safe\n"),
        ("a/b/.podsplit.yaml", b"# none yet\n"),
        ("c/.podsplit.yaml", b"1: x\nrules: [a]\n"),
        ("d/my.podsplit.yaml", b"apply: safe\n"),
        ("e/.podsplit.yml", b"apply: safe\n"),
    ]

    assert read_folders(files) == {
        "": {"apply": "safe"},
        "a/b/": {},
        "c/": {"1": "x", "rules": ["a"]},
    }


@pytest.mark.parametrize(
    "text", [b"- a\n", b"a", b"a: [", b"a: 1\na: 2\n", b"a: 1\n---\nb: 1\n", b"\xff"]
)
def test_files_that_are_no_mapping(text):
    """The error names the file."""
    with pytest.raises(Problem, match="must be a YAML mapping of options") as caught:
        read_folders([("a/.podsplit.yaml", text)])

    assert [name for name, _ in caught.value.errors] == ["a/.podsplit.yaml"]


def test_the_limit_of_files():
    """Two hundred; one more is refused."""
    files = [(f"{number}/.podsplit.yaml", b"") for number in range(MAX_FILES + 1)]

    assert len(read_folders(files[:-1])) == MAX_FILES == 200
    with pytest.raises(Problem, match="at most 200 such files"):
        read_folders(files)


def test_the_limit_of_bytes():
    """Of all files together; one byte more is refused."""
    half = b"#" * (MAX_BYTES // 2)
    files = [("a/.podsplit.yaml", half), ("b/.podsplit.yaml", half)]

    assert MAX_BYTES == 262_144
    assert len(read_folders(files)) == 2
    with pytest.raises(Problem, match="262144 bytes together"):
        read_folders([*files, ("c/.podsplit.yaml", b"#")])


def test_the_folders_above_a_folder():
    """Itself included, the outermost first; a folder of a similar name is another one."""
    folders = ["a/b/c/", "", "a/", "ab/", "a/b/"]

    assert enclosing("a/b/", folders) == ["", "a/", "a/b/"]
    assert enclosing("x/", folders) == [""]


def test_whether_a_folder_contains_everything():
    """The top always does."""
    files = [("a/b.yaml", b""), ("a/c/d.yaml", b"")]

    assert contains_all("", files)
    assert contains_all("a/", files)
    assert not contains_all("a/c/", files)
    assert not contains_all("a/", [*files, ("ab.yaml", b"")])


def ask(client, path: str, files: dict[str, str]):
    sent = [{"path": name, "content": text} for name, text in files.items()]
    return client.post(path, json={"files": sent})


@pytest.fixture
def pods() -> dict[str, str]:
    """The same Pod in two folders."""
    return {f"{name}/pod.yaml": TWO_SERVERS.replace("NAME", name) for name in ("calm", "strict")}


def test_what_is_applied(client, pods):
    """One folder takes only what is safe: its Pod is wrapped and not split, and it is said why;
    the other's is split.
    """
    answer = ask(client, "/v1/rewrite", pods | {"strict/.podsplit.yaml": "apply: safe\n"}).json
    split = [
        change["location"]["path"] for change in answer["changes"] if change["action"] == "split"
    ]

    assert split == ["calm/pod.yaml"]
    assert [(item["reason"], item["location"]["path"]) for item in answer["held_back"]] == [
        ("applicability", "strict/pod.yaml")
    ]


def test_what_is_cut(client, pods):
    """One folder asks for more confidence than there is: low-confidence there, a split here."""
    answer = ask(
        client, "/v1/rewrite", pods | {"strict/.podsplit.yaml": "min_confidence: 1\n"}
    ).json
    rules = {(finding["rule"], finding["location"]["path"]) for finding in answer["findings"]}

    assert {
        ("unrelated-containers", "calm/pod.yaml"),
        ("low-confidence", "strict/pod.yaml"),
    } <= rules
    assert [(change["action"], change["workload"]) for change in answer["changes"]] == [
        ("wrap", "Pod/calm"),
        ("split", "Pod/calm"),
        ("wrap", "Pod/strict"),
    ]


def test_what_is_known(client, pods):
    """One folder says that its queue is a helper."""
    own = "catalogue: [{image: rabbitmq, role: helper, pattern: other}]\n"
    answer = ask(client, "/v1/analyze", pods | {"strict/.podsplit.yaml": own}).json
    roles = {
        item["name"]: [container["role"] for container in item["containers"]]
        for item in answer["workloads"]
    }

    assert roles == {"calm": ["main", "unrelated"], "strict": ["main", "sidecar"]}


def test_what_is_reported(client, pods):
    """One folder wants to hear of bare Pods only."""
    answer = ask(
        client, "/v1/analyze", pods | {"strict/.podsplit.yaml": "rules: [bare-pod]\n"}
    ).json
    rules = {
        path: {item["rule"] for item in answer["findings"] if item["location"]["path"] == path}
        for path in pods
    }

    assert rules["strict/pod.yaml"] == {"bare-pod"}
    assert rules["calm/pod.yaml"] > {"bare-pod"}


@pytest.mark.parametrize(
    ("folder", "status", "gate"), [("strict", 422, "failed"), ("empty", 200, "passed")]
)
def test_what_fails(client, pods, folder, status, gate):
    """Findings fail the request where their own folder says so, and the header is there whenever
    any folder asks.
    """
    answer = ask(client, "/v1/analyze", pods | {f"{folder}/.podsplit.yaml": "fail_on: warning\n"})

    assert (answer.status_code, answer.headers["Podsplit-Gate"]) == (status, gate)


def test_what_can_not_be_read_fails(client, pods):
    """A rejected document counts as an error of its folder."""
    files = pods | {"empty/x.yaml": "a: [", "empty/.podsplit.yaml": "fail_on: error\n"}

    assert ask(client, "/v1/analyze", files).headers["Podsplit-Gate"] == "failed"


def test_suggestions_are_of_the_last_stage(client, pods):
    """Whatever stage a file asks for, a suggestion is the whole change."""
    text = pods["calm/pod.yaml"]
    diff = (
        f"--- /dev/null\n+++ b/calm/pod.yaml\n@@ -0,0 +1,{len(text.splitlines())} @@\n"
        + "".join(f"+{line}\n" for line in text.splitlines())
    )
    files = [{"path": "calm/pod.yaml", "content": text}]
    plain = client.post("/v1/suggestions?platform=github", json={"files": files, "diff": diff})
    staged = client.post(
        "/v1/suggestions?platform=github",
        json={"files": files, "diff": diff, "options": {"stage": "expand"}},
    )

    assert plain.json["comments"] == staged.json["comments"] != []
