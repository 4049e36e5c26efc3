"""What Podsplit costs, compared with other programs. `make bench` runs it, never a test."""
