# The targets of this repository. `make` without a target lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export DEMO_EXIT QUICK

# Built programs are called by their path. `cargo run` would choose other features for one package alone, and compile again.
BUILT := "$${CARGO_TARGET_DIR:-target}/debug"
VESTIBULE := $(BUILT)/vestibule

.PHONY: help demo test check generate bench lint control-plane

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## a Kubernetes, a simulated NetBox and the controller, step by step; DEMO_EXIT=1 ends it after the last step
	hack/while-fetching-modules.sh cargo build --workspace --bins
	@$(BUILT)/vestibule-demo

test: control-plane lint ## everything: format, lints, then all tests, on a real API server too
	cargo test --workspace

check: lint ## format, lints, and whether generated files are current
	cargo build --workspace --bins
	@$(VESTIBULE) generate --check

generate: ## write crds/ and all other generated files
	cargo build --workspace --bins
	@$(VESTIBULE) generate

bench: ## the cost of a rollover, ours and a naive controller's; QUICK=1 within a minute
	hack/bench.sh

lint: # internal
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

control-plane: # internal: all programs of the tests, and the Kubernetes they run on
	hack/while-fetching-modules.sh cargo build --workspace --all-targets
	@$(BUILT)/examples/control-plane
