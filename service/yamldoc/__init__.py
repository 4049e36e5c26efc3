"""YAML with source spans: parse, look up by Route, patch, emit. Knows no Kubernetes but the way
its tools read scalars.
"""
