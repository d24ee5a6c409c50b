# The grader as an image, for CI and for machines of one's own. It holds the hidden tests and the reference solutions:
# keep it where only instructors can pull it. docs/ci.md says how it is run.
FROM python:3.11-slim

# bubblewrap for sandbox level A where the container is allowed namespaces; make runs the same commands as elsewhere.
RUN apt-get update -q \
 && apt-get install -q --yes --no-install-recommends bubblewrap make \
 && rm -rf /var/lib/apt/lists/*

# First what seldom changes: packages are installed anew only when one of these files does.
WORKDIR /course
ARG PIP_EXTRA_INDEX_URL=""
ENV PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
COPY Makefile install.py requirements.lock requirements-cluster.lock ./
COPY assignments/seqlab assignments/seqlab
COPY datasets datasets
RUN PIP_EXTRA_INDEX_URL="$PIP_EXTRA_INDEX_URL" make setup
COPY . .

# Root owns the grader and an ordinary user runs it, so that no run can change it. What is graded and what comes of it
# lie elsewhere; -P keeps modules that happen to lie there from being imported.
RUN useradd --create-home --uid 10001 grader && install -d -o grader -g grader /data
USER grader
WORKDIR /data
ENV PYTHONPATH=/course
ENTRYPOINT ["/course/.venv/bin/python", "-P", "-m", "autograder"]
CMD ["doctor"]
