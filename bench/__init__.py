"""What Podsplit costs, measured side by side with what one would use otherwise. Run by `make
bench`, never by a test.
"""
