"""Whatever stands between the last token and the end of a document, a List item or a file: the last
container leaves, and what is new goes behind it.
"""

from __future__ import annotations

import pytest
import yaml

from service.options import Options
from service.pipeline import run
from service.refusals import Refusal

ENDINGS = {
    "nothing": "",
    "blanks": "  ",
    "tab": "\t",
    "comment": "  # last",
    "comment-blanks": "  # last  ",
    "blank-line": "\n",
    "blank-lines": "\n\n  \n",
    "comment-line": "\n{deep}# below",
    "comment-line-blanks": "\n{deep}# below \t ",
    "comment-behind-blank-line": "\n\n{deep}# below",
    "comment-of-the-document": "\n\n# below",
    "literal": "\n{deep}env: [] \n{deep}workingDir: |\n{deep}  /a",
    "literal-blank-line": "\n{deep}workingDir: |\n{deep}  /a\n",
    "stripped": "\n{deep}workingDir: |-\n{deep}  /a\n\n",
    "kept": "\n{deep}workingDir: |+\n{deep}  /a\n",
    "kept-nothing-behind": "\n{deep}workingDir: |+\n{deep}  /a",
    "kept-many": "\n{deep}workingDir: |+\n{deep}  /a\n\n\n",
    "kept-blanks": "\n{deep}workingDir: |+\n{deep}  /a\n{deep}    \n",
    "kept-folded": "\n{deep}workingDir: >+\n{deep}  /a\n",
    "kept-indented": "\n{deep}workingDir: |2+\n{deep}  /a\n",
    "quoted": '\n{deep}workingDir: "/a\n\n{deep}  b"  ',
    "plain": "\n{deep}workingDir: /a\n{deep}  b  ",
}

CONTAINERS = (
    "- name: api",
    "  image: acme/api:1",
    "  ports: [{{containerPort: 3000}}]",
    "- name: db",
    "  image: postgres:16",
    "  ports: [{{containerPort: 5432}}]{ending}",
)
HEAD = """apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
"""
SERVICES = """apiVersion: v1
kind: Service
metadata: {name: api}
spec: {selector: {app: shop}, ports: [{port: 3000}]}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {selector: {app: shop}, ports: [{port: 5432}]}
"""


def shop(ending: str, *, first: bool = False, shift: int = 0) -> str:
    """A Deployment, its last line without a line break.

    Args:
        ending: what stands behind the last container.
        first: whether the containers change places, so that the one that ends so is followed.
        shift: by how much everything is indented.
    """
    deep = " " * (8 + shift)
    lines = [*CONTAINERS[3:], *CONTAINERS[:3]] if first else list(CONTAINERS)
    text = "\n".join(" " * (6 + shift) + line for line in lines)
    head = "".join(" " * shift + line + "\n" for line in HEAD.splitlines())
    return head + text.format(ending=ending.replace("{deep}", deep))


def listed(ending: str) -> str:
    """The Deployment as an item of a List, with one behind it."""
    item = shop(ending, shift=2).replace("  apiVersion", "- apiVersion", 1)
    behind = "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n"
    return f"apiVersion: v1\nkind: List\nitems:\n{item}\n{behind}---\n{SERVICES}"


def behind_what_stays(ending: str) -> str:
    """The ending is that of the container which stays, and blank lines are behind what leaves."""
    port = "[{containerPort: 3000}]"
    ended = port + ending.replace("{deep}", " " * 8)
    return f"{SERVICES}---\n{shop('').replace(port, ended)}\n\n      volumes: []\n\n\n"


PLACES = {
    "first-and-no-final-line-break": lambda ending: f"{SERVICES}---\n{shop(ending, first=True)}",
    "behind-what-stays": behind_what_stays,
    "behind-what-stays-at-the-end": lambda ending: behind_what_stays(ending).replace(
        "\n      volumes: []\n", ""
    ),
    "before-a-separator": lambda ending: f"{shop(ending)}\n---\n{SERVICES}",
    "before-dots": lambda ending: f"{shop(ending)}\n...\n---\n{SERVICES}",
    "at-the-end": lambda ending: f"{SERVICES}---\n{shop(ending)}\n",
    "at-the-end-without-line-break": lambda ending: f"{SERVICES}---\n{shop(ending)}",
    "between-containers": lambda ending: f"{shop(ending, first=True)}\n---\n{SERVICES}",
    "behind-a-container": lambda ending: f"{SERVICES}---\n{shop(ending, first=True)}\n\n\n",
    "in-a-list": listed,
    "with-windows-line-breaks": lambda ending: f"{shop(ending)}\n---\n{SERVICES}".replace(
        "\n", "\r\n"
    ),
}

OPEN = {"literal", "kept-nothing-behind"}
"""Endings that text behind them would change, where the file has no final line break."""


def containers_in(text: str) -> dict[str, object]:
    """The containers of all Deployments, by name."""
    documents = filter(None, yaml.load_all(text, Loader=yaml.CSafeLoader))
    objects = [item for document in documents for item in document.get("items", [document])]
    return {
        container["name"]: container
        for found in objects
        if found["kind"] == "Deployment"
        for container in found["spec"]["template"]["spec"]["containers"]
    }


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_last_container_leaves_whatever_stands_behind_it(ending: str, place: str) -> None:
    """It says what it said, and so does all else."""
    text = PLACES[place](ENDINGS[ending])
    rewrite = run([("a.yaml", text.encode())], Options(), rewrite=True).rewrite
    assert rewrite is not None
    reasons = {held_back.reason for held_back in rewrite.held_back}
    is_open = place == "at-the-end-without-line-break" and ending in OPEN
    if is_open or (place == "first-and-no-final-line-break" and ending.startswith("kept")):
        assert reasons == {Refusal.CANNOT_EDIT}
        return
    assert reasons == set()
    assert [change.action for change in rewrite.changes] == ["split"]
    (file,) = rewrite.files
    assert containers_in(file.content) == containers_in(text)
    assert file.content.count("ConfigMap") == text.count("ConfigMap")
