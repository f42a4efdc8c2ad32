# Three stages: the documentation site, then the wheel with it and the environment; the last holds nothing but what runs.

FROM python:3.11-slim AS site
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/site
COPY constraints.txt ./
RUN /opt/site/bin/python -m pip install --constraint constraints.txt --upgrade pip
COPY pyproject.toml README.md LICENSE ./
COPY fitting fitting
COPY service service
RUN /opt/site/bin/python -m pip install --constraint constraints.txt --group docs .
COPY docs docs
COPY examples examples
RUN /opt/site/bin/sphinx-build -W --keep-going -q -b html -d build/doctrees docs build/site \
 && rm -rf build/site/.buildinfo build/site/_sources

FROM python:3.11-slim AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/mrsquant
COPY constraints.txt ./
RUN /opt/mrsquant/bin/python -m pip install --constraint constraints.txt --upgrade pip
COPY pyproject.toml README.md LICENSE ./
COPY fitting fitting
COPY service service
COPY --from=site /src/build/site service/pages/documentation
RUN /opt/mrsquant/bin/python -m pip wheel --constraint constraints.txt --no-deps --wheel-dir dist .
RUN /opt/mrsquant/bin/python -m pip install --constraint constraints.txt "$(echo dist/mrsquant-*.whl)[cluster,dicom,mrd,oidc,pdf,postgres,telemetry]"
# Basis sets of common 3 T protocols; whatever is not among them is simulated when it is asked for.
RUN /opt/mrsquant/bin/python -m fitting.basis.precompute

FROM python:3.11-slim
LABEL org.opencontainers.image.title="mrsquant" \
      org.opencontainers.image.licenses="MIT"
# xnat/command.json, by which an XNAT offers the image for its sessions
LABEL org.nrg.commands="[{\"name\":\"mrsquant-bids\",\"label\":\"mrsquant: metabolites of the session's spectra\",\"description\":\"Quantifies single-voxel 1H-MRS of the session's BIDS resource. Research use only; not a medical device.\",\"version\":\"1\",\"type\":\"docker\",\"command-line\":\"mrsquant bids /input /output participant --workers 1\",\"override-entrypoint\":true,\"mounts\":[{\"name\":\"input\",\"writable\":false,\"path\":\"/input\"},{\"name\":\"output\",\"writable\":true,\"path\":\"/output\"}],\"environment-variables\":{\"MRSQUANT_CACHE_DIR\":\"/tmp/mrsquant\"},\"inputs\":[],\"outputs\":[{\"name\":\"derivatives\",\"description\":\"BIDS derivative dataset\",\"required\":true,\"mount\":\"output\"}],\"xnat\":[{\"name\":\"mrsquant-bids-session\",\"label\":\"mrsquant on this session\",\"description\":\"Analyse every _svs of the session's BIDS resource\",\"contexts\":[\"xnat:imageSessionData\"],\"external-inputs\":[{\"name\":\"session\",\"type\":\"Session\",\"required\":true}],\"derived-inputs\":[{\"name\":\"bids\",\"type\":\"Resource\",\"derived-from-wrapper-input\":\"session\",\"matcher\":\"@.label == 'BIDS'\",\"provides-files-for-command-mount\":\"input\",\"required\":true}],\"output-handlers\":[{\"name\":\"mrsquant\",\"accepts-command-output\":\"derivatives\",\"as-a-child-of\":\"session\",\"type\":\"Resource\",\"label\":\"MRSQUANT\"}]}]}]"
COPY --from=build /opt/mrsquant /opt/mrsquant
RUN useradd --system --uid 10001 --no-create-home mrsquant \
 && install --directory --owner=mrsquant --mode=0700 /data /cache
# The keys are in a file, of which this is the path.
# hadolint ignore=DL3064
ENV PATH=/opt/mrsquant/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    MRSQUANT_DATA_DIR=/data \
    MRSQUANT_CACHE_DIR=/cache \
    MRSQUANT_API_KEYS_FILE=/data/keys.toml
USER 10001
WORKDIR /data
VOLUME ["/data", "/cache"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["mrsquant", "serve", "--host", "0.0.0.0", "--port", "8000"]
