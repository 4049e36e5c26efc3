"""The bot that works by itself: it is told of pull requests by webhooks, reads them by the forges'
APIs, and keeps nothing. What was said stands on the forge; what is to be done is a queue in memory,
and a sweep of the pull requests finds what a restart lost.
"""
