"""Serves, as `podsplit-server` or `python -m service`: gunicorn with our configuration, and with
whatever further arguments of gunicorn's are given.
"""

from __future__ import annotations

import sys

from gunicorn.app.wsgiapp import WSGIApplication


def main() -> None:
    """Run the server until it is stopped; HOST, PORT and WORKERS say where and how."""
    sys.argv[1:] = ["--config", "python:service.gunicorn_conf", *sys.argv[1:], "service.wsgi:app"]
    WSGIApplication("%(prog)s [OPTIONS]", prog="podsplit-server").run()


if __name__ == "__main__":
    main()
