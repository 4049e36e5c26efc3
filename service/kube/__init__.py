"""A typed view of Kubernetes objects: kinds, workloads, containers, Services, selectors,
references. Reads, never writes.
"""
