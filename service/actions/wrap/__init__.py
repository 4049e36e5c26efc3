"""Wrap a bare Pod.

Looks for: Pods without a controller that should have one (see the rule `bare-pod`).

Matters because: nobody makes a bare Pod again when its node dies, and every change means deleting
it first.

Example:
    apiVersion: v1
    kind: Pod
    metadata:
      name: web
    spec:
      containers:
        - name: web
          image: shop/web:2

Comes out: the same text as the template of a Deployment; of a Job where the Pod ends by itself; of
a StatefulSet for a database with a claim of its own. The name stays; the selector is the smallest
stable part of the labels. Copies of one Pod become one Deployment with replicas; numbered ones with
claims of their own a StatefulSet, those on nodes of their own a DaemonSet (see `copies`).
"""
