# What there is to make. `make` alone builds the program.
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

.PHONY: all build demo test test-lab lint lab lab-down bench clean

all: build

build: ## the program, in bin/runbook
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/runbook ./cmd/runbook

demo: build ## an incident in a simulated site: rehearsed, then for real, then by its plan; needs nothing else
	examples/demo bin/runbook

test: ## everything that needs nothing but Go, under the race detector
	$(GO) test -race ./...

test-lab: ## everything that needs real servers: builds its servers the first time (about fifteen minutes on two cores)
	examples/lab/run-tests $(GO)

# govulncheck is not part of it: it asks a database on the network, and its answer changes without a change here.
lint: ## formatting, vet and golangci-lint, of the version in .ci/lint/go.mod: builds it the first time (some minutes on two cores)
	$(GO) -C .ci/lint build -o ../../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	test -z "$$(gofmt -l .)"
	$(GO) vet ./...
	$(GO) vet -tags lab ./...
	bin/golangci-lint run
	cd examples/lab && $(GO) vet -tags lab ./... && ../../bin/golangci-lint run

lab: build ## the whole first site on loopback, in .lab: builds its servers the first time (about fifteen minutes on two cores)
	cd examples/lab && $(GO) run . up --dir ../../.lab --name lab

lab-down: ## stops it
	cd examples/lab && $(GO) run . down --dir ../../.lab

bench: build lab ## the same work done by runbook and by what people use today, as a table; needs jq, fills the lab with 10,000 pods
	cd examples/lab && $(GO) run . pods --dir ../../.lab && $(GO) run . talkers --dir ../../.lab && $(GO) run . objects --dir ../../.lab
	cd examples/lab && $(GO) build -o ../../bin/bench ./bench && $(GO) -C bench/s5cmd build -o ../../../../bin/s5cmd github.com/peak/s5cmd/v2 && ../../bin/bench --kubectl "$$($(GO) run . build)/kubectl" --s5cmd "$(CURDIR)/bin/s5cmd"

clean:
	rm -rf bin
