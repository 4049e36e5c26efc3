"""Output formats but JSON: one file each, pure functions from a report to text."""
