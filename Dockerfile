# syntax=docker/dockerfile:1

# The service in an image: locked dependencies, no compiler, no pip, not root.
FROM python:3.13-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

COPY requirements/build.lock requirements/runtime.lock requirements/
RUN python -m venv --without-pip /opt/aftersales \
    && pip --python /opt/aftersales/bin/python install --require-hashes -r requirements/runtime.lock \
    && pip install --require-hashes -r requirements/build.lock

COPY pyproject.toml README.md ./
COPY app app
COPY tools tools
COPY migrations migrations
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/aftersales/bin/python install --no-deps --no-index dist/*.whl \
    && /opt/aftersales/bin/python -m compileall -q /opt/aftersales/lib


FROM python:3.13-slim

ENV PATH=/opt/aftersales/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    AFTERSALES_HTTP_HOST=0.0.0.0 \
    AFTERSALES_HTTP_PORT=8000

RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin aftersales
COPY --from=build /opt/aftersales /opt/aftersales

USER 10001:10001
WORKDIR /tmp
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['AFTERSALES_HTTP_PORT']}/livez\", timeout=2)"]

ENTRYPOINT ["aftersales"]
CMD ["serve"]
