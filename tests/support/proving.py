"""All that is to hold of a rewrite, in one place: used on generated sets, on the cases, on real
manifests.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tests.support import covering, keeping, rollout
from tests.support.cluster import Cluster, Object, pieces, read
from tests.support.keeping import LOOPBACK, Check, words
from tests.support.rewritten import Rewritten, Truth, clusters

STAGES = ("expand", "switch", "contract")


def kept(rewritten: Rewritten, truth: Truth, checks: Iterable[Check]) -> Iterator[str]:
    """What was not kept, in any stage, under any reading of what has no namespace."""
    for made, _ in clusters(rewritten, truth):
        for stage, after in zip(STAGES, made[1:], strict=True):
            for check in checks:
                yield from (
                    f"{check.__name__}, {stage}: {message}" for message in check(made[0], after)
                )


def talk(before: Cluster, after: Cluster) -> Iterator[str]:
    """Containers that are told to call each other on localhost, where no policy reaches, may
    call each other wherever they are.
    """
    for source, target, number in talking(before):
        yield from covering.talk(before, after, source, target, number)


def walked(rewritten: Rewritten, truth: Truth) -> Iterator[str]:
    """What goes wrong while the stages are applied one after another."""
    for made, gone_first in clusters(rewritten, truth):
        yield from rollout.walk(made, gone_first)


def talking(cluster: Cluster) -> Iterator[tuple[str, str, int]]:
    """Who is told to call whom on localhost, and the port."""
    for pods in cluster.pods.values():
        for container in pods.running:
            for text in words(container, pods, cluster).values():
                for match in LOOPBACK.finditer(text):
                    target = cluster.beside(pods, int(match[2]))
                    if target not in (None, container.ident):
                        yield container.ident, str(target), int(match[2])


KEPT: tuple[Check, ...] = (
    keeping.containers,
    keeping.ports,
    keeping.order,
    keeping.mounts,
    keeping.pod_fields,
    keeping.labels,
    keeping.updates,
    keeping.notes,
    keeping.selectors,
    keeping.services,
    keeping.addresses,
    covering.policies,
    covering.budgets,
    covering.autoscalers,
    covering.monitors,
    talk,
)
"""What holds after each stage."""


_LIST = re.compile(r"kind[\"']?: [\"']?List")


def untouched(rewritten: Rewritten) -> Iterator[str]:
    """Documents of objects that no change touches are the same, byte for byte, in every stage.

    New objects go into the List or JSON document that they come from; what was in it says what it
    said.
    """
    assert rewritten.report.rewrite is not None
    touched = {
        title
        for change in rewritten.report.rewrite.changes
        for title in (*change.touches, change.workload)
    }
    touched |= _folded(rewritten)
    for path, text in rewritten.stages[0].items():
        documents: dict[int, list[Object]] = {}
        for each in read({path: text}):
            documents.setdefault(each.place, []).append(each)
        for files in rewritten.stages[1:]:
            now = [each.data for each in read({path: files[path]})]
            position = 0
            for place, piece in enumerate(pieces(text)):
                there = documents.get(place, [])
                if {each.title for each in there} & touched:
                    continue
                # New objects stand before the blank lines that end a document.
                found = files[path].find(piece.rstrip(), position)
                position = max(found, position)
                holds_several = (
                    len(there) > 1 or piece.lstrip().startswith("{") or _LIST.search(piece)
                )
                if found < 0 and not (holds_several and all(each.data in now for each in there)):
                    yield f"a document of {path} that no change touches has changed"


def _folded(rewritten: Rewritten) -> set[str]:
    """Pods that a change folds into one controller: it names the first of them only."""
    gone = {each.title for each in read(rewritten.stages[0]) if each.kind == "Pod"} - {
        each.title for each in read(rewritten.after)
    }
    return gone if "wrap" in rewritten.changes else set()


_OF_CONTAINERS = (
    re.compile(r"image[\"']?:[^\n#]*(# note \d+-\d+\.)"),
    re.compile(r"(# note \d+-\d+\.)\n\s*- [\"']?name[\"']?:[^\n]*\n\s*[\"']?image[\"']?:"),
)
"""Where comments of containers stand: behind the image, as those that tools read, and above."""


def comments(rewritten: Rewritten) -> Iterator[str]:
    """Every comment of a container goes where the container goes; those of a Pod that is folded
    into another like it go with it.
    """
    gone = _folded(rewritten)
    for path, text in rewritten.stages[0].items():
        folded = {each.place for each in read({path: text}) if each.title in gone}
        still = "\n---\n".join(
            piece for place, piece in enumerate(pieces(text)) if place not in folded
        )
        for files in rewritten.stages[1:]:
            found = {
                note
                for pattern in _OF_CONTAINERS
                for note in pattern.findall(still.replace("\r", ""))
            }
            lost = {note for note in found if note not in files[path]}
            if lost:
                yield f"{path} has lost {sorted(lost)}"


def names(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Every object has a name of its own, unless two had one before."""
    known = Counter((each.path.partition("/")[0], each.key) for each in read(before))
    for key, count in Counter(
        (each.path.partition("/")[0], each.key) for each in read(after)
    ).items():
        if count > max(1, known[key]):
            yield f"{key} is there {count} times"
