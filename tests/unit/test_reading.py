"""From files to objects: what is read, what is rejected, what is skipped."""

from __future__ import annotations

import re
import time

import pytest

from service.errors import DeadlineExceeded, LimitExceeded
from service.options import Options
from service.reading import MAX_CONTAINERS, Inputs, read_again, read_inputs

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - {name: web, image: nginx}
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"


def read(*texts: str | bytes, path: str = "a.yaml", **options) -> Inputs:
    """One file of some documents."""
    raw = b"---\n".join(text if isinstance(text, bytes) else text.encode() for text in texts)
    return read_inputs([(path, raw)], Options(**options))


def names(inputs: Inputs) -> list[str]:
    return [resource.name for content in inputs.contents for resource in content.resources]


def test_documents_and_their_objects():
    """Each document with its objects, and the workloads among them."""
    inputs = read(POD, CONFIG)

    assert names(inputs) == ["web", "settings"]
    assert [workload.name for workload in inputs.workloads] == ["web"]
    assert [document.index for document in inputs.documents] == [0, 1]
    assert inputs.document_count == 2
    assert (inputs.rejected, inputs.skipped) == ((), ())


def test_files_are_kept_by_their_paths():
    """Also those without manifests."""
    inputs = read_inputs([("b.yaml", POD.encode()), ("a.yaml", b"")], Options())

    assert list(inputs.sources) == ["b.yaml", "a.yaml"]
    assert inputs.sources["b.yaml"].text == POD


def test_the_objects_of_a_list():
    """They are read one by one."""
    items = "".join(
        f"  - apiVersion: v1\n    kind: ConfigMap\n    metadata: {{name: {name}}}\n"
        for name in ("a", "b")
    )

    assert names(read(f"apiVersion: v1\nkind: List\nitems:\n{items}")) == ["a", "b"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("values.yaml", "a Helm chart's values: render the chart first"),
        ("app/VALUES.YML", "a Helm chart's values: render the chart first"),
        ("Chart.yaml", "a Helm chart's description"),
        ("team/.podsplit.yaml", "Podsplit's own options"),
        ("compose.yaml", "a Compose file: convert it first"),
        (".gitlab-ci.yml", "a CI file"),
        (".github/workflows/test.yaml", "a CI file"),
        ("app/.circleci/config.yaml", "a CI file"),
    ],
)
def test_files_that_are_no_manifests_are_skipped(path, reason):
    """By their names."""
    inputs = read("services: {web: {image: a}}\n", path=path)

    assert [(item.path, item.document, item.reason) for item in inputs.skipped] == [
        (path, None, reason)
    ]
    assert (inputs.contents, inputs.document_count) == ((), 0)


@pytest.mark.parametrize("path", ["compose.yaml", "values.yaml", "app/docker-compose.yml"])
def test_objects_are_read_whatever_their_file_is_called(path):
    """Only CI's own folders are left alone."""
    assert names(read(POD, path=path)) == ["web"]
    assert names(read(POD, path=f".github/{path}")) == []


@pytest.mark.parametrize("path", ["my-values.yaml", "github/test.yaml", "charts/web.yaml"])
def test_similar_names_are_read(path):
    """Only whole names count."""
    assert names(read(POD, path=path)) == ["web"]


@pytest.mark.parametrize("text", ["a: 1\n", "kind: Pod\n", "apiVersion: v1\n"])
def test_what_is_no_object_is_skipped(text):
    """Without apiVersion or kind, with the document's number."""
    (item,) = read(CONFIG, text).skipped

    assert (item.path, item.document) == ("a.yaml", 1)
    assert re.search("apiVersion (or kind is|and kind are) missing", item.reason)


def test_what_something_without_a_kind_may_be():
    """A Compose file under whatever name is told from values."""
    (compose,) = read("services:\n  web: {image: nginx}\n").skipped
    (values,) = read("replicaCount: 1\nimage: {tag: x}\n").skipped

    assert compose.reason == "a Compose file: convert it first"
    assert "helm template" in values.reason


@pytest.mark.parametrize(
    "text", ["<!DOCTYPE html>\n<html>", "\n<html lang=en>", "<HTML><body>a: [</body>", "<head>"]
)
def test_a_page_is_no_manifest(text):
    """What a download of a login or an error is."""
    (item,) = read(text).rejected

    assert item.code == "html"


def test_a_kustomization_may_leave_out_its_kind():
    """Its file's name says it, as for kustomize; in another file it is no object."""
    text = "resources: [web.yaml]\n"

    assert names(read(text, path="app/kustomization.yaml")) == [""]
    assert len(read(text, path="app/other.yaml").skipped) == 1


def test_files_that_patch_are_no_manifests():
    """They are skipped, and neither their objects nor their errors count."""
    kustomization = b"resources: [web.yaml]\npatches: [{path: patch.yaml}, {path: none.yaml}]\n"
    inputs = read_inputs(
        [
            ("patch.yaml", POD.encode() + b"---\na: [\n---\nb: 1\n"),
            ("web.yaml", POD.encode()),
            ("kustomization.yaml", kustomization),
        ],
        Options(),
    )

    assert [workload.resource.path for workload in inputs.workloads] == ["web.yaml"]
    assert inputs.rejected == ()
    assert [(item.path, item.document) for item in inputs.skipped] == [("patch.yaml", None)]


