# Everything that is done with this repository. `make` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The first Python that is there; any of 3.11 to 3.14 will do: make setup PYTHON=python3.12
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3; do \
  "$$name" -c $(FITS) 2> /dev/null && command -v "$$name" && break; done)
FITS := 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))'
VENV ?= .venv
ifneq ($(words $(VENV)),1)
$(error VENV is one word: make knows no file whose name holds spaces, though the folder of the course may hold some)
endif
PY := $(VENV)/bin/python
# The packages that notebooks import. They are installed in place, so that an edit counts at once.
LOCAL := $(patsubst %/pyproject.toml,%,$(wildcard assignments/seqlab/pyproject.toml datasets/pyproject.toml))

# Names what was installed by its content, since a checkout gives files new dates.
READY := $(VENV)/.ready-$(shell cat requirements.lock requirements-cluster.lock $(addsuffix /pyproject.toml,$(LOCAL)) | cksum | cut -d ' ' -f 1)

# Recipes read these from the environment: a student's name may hold quotes and spaces.
export SEEDS SUBMISSIONS AGAINST OUTPUT CHAPTER STUDENT JOBS TIMES WRITE TORCH FROM ZIP ROSTER GO OVERWRITE

.PHONY: help setup lock student grade replay collect extension forget pictures figures release test guard lint format clean certify ablation notebooks attacks fuzz load as-it-ran determinism browser \
  sanitiser formgrader-test cluster-demo bench scale doctor similarity gradescope mutants shares-page settings-page limits-page test-pythons \
  machines try-cuda hub nightly

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv with everything in it (PYTHON=python3.12 for another Python, TORCH=cpu, cuda or none)

# A choice of PyTorch that is named counts at once; otherwise the last one holds.
ifneq ($(and $(TORCH),$(filter setup,$(MAKECMDGOALS))),)
.PHONY: $(READY)
endif
$(READY):
	@"$(PYTHON)" -c $(FITS) 2> /dev/null \
	  || { echo "make setup: $(or $(PYTHON),this machine's Python) is not Python 3.11 to 3.14; name one: make setup PYTHON=python3.11" >&2; exit 1; }
	@"$(PYTHON)" install.py --venv $(VENV) --lock requirements.lock --lock requirements-cluster.lock \
	  --torch "$${TORCH:-}" $(addprefix --local ./,$(LOCAL))
	@rm -f $(VENV)/.ready-*
	@touch $@

lock: ## Write the locks from what pyproject.toml asks for (PYTHON= the oldest there is; UPGRADE=1 renews all versions)
	@"$(PYTHON)" lock.py $(if $(UPGRADE),--upgrade)

student: .venv-student/.ready ## Make what students install, .venv-student beside their bundle, and open JupyterLab
	@.venv-student/bin/jupyter lab assignments --HTMLExporter.embed_images=True --LabApp.default_url=/lab/tree/ch00_sequences/ch00_sequences.ipynb

# The packages are installed in place: only what they ask for makes an installation old.
.venv-student/.ready: assignments/seqlab/pyproject.toml datasets/pyproject.toml
	@"$(PYTHON)" -c $(FITS) 2> /dev/null \
	  || { echo "make student: $(or $(PYTHON),this machine's Python) is not Python 3.11 to 3.14; name one: make student PYTHON=python3.11" >&2; exit 1; }
	@test -x .venv-student/bin/python || "$(PYTHON)" -m venv .venv-student
	@.venv-student/bin/python -m pip install --quiet --disable-pip-version-check -e './assignments/seqlab[notebooks]' -e ./datasets
	@touch $@

grade: $(READY) ## Grade SUBMISSIONS into OUTPUT (also CHAPTER, STUDENT, JOBS)
	@submissions="$${SUBMISSIONS:-submitted}"; \
	if [[ -z "$${SUBMISSIONS:-}" && ! -d submitted ]]; then \
	  submissions=.sample_class; \
	  echo "There is no folder submitted, so this grades a made-up class, written to $$submissions."; \
	  $(PY) -m autograder.sample_class "$$submissions"; \
	fi; \
	arguments=(--submissions "$$submissions"); \
	[[ -z "$${OUTPUT:-}" ]] || arguments+=(--output "$$OUTPUT"); \
	[[ -z "$${CHAPTER:-}" ]] || arguments+=(--chapter "$$CHAPTER"); \
	[[ -z "$${STUDENT:-}" ]] || arguments+=(--student "$$STUDENT"); \
	[[ -z "$${JOBS:-}" ]] || arguments+=(--jobs "$$JOBS"); \
	$(PY) -m autograder grade "$${arguments[@]}"

