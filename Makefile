# Everything that people and CI do here. `make help` lists it. What a target needs is installed into this checkout
# (.venv, .venv-sam, .venv-checkov, node_modules, target, build) and nowhere else.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
SCENARIO ?= examples/scenarios/demo.yaml
PLAN ?= examples/plans/demo.yaml
OPERATION ?= install
OUT ?= out/demo
# End-to-end cases that run at the same time; each has a cloud of its own.
E2E_THREADS ?= 3
# Processor of the functions on AWS.
ARCHITECTURE ?= $(shell sed -n 's/^parameter_overrides = "Architecture=\([a-z0-9_]*\)"$$/\1/p' samconfig.toml)
FUNCTIONS := list-accounts assume-role scan install collect-results gate report
CHECKS = cd tests/cloud && PYTHONDONTWRITEBYTECODE=1 ../../.venv/bin/python -m pytest -q -p no:cacheprovider

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  make demo SCENARIO=<file> PLAN=<file> OPERATION=scan|install OUT=<folder>"

# ---------------------------------------------------------------- tools, installed into the checkout

# pip takes nothing but what is in the lock, with its hash. `make lock` writes the locks from the .txt files beside them.
PIP_INSTALL := install --quiet --disable-pip-version-check --no-deps --require-hashes -r

.venv/.installed: tests/cloud/requirements.lock
	$(PYTHON) -m venv .venv
	.venv/bin/pip $(PIP_INSTALL) $<
	touch $@

# Virtual environments of their own: SAM CLI and checkov pin another botocore than the local cloud does.
.venv-%/.installed: tests/cloud/requirements-%.lock
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip $(PIP_INSTALL) $<
	touch $@

.PHONY: lock
lock: ## Write the locks of the Python tools again: every package with its version and hashes (asks PyPI)
	$(PYTHON) -m venv build/.venv-lock
	build/.venv-lock/bin/pip install --quiet --disable-pip-version-check uv==0.13.9
	for file in tests/cloud/requirements*.txt; do \
		build/.venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
			"$$file" --output-file "$${file%.txt}.lock"; \
	done

# No package may run a script when it is installed: what is needed here works without.
NPM_CI := npm ci --silent --no-audit --no-fund --ignore-scripts

node_modules/.installed: package.json package-lock.json
	$(NPM_CI)
	touch $@

.PHONY: tools
tools: .venv/.installed .venv-sam/.installed .venv-checkov/.installed node_modules/.installed ## Install the Python and Node tools into the checkout

# ---------------------------------------------------------------- build

.PHONY: binaries
binaries:
	cargo build --locked --workspace --bins

.PHONY: build
build: binaries .venv/.installed ## Build every binary, and the template for the local cloud (first time: 10 minutes)
	.venv/bin/python scripts/place_binaries.py
	.venv/bin/python scripts/render_template.py

PAGE := crates/report/page

$(PAGE)/node_modules/.installed: $(PAGE)/package.json $(PAGE)/package-lock.json
	cd $(PAGE) && $(NPM_CI)
	touch $@

.PHONY: page
page: $(PAGE)/node_modules/.installed ## Build crates/report/page.html, which is committed, from crates/report/page
	cd $(PAGE) && npm run --silent types && npm run --silent build

# ---------------------------------------------------------------- use

.PHONY: demo
demo: build ## Deploy everything into a local cloud and patch a simulated organization
	tests/cloud/run run --scenario $(SCENARIO) --plan $(PLAN) --operation $(OPERATION) --out $(OUT)

.PHONY: pictures
pictures: ## Make the pictures in docs/images from OUT, which `make demo` leaves
	@test -f $(OUT)/report.html || { echo "there is no $(OUT)/report.html: run \`make demo\` first" >&2; exit 1; }
	$(MAKE) --silent .venv/.installed $(PAGE)/node_modules/.installed
	node scripts/report_picture.mjs $(OUT)/report.html docs/images/report.png
	.venv/bin/python scripts/terminal_picture.py $(OUT) docs/images/terminal.svg

.PHONY: bench
bench: build ## Measure speed, memory and cost against their limits
	.venv/bin/python -m bench

.PHONY: bench-page
bench-page: $(PAGE)/node_modules/.installed ## Measure how quick the report's page is with INSTANCES=20000, against its limits
	cd $(PAGE) && npm run --silent bench -- --check

# ---------------------------------------------------------------- test

.PHONY: test
test: ## Everything that CI runs: lints, unit tests, static checks, the simulator's contract, end-to-end runs
	$(MAKE) lint-quick
	$(MAKE) -j2 tools binaries
	$(MAKE) build
	$(MAKE) test-unit
	$(MAKE) test-static
	$(MAKE) test-cloud
	$(MAKE) test-e2e
	$(MAKE) test-page REPORTS=build/e2e
	$(MAKE) lint-rust lint-page

.PHONY: test-unit
test-unit: ## Unit and property tests
	INSTA_UPDATE=no cargo test --locked --workspace --lib --bins --test preview --test validate

.PHONY: test-static
test-static: tools ## Template, state machine and policies against their rules
	$(CHECKS) checks

.PHONY: test-cloud
test-cloud: build ## The simulator against botocore's models, and the local cloud's own tests
	$(CHECKS) tests