def test_a_document_that_is_no_yaml_is_rejected():
    """With its place; the other documents are not affected."""
    inputs = read(POD, "a: [\n", CONFIG)
    (item,) = inputs.rejected

    assert (item.code, item.location.path, item.location.document) == ("yaml-syntax", "a.yaml", 1)
    assert names(inputs) == ["web", "settings"]
    assert inputs.document_count == 3


def test_a_file_that_can_not_be_decoded_is_rejected():
    """Its text up to the error is kept, so that the place can be told."""
    inputs = read(b"a: 1\n# gr\xfcn\n")
    (item,) = inputs.rejected

    assert item.code == "not-utf-8"
    assert inputs.sources["a.yaml"].text == "a: 1\n# gr"
    assert inputs.sources["a.yaml"].position(item.location.span.start) == (2, 5)


@pytest.mark.parametrize(
    "text",
    [
        POD.replace("name: web}", "name: '{{ .Release.Name }}'}"),
        POD.replace("name: web}", "name: web, namespace: 'a-{{ b }}'}"),
        POD.replace("kind: Pod", "kind: '{{ .Values.kind }}'"),
    ],
)
def test_templates_are_rejected(text):
    """What is still to be filled in can't be judged."""
    inputs = read(text)

    assert [item.code for item in inputs.rejected] == ["template"]
    assert inputs.contents == ()


def test_braces_in_other_places_are_no_template():
    """A command may hold them."""
    assert names(read(POD.replace("image: nginx", "image: nginx, args: ['{{ a }}']"))) == ["web"]


@pytest.mark.parametrize(("more", "codes"), [(0, []), (1, ["containers"])])
def test_the_limit_of_containers(more, codes):
    """A Pod may have a hundred of all types together; one more is rejected, and only that Pod."""
    half = MAX_CONTAINERS // 2
    regular = "".join(f"    - {{name: c{number}, image: a}}\n" for number in range(half))
    init = "".join(f"    - {{name: i{number}, image: a}}\n" for number in range(half + more))
    pod = POD.partition("    - ")[0] + regular + "  initContainers:\n" + init
    inputs = read(pod, CONFIG)

    assert MAX_CONTAINERS == 100
    assert [item.code for item in inputs.rejected] == codes
    assert names(inputs)[-1] == "settings"
    assert len(inputs.workloads) == 1 - more


def test_the_limit_of_documents():
    """As many as it says, of all files together, rejected and skipped ones included."""
    files = [("a.yaml", POD.encode() + b"---\na: [\n"), ("b.yaml", b"a: 1\n")]

    assert read_inputs(files, Options(max_documents=3)).document_count == 3
    with pytest.raises(LimitExceeded, match="more than 2 documents") as caught:
        read_inputs(files, Options(max_documents=2))
    assert caught.value.code == "documents"


def test_the_deadline():
    """It is looked at before each document."""
    with pytest.raises(DeadlineExceeded):
        read(POD, deadline=time.monotonic() - 1)


def test_reading_again_reuses_what_did_not_change():
    """Objects of equal text are the same ones; changed and new ones are read."""
    before = read(POD, CONFIG)
    text = before.sources["a.yaml"].text.replace("nginx", "httpd")
    after = read_again(before, {"a.yaml": text, "new.yaml": CONFIG}, Options())

    assert names(after) == ["web", "settings", "settings"]
    assert after.contents[1].resources[0].data is before.contents[1].resources[0].data
    assert after.contents[0].resources[0].data != before.contents[0].resources[0].data
    assert list(after.sources) == ["a.yaml", "new.yaml"]


def test_reading_again_keeps_other_files():
    """A file that is not named is taken over as it was."""
    before = read_inputs([("a.yaml", POD.encode()), ("b.yaml", CONFIG.encode())], Options())
    after = read_again(before, {"a.yaml": ""}, Options())

    assert after.contents == before.contents[1:]
    assert after.sources["b.yaml"] is before.sources["b.yaml"]


def test_the_same_text_twice_is_two_objects():
    """Also when one of them was read before."""
    before = read(CONFIG)
    after = read_again(before, {"a.yaml": CONFIG + "---\n" + CONFIG}, Options())

    assert names(after) == ["settings", "settings"]
    assert after.contents[0] is not after.contents[1]
    assert [document.index for document in after.documents] == [0, 1]


def test_what_a_rewrite_adds_does_not_count_for_the_limit():
    """The sender has sent one document only."""
    before = read(CONFIG, max_documents=1)
    text = "---\n".join([CONFIG] * 3)

    assert len(read_again(before, {"a.yaml": text}, Options(max_documents=1)).contents) == 3


def test_what_is_made_from_another_object_of_the_set_is_looked_at_there():
    """As `kubectl get all` lists a Deployment, its ReplicaSet and its Pods."""
    owner = "ownerReferences: [{kind: Pod, name: web, apiVersion: v1, controller: true}]"
    made = POD.replace("name: web", f"name: made, {owner}", 1)
    inputs = read(f"{POD}---\n{made}")

    assert names(inputs) == ["web"]
    assert [(item.document, item.reason) for item in inputs.skipped] == [
        (1, "Pod/made is made from Pod/web, and looked at there")
    ]
