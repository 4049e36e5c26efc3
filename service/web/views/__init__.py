"""One file for each group of endpoints; every view is decode, run, render."""
