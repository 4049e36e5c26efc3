"""All that has to hold of a rewrite: used on generated sets, on the cases, and on real manifests.

Each function yields a sentence for everything that is not as it should be.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tests.support import rollout
from tests.support.checks import Check
from tests.support.objects import Key, Object, read_objects, split_documents
from tests.support.rewritten import GroundTruth, Rewritten, staged_clusters

_STAGES = ("expand", "add", "switch", "contract")
_LIST_KIND = re.compile(r"kind[\"']?: [\"']?List")
_CONTAINER_COMMENTS = (
    re.compile(r"image[\"']?:[^\n#]*(# note \d+-\d+\.)"),
    re.compile(r"(# note \d+-\d+\.)\n\s*- [\"']?name[\"']?:[^\n]*\n\s*[\"']?image[\"']?:"),
)
"""Comments of containers: behind the image, as those that tools read, and above the container.

The writer of generated sets numbers its comments.
"""


def check_stages(
    rewritten: Rewritten, truth: GroundTruth, checks: Iterable[Check]
) -> Iterator[str]:
    """What is not kept in some stage, however objects without a namespace are read."""
    checks = tuple(checks)
    for (before, *later), _ in staged_clusters(rewritten, truth):
        for stage, after in zip(_STAGES, later, strict=True):
            for check in checks:
                for message in check(before, after):
                    yield f"{check.__name__}, {stage}: {message}"


def check_rollout(rewritten: Rewritten, truth: GroundTruth) -> Iterator[str]:
    """What goes wrong while the stages are applied one after another."""
    for clusters, gone_first in staged_clusters(rewritten, truth):
        yield from rollout.check_steps(clusters, gone_first)


def check_untouched_documents(rewritten: Rewritten) -> Iterator[str]:
    """Documents of objects that no change touches are the same, byte for byte, in every stage.

    New objects go into the List or JSON document that they come from; what was in it still says the
    same.
    """
    assert rewritten.report.rewrite is not None
    touched = {
        title
        for change in rewritten.report.rewrite.changes
        for title in (*change.touches, change.workload)
    }
    touched |= _folded_pods(rewritten)
    for path, text in rewritten.stages[0].items():
        for files in rewritten.stages[1:]:
            for document in _changed_documents(
                path, old_text=text, new_text=files[path], touched=touched
            ):
                yield f"document {document} of {path}, which no change touches, has changed"


def _changed_documents(path: str, old_text: str, new_text: str, touched: set[str]) -> Iterator[int]:
    """The numbers of the documents that differ, those with a touched object left out."""
    objects: dict[int, list[Object]] = {}
    for resource in read_objects({path: old_text}):
        objects.setdefault(resource.index, []).append(resource)
    new_data = [resource.data for resource in read_objects({path: new_text})]
    position = 0
    for index, document in enumerate(split_documents(old_text)):
        resources = objects.get(index, [])
        if {resource.title for resource in resources} & touched:
            continue
        # New objects stand before the blank lines that end a document.
        start = new_text.find(document.rstrip(), position)
        position = max(start, position)
        holds_several = (
            len(resources) > 1
            or document.lstrip().startswith("{")
            or _LIST_KIND.search(document) is not None
        )
        if start < 0 and not (
            holds_several and all(resource.data in new_data for resource in resources)
        ):
            yield index


def _folded_pods(rewritten: Rewritten) -> set[str]:
    """The titles of Pods that a change folds into one controller.

    The change names the first of them only.
    """
    if "wrap" not in rewritten.actions:
        return set()
    before = read_objects(rewritten.stages[0])
    pods = {resource.title for resource in before if resource.kind == "Pod"}
    return pods - {resource.title for resource in read_objects(rewritten.after)}


def check_comments(rewritten: Rewritten) -> Iterator[str]:
    """Every comment of a container goes where the container goes.

    Comments of a Pod that is folded into another like it go with it.
    """
    folded_pods = _folded_pods(rewritten)
    for path, text in rewritten.stages[0].items():
        folded = {
            resource.index
            for resource in read_objects({path: text})
            if resource.title in folded_pods
        }
        kept_text = "\n---\n".join(
            document for index, document in enumerate(split_documents(text)) if index not in folded
        )
        comments = {
            comment
            for pattern in _CONTAINER_COMMENTS
            for comment in pattern.findall(kept_text.replace("\r", ""))
        }
        for files in rewritten.stages[1:]:
            lost = {comment for comment in comments if comment not in files[path]}
            if lost:
                yield f"{path} has lost {sorted(lost)}"


def check_names(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Every object has a name of its own, unless two had one name before."""
    old, new = _count_keys(before), _count_keys(after)
    for key, count in new.items():
        if count > max(1, old[key]):
            yield f"{key} is there {count} times"


def _count_keys(files: Mapping[str, str]) -> Counter[tuple[str, Key]]:
    """How often each key is there in each top folder."""
    return Counter(
        (resource.path.partition("/")[0], resource.key) for resource in read_objects(files)
    )
