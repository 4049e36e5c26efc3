"""Sets of manifests for unit tests, read as the service reads them."""

from __future__ import annotations

from collections.abc import Mapping

from service.kube.containers import Container
from service.kube.objects import ManifestSet, Resource
from service.kube.workloads import Workload, all_workloads
from service.options import Options
from service.reading import Inputs, read_inputs


def inputs_of(files: str | Mapping[str, str]) -> Inputs:
    """What is read from one file, or from files by path; nothing in them is rejected."""
    if isinstance(files, str):
        files = {"set.yaml": files}
    inputs = read_inputs([(path, text.encode()) for path, text in files.items()], Options())
    assert not inputs.rejected, inputs.rejected
    return inputs


def manifests_of(files: str | Mapping[str, str]) -> ManifestSet:
    """The set of objects in one file, or in files by path."""
    return inputs_of(files).manifests


def resource_of(text: str) -> Resource:
    """The only object of a text."""
    (resource,) = manifests_of(text).resources
    return resource


def workload_of(text: str) -> Workload:
    """The only workload of a text."""
    (workload,) = inputs_of(text).workloads
    return workload


def container_of(text: str) -> Container:
    """The only container of a Pod, from the text of the container in flow style."""
    pod = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  containers:\n  - {text}\n"
    (container,) = workload_of(pod).containers
    return container


def named(manifests: ManifestSet, title: str) -> Resource:
    """The object of a set with a kind and name, as in `Pod/web`."""
    (resource,) = [resource for resource in manifests.resources if resource.title == title]
    return resource


def workload_named(manifests: ManifestSet, title: str) -> Workload:
    """The workload of a set with a kind and name."""
    (workload,) = [workload for workload in all_workloads(manifests) if workload.title == title]
    return workload