# Without PROFILE the same questions go to the local cloud. docs/conformance.md says what each variable does.
.PHONY: conformance
conformance: $(if $(PROFILE),.venv/.installed,build) ## Ask a real account what the simulator rests on: PROFILE=<aws profile>, read-only
	$(if $(filter-out 1,$(WRITE)),@echo "WRITE is '$(WRITE)': set WRITE=1 or leave it out" >&2; exit 2)
	$(if $(PROFILE),@cd tests/cloud && PYTHONDONTWRITEBYTECODE=1 ../../.venv/bin/python -m conformance \
		--profile '$(PROFILE)' $(if $(REGION),--region '$(REGION)') $(if $(ACCOUNT),--account '$(ACCOUNT)') \
		$(if $(WRITE),--write) $(if $(BUCKET),--bucket '$(BUCKET)') $(if $(INSTANCE),--instance '$(INSTANCE)') \
		$(if $(ROLE),--role '$(ROLE)'),$(CHECKS) tests/test_conformance.py)

.PHONY: new-scenario
new-scenario: ## Write a new end-to-end case that runs and passes: NAME=<topic>/<name>
	@$(PYTHON) scripts/new_scenario.py "$${NAME:-}"

.PHONY: test-e2e
test-e2e: build ## The deployed system in the local cloud, one case per file in tests/scenarios
	rm -rf build/e2e
	cargo test --locked --workspace --test end_to_end -- --test-threads $(E2E_THREADS)
	cd tests/cloud && ../../.venv/bin/python -m checks.iam_usage ../../build/e2e
	cd tests/cloud && ../../.venv/bin/python -m checks.report_schema ../../build/e2e
	cd tests/cloud && ../../.venv/bin/python -m checks.history ../../build/e2e
	cd tests/cloud && ../../.venv/bin/python -m checks.metrics ../../build/e2e

# Chromium comes with npm, so nothing has to be installed on the machine. REPORTS=<folder> checks the page of every
# report.json in it, too.
.PHONY: test-page
test-page: $(PAGE)/node_modules/.installed ## The report's page in a real browser; committed page = its sources
	cd $(PAGE) && npm run --silent check && $(if $(REPORTS),REPORTS=$(abspath $(REPORTS)) )npm run --silent test

# ---------------------------------------------------------------- lint

.PHONY: lint
lint: lint-quick lint-rust lint-page ## Everything that reads the sources without running them; warnings are errors

.PHONY: lint-quick
lint-quick: lint-python lint-spelling lint-prose ## The lints that need no build; `make test` begins with them

.PHONY: lint-rust
lint-rust: ## Formatting, clippy and rustdoc
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items

.PHONY: lint-python
lint-python: .venv/.installed ## Formatting, ruff and mypy over all Python; `.venv/bin/ruff format` formats
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy

.PHONY: lint-page
lint-page: $(PAGE)/node_modules/.installed ## Biome on the report's page: rules, formatting, order of imports
	cd $(PAGE) && npm run --silent lint

.PHONY: lint-spelling
lint-spelling: .venv/.installed ## Typing errors in every file that git knows (.codespellrc)
	git ls-files -z | xargs -0 .venv/bin/codespell

# Files, and folders with everything in them. `scripts/check_prose.py --count` shows what is left in each folder.
PROSE := $(wildcard *.md) docs crates statemachine tests bench scripts queries template.yaml member-role.yaml

.PHONY: lint-prose
lint-prose: ## The English of what people read (PROSE)
	$(PYTHON) scripts/check_prose.py $(PROSE)

# Not part of `make test`: cargo-deny has to be installed, and its list of vulnerabilities comes from the network.
.PHONY: deny
deny: ## Licenses, duplicate crates, sources and known vulnerabilities of the dependencies (deny.toml)
	@cargo deny --version >/dev/null 2>&1 || { echo "cargo-deny is missing; install it: cargo install --locked cargo-deny" >&2; exit 1; }
	cargo deny --locked check

# ---------------------------------------------------------------- AWS

# cargo-lambda links for the chosen processor and an old glibc. The standard library of another processor than this machine's
# must be installed (`rustup target add aarch64-unknown-linux-gnu`); --skip-target-check keeps cargo-lambda from doing it.
.PHONY: package
package: .venv/.installed ## Build for AWS with cargo-lambda and package: build/package; BUCKET=<name> uploads it
	@cargo lambda --version >/dev/null 2>&1 || { echo "cargo-lambda is missing; see https://www.cargo-lambda.info/" >&2; exit 1; }
	cargo lambda build --release --locked --skip-target-check $(if $(filter arm64,$(ARCHITECTURE)),--arm64,--x86-64) $(addprefix --bin ,$(FUNCTIONS))
	.venv/bin/python scripts/check_binaries.py --architecture $(ARCHITECTURE) target/lambda
	.venv/bin/python scripts/place_binaries.py --from target/lambda --to build/package
	.venv/bin/python scripts/sbom.py --architecture $(ARCHITECTURE) --to build/package
	.venv/bin/python scripts/render_template.py --architecture $(ARCHITECTURE) --code build/package --output build/package/template.yaml
	$(if $(BUCKET),.venv/bin/aws cloudformation package --template-file build/package/template.yaml --s3-bucket $(BUCKET) --output-template-file build/package/packaged.yaml)

.PHONY: deploy
deploy: .venv/.installed ## sam build, check of the binaries, sam deploy --guided (needs SAM CLI, cargo-lambda and credentials)
	sam build --parameter-overrides Architecture=$(ARCHITECTURE)
	.venv/bin/python scripts/check_binaries.py --architecture $(ARCHITECTURE) .aws-sam/build --pin .aws-sam/build/template.yaml
	sam deploy --guided

.PHONY: clean
clean: ## Remove what was built; the tools stay
	rm -rf target build out
