"""Podsplit: tells the containers of a Pod apart, and rewrites the manifests so that each
application has a workload of its own.
"""
