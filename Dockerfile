# votd on duty in a container:
#
#   docker build --tag votd . && docker run --detach --volume votd:/var/lib/votd votd
#
# Everything that lasts, the inbox too, is in the volume; its owner is 10001:10001. A votd.toml in its top folder is
# read; VOTD_* and the credentials of an S3 store come from the environment. Prefect's pages answer on 127.0.0.1 of the
# container alone.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS base
# tini reaps what a killed run leaves behind: votd as process 1 waits only for its own children.
# util-linux has setpriv and prlimit, which bound every child of votd.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        bubblewrap ca-certificates python3.11 tini util-linux \
    && apt-get clean && rm -rf /var/lib/apt/lists/*

FROM base AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends python3.11-venv \
    && rm -rf /var/lib/apt/lists/*
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
# The environment that ships has no pip: the tools install into it from beside it.
RUN python3.11 -m venv /tools && python3.11 -m venv --without-pip /opt/votd
WORKDIR /source
COPY requirements.lock requirements-dev.lock ./
RUN /tools/bin/pip --python /opt/votd/bin/python install --no-deps --require-hashes -r requirements.lock \
    && /tools/bin/pip --python /opt/votd/bin/python check
RUN sed -n '/^setuptools==/,/[^\\]$/p' requirements-dev.lock > setuptools.lock \
    && /tools/bin/pip install --no-deps --require-hashes -r setuptools.lock
COPY . .
# Under a prefix of its own, so that a change of ours is a small layer upon the unchanged large one.
RUN /tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /tools/bin/pip --python /opt/votd/bin/python install --no-deps --prefix /package /wheels/*.whl

FROM base
RUN groupadd --gid 10001 votd \
    && useradd --uid 10001 --gid votd --home-dir /var/lib/votd --no-create-home --shell /usr/sbin/nologin votd \
    && install --directory --owner votd --group votd /var/lib/votd
COPY --from=build /opt/votd /opt/votd
COPY --from=build /package /opt/votd
# The environment is compiled, and root's: what is written beside a module would be lost anyway.
ENV PATH=/opt/votd/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    VOTD_HOME=/var/lib/votd \
    XDG_CACHE_HOME=/var/lib/votd/cache
USER 10001:10001
WORKDIR /var/lib/votd
VOLUME /var/lib/votd
# Healthy: votd up has registered its deployments (only then its lock file names the server), and the server answers.
HEALTHCHECK --interval=30s --timeout=10s --start-period=3m CMD ["python", "-P", "-c", \
    "import sys; from votd.config.settings import load; from votd.flows import server; sys.exit(not server.answers(server.duty_lock(load()).read_text()))"]
# -s: reap also where somebody else's init is process 1
ENTRYPOINT ["tini", "-s", "--", "votd"]
CMD ["up"]
