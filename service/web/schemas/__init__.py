"""The shapes of requests and answers. openapi.yaml is made from them, and tests load every answer
through them.
"""
