"""Reads the workloads of a cluster, asks the service about them, and keeps its reports there.

It runs as a CronJob of the chart (`audit.enabled`), with a service account that reads workloads,
Services and what selects Pods, and writes reports; it reads no Secret and no ConfigMap.
"""