collect: $(READY) ## Sort a bulk download into SUBMISSIONS: FROM=canvas ZIP= CHAPTER= (also ROSTER, GO=1, OVERWRITE=1); shows what it would do
	@$(PY) -m autograder collect --from "$${FROM:-}" --zip "$${ZIP:-}" --chapter "$${CHAPTER:-}" \
	  --submissions "$${SUBMISSIONS:-submitted}" $${ROSTER:+--roster "$$ROSTER"} $${GO:+--go} $${OVERWRITE:+--overwrite}

pictures: $(READY) ## Draw the README's pictures anew, in a headless Chromium; to be looked at
	@$(PY) -m tests.campaigns.pictures

extension: $(READY) ## Let one student hand a chapter in later: STUDENT= CHAPTER= DAYS= (0 takes it back)
	@$(PY) -m autograder extension --student "$${STUDENT:-}" --chapter "$${CHAPTER:-}" --days "$${DAYS:-}" \
	  --submissions "$${SUBMISSIONS:-submitted}" --output "$${OUTPUT:-graded}"

forget: $(READY) ## Delete one student and all that was handed in: STUDENT= (GO=1 deletes, without it says what)
	@$(PY) -m autograder forget --student "$${STUDENT:-}" --submissions "$${SUBMISSIONS:-submitted}" \
	  --output "$${OUTPUT:-graded}" $${GO:+--go}

figures: $(READY) ## Draw the chapters' figures into solutions/
	@$(PY) -m autograder.drawings

replay: $(READY) ## Grade SUBMISSIONS anew and show what changes AGAINST=graded, test by test; no score is touched
	@arguments=(--submissions "$${SUBMISSIONS:-submitted}" --against "$${AGAINST:-graded}"); \
	[[ -z "$${CHAPTER:-}" ]] || arguments+=(--chapter "$$CHAPTER"); \
	[[ -z "$${STUDENT:-}" ]] || arguments+=(--student "$$STUDENT"); \
	[[ -z "$${JOBS:-}" ]] || arguments+=(--jobs "$$JOBS"); \
	$(PY) -m autograder replay "$${arguments[@]}"

release: $(READY) ## Make the students' notebooks in assignments/ (CHAPTER= for one)
	@$(PY) -m autograder release $${CHAPTER:+--chapter "$$CHAPTER"}

test: $(READY) ## Run the tests
	@$(PY) -m pytest -n 2 --dist loadfile
	@$(PY) -m tests.campaigns.guard

guard: $(READY) ## Compare scores and verdicts of the sample class and alternatives with a frozen table (WRITE=1 to renew it)
	@$(PY) -m tests.campaigns.guard $${WRITE:+--write}

formgrader-test: $(READY) ## Look at formgrader in a headless Chromium, run every command of docs/instructor.md
	@SLOW=1 $(PY) -m pytest tests/test_gradebook_formgrader.py tests/test_gradebook_guide.py

certify: $(READY) ## Test the hidden tests with known mistakes and alternatives (CHAPTER= for one, SEEDS= for fewer)
	@$(PY) -m autograder certify $${CHAPTER:+--chapter "$$CHAPTER"} $${SEEDS:+--seeds "$$SEEDS"}

ablation: $(READY) ## Write docs/ablation.md: which ingredient of the hidden inputs catches which mistakes
	@$(PY) -m autograder certify --ablation docs/ablation.md

mutants: $(READY) ## Small changes to the right code of CHAPTER that no hidden test sees
	@$(PY) -m autograder mutants --chapter "$$CHAPTER"

shares-page: $(READY) ## Write docs/shares.md: which share of the points every mistake loses
	@$(PY) -m autograder certify --shares --page docs/shares.md

settings-page: $(READY) ## Write docs/settings.md from the definition of the settings
	@$(PY) -m autograder settings --page docs/settings.md

limits-page: $(READY) ## Write the table of limits into SECURITY.md from the constants of the code
	@$(PY) -m autograder limits --page SECURITY.md

