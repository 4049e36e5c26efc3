"""Sends files to Podsplit and prints what each container is: `report.py pod.yaml ...`."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path

URL = os.environ.get("PODSPLIT_URL", "http://127.0.0.1:8080")

body = {"files": [{"path": name, "content": Path(name).read_text()} for name in sys.argv[1:]]}
request = urllib.request.Request(  # noqa: S310 - the address is the caller's own
    f"{URL}/v1/rewrite", json.dumps(body).encode(), {"Content-Type": "application/json"}
)
with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - likewise
    report = json.load(answer)
for workload in report["workloads"]:
    print(f"{workload['location']['path']}:{workload['location']['line']} {workload['name']}")
    for container in workload["containers"]:
        what = " ".join([container["role"], *container["serves"]])
        print(f"  {container['name']}: {what}, {container['confidence']:.3f}")
for change in report["changes"]:
    print(f"{change['applicability']}: {change['title']}")
    print(*(f"  if {assumption['message']}" for assumption in change["assumptions"]), sep="\n")
