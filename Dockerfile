# Two stages: the first installs into a virtual environment of its own, the second is that and a bare Python.
# The base is pinned by its digest; another, or a mirror's: --build-arg PYTHON_IMAGE=mirror.example/python@sha256:...
ARG PYTHON_IMAGE=python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
# Dependencies change less often than sources, so they come first. Only wheels: nothing is compiled, and no compiler is needed.
COPY requirements.lock requirements-build.lock ./
RUN python -m venv --without-pip /opt/podsplit \
    && pip --python /opt/podsplit/bin/python install --no-compile --no-deps --only-binary=:all: --require-hashes --requirement requirements.lock \
    && pip install --no-deps --only-binary=:all: --require-hashes --requirement requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY service ./service
COPY clients ./clients
# The byte code is made here, since nothing can be written later; unchecked, so that it holds whatever happens to the files' times.
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/podsplit/bin/python install --no-compile --no-index --no-deps dist/*.whl \
    && /opt/podsplit/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/podsplit/lib \
    && cyclonedx-py environment --output-reproducible --short-PURLs --output-file /opt/podsplit/sbom.cdx.json /opt/podsplit/bin/python

FROM ${PYTHON_IMAGE}
# A service installs nothing.
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore pip \
    && rm -rf /usr/local/lib/python3.*/ensurepip
COPY --from=build /opt/podsplit /opt/podsplit
ENV HOST=0.0.0.0 PORT=8080 WORKERS=2 PYTHONDONTWRITEBYTECODE=1
# A number, so that Kubernetes can tell that it isn't root. Any other does too: no file is written but in /tmp.
USER 10001:10001
EXPOSE 8080
# Without a proxy and without curl; over HTTPS where it serves that, whoever made the certificate.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["/opt/podsplit/bin/python", "-c", "import http.client as h, os, ssl, sys; e = os.environ; a = ('127.0.0.1', int(e['PORT'])); c = h.HTTPSConnection(*a, timeout=3, context=ssl._create_unverified_context()) if e.get('PODSPLIT_TLS_CERT_FILE') else h.HTTPConnection(*a, timeout=3); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
# gunicorn is process 1 and gets SIGTERM itself: it takes readiness down, serves on for PODSPLIT_DRAIN_SECONDS, finishes and ends.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/podsplit/bin/python", "-m", "gunicorn", "--config", "python:service.gunicorn_conf", "service.wsgi:app"]

ARG PYTHON_IMAGE
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="podsplit" \
      org.opencontainers.image.description="Tells the containers of a Kubernetes Pod apart, and rewrites the manifests." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${PYTHON_IMAGE}"
