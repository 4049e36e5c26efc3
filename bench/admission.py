"""`python -m bench.admission`: how long an API server waits for a review of one object."""

from __future__ import annotations

import json

from bench.load import machine, request, send_one_by_one
from bench.server import running_service

COUNT = 3_000
"""Reviews, one after another, after a hundred to warm up."""
OBJECTS = {
    "a Pod of two containers": 2,
    "a Pod of ten": 10,
}


def review(containers: int) -> bytes:
    """An AdmissionReview as an API server sends it, with the defaults of each container."""
    names = ("nginx", "postgres", "redis", "fluent-bit", "rabbitmq")
    own = [
        {
            "name": f"{names[number % len(names)]}-{number}",
            "image": f"{names[number % len(names)]}:1",
            "ports": [{"containerPort": 8000 + number, "protocol": "TCP"}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent",
            "volumeMounts": [{"name": "kube-api-access-x", "mountPath": "/var/run/secrets"}],
        }
        for number in range(containers)
    ]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "shop", "namespace": "shop", "labels": {"app": "shop"}},
        "spec": {
            "containers": own,
            "restartPolicy": "Always",
            "volumes": [{"name": "kube-api-access-x", "projected": {"sources": []}}],
        },
    }
    asked = {"uid": "1", "operation": "CREATE", "namespace": "shop", "object": pod}
    data = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked}
    body = json.dumps(data).encode()
    return request("/v1/admission", body).replace(b"application/yaml", b"application/json")


def main() -> None:
    """Print the times."""
    print(f"{machine()}; over HTTP, {COUNT} reviews one after another, one worker")
    for name, containers in OBJECTS.items():
        data = review(containers)
        with running_service(1) as service:
            send_one_by_one(service.port, data, 100)
            times = sorted(send_one_by_one(service.port, data, COUNT))
        half, most = times[COUNT // 2], times[COUNT * 99 // 100]
        print(
            f"  {name:<24} half within {half * 1e3:5.2f} ms, 99 of 100 within {most * 1e3:5.2f} ms"
        )


if __name__ == "__main__":
    main()
