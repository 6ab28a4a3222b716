# make demo: the whole product once on a demo shop (ONCE=1 ends instead of staying up)
# make test: everything that must pass · make lint · make bench · make soak
.PHONY: demo test lint bench soak pictures pins verifier verifier-html service clean
PY = .venv/bin/python
# make test JOBS=2 runs the tests of two files side by side
# A test that fails is asked once more, and listed as RERUN: a defect of its own to mend.
AGAIN = --reruns 1 --reruns-delay 2
SPREAD = $(if $(JOBS),-n $(JOBS) --dist loadfile --no-loadscope-reorder)

demo:
	@sh setup.sh demo
	@exec $(PY) -m demo.run $(if $(ONCE),--once)

test:
	@sh setup.sh test
	@$(PY) -m pytest $(AGAIN) $(SPREAD)
	@$(PY) -m tests.on_postgres $(AGAIN) $(SPREAD)

lint:
	@sh setup.sh test
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

bench:
	@sh setup.sh test
	@$(PY) -m bench

soak:
	@sh setup.sh test
	@$(PY) -m tests.soak

pictures:
	@sh setup.sh test
	@$(PY) -m pytest tests/acceptance/test_story.py
	@$(PY) -m tests.verifier.pictures
	@$(PY) -m tests.console.pictures
	@$(PY) -m tests.evidence.papers.pictures
	@$(PY) -m tests.pictures

# The verifier alone, with all it needs for a computer without a network: dist/verifier.
verifier:
	@sh setup.sh test
	@$(PY) -m release.verifier

# Builds the offline verifier, one HTML file, from verifier/ (the same bytes each time).
verifier-html:
	@command -v node >/dev/null && command -v npm >/dev/null || { echo \
		"需要 node（20 以上）与 npm / Needs node (20 or later) and npm: install them and try again." >&2; exit 1; }
	@cd verifier && npm ci --silent && npm run --silent check && npm run --silent build

service:
	@sh setup.sh service
	@exec .venv/bin/markseal run

# Pins every dependency with hashes and without index lines (needs the tool uv).
pins:
	@for name in requirements requirements-build requirements-dev requirements-demo \
		requirements-outside; do \
		uv pip compile --universal --python-version 3.11 --generate-hashes --quiet \
			--no-emit-index-url --no-header $$name.in --output-file $$name.txt; done

clean:
	@rm -rf .venv .venv-demo build dist
