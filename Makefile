# The tasks of this tree, by name; `make` alone lists them. All Go builds use the same flags, because each set of flags
# has a build cache of its own.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

GO ?= go

# A tool's version is a part of its file's name, so that a new version is a new file.
TOOLS := bin/tools
GOLANGCI_LINT := $(TOOLS)/golangci-lint-v2.13.0
GOVULNCHECK := $(TOOLS)/govulncheck-v1.9.0
WORKFLOWCHECK := $(TOOLS)/workflowcheck-v0.6.0
CYCLONEDX := $(TOOLS)/cyclonedx-gomod-v1.10.0

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-zA-Z\/_-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Show one request from start to end, on an embedded Temporal, or on that of TEMPORAL_ADDRESS
	@scripts/demo.sh

.PHONY: dev
dev: bin/curfew-dev ## Run everything in one process, until Ctrl-C
	bin/curfew-dev

.PHONY: build
build: bin/curfew ## Build bin/curfew: client, server and worker

.PHONY: bin/curfew
bin/curfew:
	$(GO) build -o $@ ./cmd/curfew

# It links the product and the embedded server, so nearly every change rebuilds it.
.PHONY: bin/curfew-dev
bin/curfew-dev:
	@scripts/build-devserver.sh curfew-dev

# A real Temporal for tests. It is rebuilt only when the server's own source changes: linking it takes a quarter of a minute.
TEMPORAL_DEV_SOURCE := $(wildcard devserver/*.go devserver/cmd/temporal-dev/*.go workflows/contract/*.go)
bin/temporal-dev: $(filter-out %_test.go,$(TEMPORAL_DEV_SOURCE)) devserver/go.mod devserver/go.sum ## Build the Temporal server that tests start
	@scripts/build-devserver.sh temporal-dev

# Tests that start no process: scripts/units.sh lists their packages. They mostly wait, those of activities/target above all,
# so many run at the same time.
.PHONY: test-unit
test-unit: ## Run the tests that need no server, in less than two minutes: while you work
	$(GO) test -parallel 16 $$(scripts/units.sh)

# Most tests of promises wait for deadlines, so more of them than there are cores run at the same time.
.PHONY: test
test: bin/temporal-dev ## Run all tests: before you commit
	scripts/test-deps.sh
	$(GO) test -timeout 60m -parallel 4 ./...
	cd devserver && $(GO) test ./...

.PHONY: test-race
test-race: ## Run the tests of test-unit, which have those of the workflows, with the race detector
	$(GO) test -race $$(scripts/units.sh)

# No test may depend on the machine's speed.
.PHONY: test-busy
test-busy: bin/temporal-dev ## Run all tests beside eight busy processes
	scripts/busy.sh 8 $(MAKE) test

.PHONY: test-all
test-all: bin/temporal-dev ## Run all there is, for hours: before a release
	$(MAKE) test
	scripts/test-deps.sh
	$(GO) test -race -timeout 120m -parallel 4 ./...
	scripts/models.sh 10000
	scripts/fuzz.sh 30s
	$(MAKE) chaos
	$(MAKE) mutate

.PHONY: test-kubernetes
test-kubernetes: ## Test the kind kubernetes on a real API server; builds that first, about five minutes
	scripts/kubernetes-binaries.sh
	$(GO) test -tags kubernetes ./activities/target/kubernetes ./internal/testserver/kubernetes

.PHONY: lint
lint: $(GOLANGCI_LINT) $(WORKFLOWCHECK) $(GOVULNCHECK) ## Find what tests do not find
	$(GOLANGCI_LINT) run ./...
	cd devserver && ../$(GOLANGCI_LINT) run ./...
	$(WORKFLOWCHECK) -config .workflowcheck.yml ./workflows/...
	$(GO) mod tidy -diff
	scripts/histories.sh
	cd devserver && $(GO) mod tidy -diff
	@scripts/vulnerabilities.sh $(GOVULNCHECK)

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## Format all Go files
	$(GOLANGCI_LINT) fmt ./...
	cd devserver && ../$(GOLANGCI_LINT) fmt ./...

# The tests that say how late something comes. Alone, on a quiet machine, they hold it to its bounds; make test prints it.
TIMED := 'P2|P3|P4|Forgotten|Ping|Hangs|Watchdog|InBoundedTime|AttemptWithout|GivesUp|Conformance|KeepThePromises|KeepsThePromises'
TIMED_PACKAGES := ./internal/promises ./internal/keepalive ./activities/ledger/postgres ./activities/target/...

.PHONY: bench-bounds
bench-bounds: bin/temporal-dev ## Hold the delays that tests measure to their bounds; about half an hour
	scripts/test-deps.sh
	CURFEW_TEST_BOUNDS=1 $(GO) test -count=1 -timeout 40m -parallel 1 -v -run $(TIMED) $(TIMED_PACKAGES)
	$(GO) test -run FiftyReviewers -timeout 40m -v ./internal/promises -rounds 200

# A run's figures and logs are kept in bin/bench. bin/curfew-bench -help has the sizes.
.PHONY: bench
bench: build bin/temporal-dev ## Measure it all beside what the server alone needs, in an hour: ONLY=lives chooses, KEEP=1 writes docs/performance.md
	scripts/test-deps.sh
	$(GO) build -o bin/curfew-bench ./internal/bench/cmd/bench
	bin/curfew-bench -only '$(ONLY)' -keep=$(if $(KEEP),true,false)

# A run's plan, record and logs are kept in bin/chaos. REQUESTS is 16 a minute when it is not given.
.PHONY: chaos
chaos: build bin/temporal-dev ## Try everything at once, while faults are injected: make chaos SEED=1 MINUTES=8 LEDGER=sqlite|postgres
	scripts/test-deps.sh
	$(GO) build -o bin/curfew-chaos ./internal/chaos/cmd/chaos
	bin/curfew-chaos -seed $(or $(SEED),1) -minutes $(or $(MINUTES),8) -ledger $(or $(LEDGER),sqlite) -requests $(or $(REQUESTS),0)

.PHONY: mutate
mutate: bin/temporal-dev ## Break the product, one line at a time, and see that a test fails: internal/mutate/mutations.yaml
	scripts/test-deps.sh
	$(GO) run ./internal/mutate/cmd/mutate -only '$(ONLY)'

.PHONY: record
record: bin/temporal-dev ## Record histories of a release, by workers of its binary: make record RELEASE=v0.1.0 CURFEW=bin/curfew
	@test -n "$(RELEASE)" -a -n "$(CURFEW)" || { echo "say which: make record RELEASE=v0.1.0 CURFEW=bin/curfew" >&2; exit 2; }
	$(GO) test -count=1 -timeout 30m -run ByTheCodeOfTheDay ./internal/promises -record $(RELEASE) -curfew $(abspath $(CURFEW))

# Nothing is published and nothing is tagged: the script says what is left to do.
.PHONY: release
release: bin/temporal-dev $(CYCLONEDX) ## Make a release's binaries, histories and heading: make release VERSION=v0.1.0
	@test -n "$(VERSION)" || { echo "name the version: make release VERSION=v0.1.0" >&2; exit 2; }
	scripts/release.sh $(VERSION)

.PHONY: tools
tools: $(GOLANGCI_LINT) $(WORKFLOWCHECK) $(GOVULNCHECK) ## Install the tools of lint and fmt into bin/tools

.PHONY: clean
clean: ## Remove everything that was built, tools included
	rm -rf bin

# go install chooses the file's name, so each tool is installed into a folder of its own and then moved.
install = GOBIN=$(abspath $@.d) $(GO) install $(1)@$(lastword $(subst -v, v,$@)) && mv $@.d/* $@ && rmdir $@.d

$(GOLANGCI_LINT):
	$(call install,github.com/golangci/golangci-lint/v2/cmd/golangci-lint)

$(GOVULNCHECK):
	$(call install,golang.org/x/vuln/cmd/govulncheck)

$(WORKFLOWCHECK):
	$(call install,go.temporal.io/sdk/contrib/tools/workflowcheck)

$(CYCLONEDX):
	$(call install,github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod)
