"""The signals, listed by hand. Each is one module that observes one kind of thing in a Pod."""

from __future__ import annotations

from types import ModuleType

from service.classification.signals import (
    application_name,
    container_name,
    crossing_hook,
    dangling_volume,
    default_container,
    image_family,
    injected,
    known_image,
    listens,
    localhost_reference,
    metrics_only,
    native_sidecar,
    network_owner,
    own_service,
    own_storage,
    port_clash,
    process_namespace,
    role_annotation,
    service_reference,
    shared_data,
    shared_socket,
    two_applications,
    workload_name,
)
from service.classification.signals.signal import Signal


def _signal(module: ModuleType) -> Signal:
    return Signal(module.__name__.rpartition(".")[2].replace("_", "-"), module, module.observe)


SIGNALS: tuple[Signal, ...] = tuple(
    map(
        _signal,
        (
            role_annotation,
            native_sidecar,
            injected,
            known_image,
            container_name,
            application_name,
            metrics_only,
            shared_data,
            shared_socket,
            localhost_reference,
            crossing_hook,
            process_namespace,
            image_family,
            two_applications,
            network_owner,
            port_clash,
            service_reference,
            own_service,
            listens,
            own_storage,
            default_container,
            workload_name,
            dangling_volume,
        ),
    )
)
"""In the order in which evidence of equal weight is shown."""
