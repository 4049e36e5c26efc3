"""Long values cost no more than their length, wherever a value is searched for addresses, paths and
names.

As in test_parser_limits.py, the work runs in a process of its own, and the time limit measures
nothing.
"""

from __future__ import annotations

import json
import multiprocessing
from multiprocessing.connection import Connection

import pytest

from service.options import Options
from service.pipeline import run

SIZE = 1_000_000
WEB = "    - name: web\n      image: nginx\n"
POD = (
    f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n{WEB}    - name:"
    " api\n      image: example.com/api\n"
)
CONFIG = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  V: VALUE\n"
PLACES = {
    "env": POD.replace(WEB, WEB + "      env: [{name: V, value: VALUE}]\n"),
    "args": POD.replace(WEB, WEB + "      args: [VALUE]\n"),
    "shell": POD.replace(WEB, WEB + "      command: [sh, -c, VALUE]\n"),
    "ConfigMap": POD.replace(WEB, WEB + "      envFrom: [{configMapRef: {name: c}}]\n") + CONFIG,
    "image": POD.replace("image: nginx", "image: VALUE"),
    "name": POD.replace("- name: web", "- name: VALUE"),
    "mount": (
        POD.replace(WEB, WEB + "      volumeMounts: [{name: v, mountPath: VALUE}]\n")
        + "  volumes: [{name: v, emptyDir: {}}]\n"
    ),
    "annotation": POD.replace(
        "  name: web\nspec",
        "  name: web\n  annotations: {podsplit.dev/roles: VALUE, podsplit.dev/ignore: VALUE}\nspec",
    ),
}
WORDS = (
    *(
        "a",
        "/",
        "-",
        ":",
        "@",
        " ",
        "1",
        '"',
        "\n",
        "a.",
        "1:",
        "127.",
        "$(",
        "word-",
        "a=b ",
        "a=b,",
        "localhost ",
        "localhost:",
        "0.0.0.0:",
    ),
    *(
        "[::1]:",
        "http://",
        "--port ",
        "tcp(localhost:3306) ",
        "postgres://u:p@localhost:1 ",
        "; curl localhost:3000 && ",
        "/run/x.sock ",
    ),
)


def run_words(text: str, channel: Connection) -> None:
    """Run the pipeline with every word in one place, and send each word when it is done."""
    for word in WORDS:
        value = json.dumps(word * (SIZE // len(word)) + "!")
        run([("a.yaml", text.replace("VALUE", value).encode())], Options(), rewrite=True)
        channel.send(word)


@pytest.mark.parametrize("place", PLACES)
def test_a_value_made_to_be_costly(place: str) -> None:
    """Every value is done within the deadline of a request."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=run_words, args=(PLACES[place], sender))
    process.start()
    sender.close()
    try:
        for word in WORDS:
            assert receiver.poll(60), f"it hangs at {word!r}"
            assert receiver.recv() == word
    finally:
        process.kill()
        process.join(10)