notebooks: $(READY) ## Run the chapters from top to bottom with the reference solutions (CHAPTER= for one)
	@$(PY) -m autograder notebooks $${CHAPTER:+--chapter "$$CHAPTER"}

bench: $(READY) ## Seconds per submission, side by side with nbgrader
	@$(PY) -m benchmarks.against_nbgrader
	@$(PY) -m benchmarks.worker_cost
	@$(PY) -m benchmarks.gradebook
	@$(PY) -m benchmarks.student_checks
	@$(PY) -m benchmarks.against_otter

doctor: $(READY) ## Try out what the sandbox holds on this machine
	@$(PY) -m autograder doctor

attacks: $(READY) ## Hostile and odd submissions at every level of the sandbox, as root and as an ordinary user
	@$(PY) -m tests.campaigns.attacks
	@$(PY) -m tests.campaigns.attacks.whole_class --jobs 2
	@if command -v bwrap > /dev/null; then \
	  $(PY) -m tests.campaigns.attacks --as-user --level B; $(PY) -m tests.campaigns.attacks --no-user-namespaces --level B; \
	else echo "Not run as another user and without user namespaces: bubblewrap is not installed."; fi

fuzz: $(READY) ## Ten minutes of made-up frames, notebooks and modules, up to the reports (FUZZ_SECONDS= for another length)
	@$(PY) -m tests.campaigns.fuzz --seconds "$${FUZZ_SECONDS:-600}"

as-it-ran: $(READY) ## Write docs/as_it_ran.md: notebooks as people make them, in Jupyter, in seqlab check and in the grader
	@$(PY) -m tests.campaigns.as_it_ran

determinism: $(READY) ## Grade all alternatives on a quiet machine and beside eight busy loops: the same bytes (TIMES=10, CHAPTER=)
	@$(PY) -m tests.campaigns.determinism $${TIMES:+--times "$$TIMES"} $${CHAPTER:+--chapter "$$CHAPTER"}

browser: $(READY) ## Every simulation, report, card and figure in a headless Chromium
	@$(PY) -m tests.campaigns.browser_simulations
	@$(PY) -m tests.campaigns.browser_figures

sanitiser: $(READY) ## Every attack on a page in a headless Chromium, in every page that shows it
	@$(PY) -m tests.campaigns.sanitiser

cluster-demo: $(READY) ## Grade the sample class on a small Dask cluster, of which one worker is killed
	@$(PY) -m tests.campaigns.cluster_demo

scale: $(READY) ## 200 students in ten chapters, measured; what a larger class would take is in docs/scale.md
	@$(PY) -m benchmarks.scale --page docs/scale.md

similarity: $(READY) ## Pairs of submissions of CHAPTER that are alike, as a hint to a human
	@$(PY) -m autograder similarity --submissions "$${SUBMISSIONS:-submitted}" --chapter "$$CHAPTER"

gradescope: $(READY) ## Make the archive that Gradescope takes, build/gradescope.zip (CHAPTER= for one)
	@$(PY) -m autograder.platforms.gradescope $${CHAPTER:+--chapter "$$CHAPTER"}

load: $(READY) ## A class of 300 with hostile submissions, and a grader killed at 50 random moments
	@$(PY) -m tests.campaigns.load

test-pythons: $(READY) ## Sandbox, doctor and ten chapters on every Python that is installed; rows of docs/machines.md
	@$(PY) -m tests.campaigns.machines --pythons $(if $(TORCH),--torch "$$TORCH")

machines: $(READY) ## The same on other kinds of machine, imitated: no bubblewrap, a container, offline, …
	@$(PY) -m tests.campaigns.machines --kinds

try-cuda: $(READY) ## The same with PyTorch's build for CUDA, 6 GB, on the newest Python
	@$(PY) -m tests.campaigns.machines --cuda

hub: $(READY) ## A JupyterHub with a student and an instructor; a row of docs/machines.md (needs npm)
	@$(PY) -m tests.campaigns.hub

nightly: $(READY) ## What is too long for every change; notes in docs/ci.md how long it took
	@$(PY) -m tests.campaigns.nightly

lint: $(READY) ## Check style, types and layers
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@PYTHONPATH=. $(VENV)/bin/lint-imports

format: $(READY) ## Format the code, fix what can be fixed
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

clean: ## Remove caches and generated folders; results, gradebook and .venv stay
	@rm -rf .cache .nbgrader_source .sample_class .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
