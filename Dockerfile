# Two images from one build: `operator` (default) and `armsim`. No shell is needed in the last stages: they only COPY.
# Both bases must have the same Python minor version. Tested offline by `make image-test` with stand-ins for both bases.
ARG BUILD_BASE=docker.io/library/python:3.13-slim-trixie
ARG RUN_BASE=gcr.io/distroless/python3-debian13:nonroot

FROM ${BUILD_BASE} AS build
WORKDIR /src
COPY deploy/image/build-requirements.txt deploy/image/requirements.txt ./
RUN python3 -m venv /build \
 && /build/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r build-requirements.txt \
 && /build/bin/pip install --no-cache-dir --require-hashes --only-binary :all: --no-compile --target /app -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator operator
# Bytecode is compiled here and never looked at again: without it each start of a read-only image compiles 300,000 lines
# of azure-mgmt-network and stays at 325 MiB; unchecked, because some builders rewrite the time stamps it is compared with.
RUN /build/bin/pip install --no-cache-dir --no-deps --no-build-isolation --no-compile --target /app . \
 && rm -rf /app/bin \
 && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /app \
 && mkdir /armsim && mv /app/armsim /armsim/armsim

FROM ${RUN_BASE} AS base
COPY --from=build /app /app
ENV PYTHONPATH=/app PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
USER 65532:65532
WORKDIR /tmp

FROM base AS armsim
COPY --from=build /armsim /app
ENTRYPOINT ["/usr/bin/python3", "-m", "armsim"]

FROM base AS operator
EXPOSE 8080
ENTRYPOINT ["/usr/bin/python3", "-m", "vnetlink"]
CMD ["run"]
