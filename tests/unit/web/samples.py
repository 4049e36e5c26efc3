"""Manifests that several tests of the web send."""

from __future__ import annotations

POD = b"""\
apiVersion: v1
kind: Pod
metadata:
  name: web-with-logger
spec:
  containers:
    - name: web
      image: nginx:1.27
"""
"""A bare Pod, which is a warning."""
