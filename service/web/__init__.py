"""The HTTP edge: decode, run the pipeline, render. The only package that knows Flask."""
