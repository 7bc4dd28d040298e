# The few verbs of this repository. Bare `make` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export DEMO_EXIT QUICK

# What was built is called by its path. `cargo run` would choose other features for one package alone, and compile again.
BUILT := "$${CARGO_TARGET_DIR:-target}/debug"
VESTIBULE := $(BUILT)/vestibule

.PHONY: help demo test check generate bench lint control-plane

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## a Kubernetes, a simulated NetBox and the controller, shown at work; DEMO_EXIT=1 ends it after the last step
	hack/while-fetching-modules.sh cargo build --workspace --bins
	@$(BUILT)/vestibule-demo

test: control-plane lint ## everything: format, lints, then all tests, on a real API server too
	cargo test --workspace

check: lint ## format, lints, and whether generated files are in step
	cargo build --workspace --bins
	@$(VESTIBULE) generate --check

generate: ## write crds/ and all else that the code prints
	cargo build --workspace --bins
	@$(VESTIBULE) generate

bench: ## what a rollover costs, ours beside a naive controller; QUICK=1 within a minute
	hack/bench.sh

lint: # internal
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

control-plane: # internal: all programs of the tests, and the Kubernetes they run on
	hack/while-fetching-modules.sh cargo build --workspace --all-targets
	@$(BUILT)/examples/control-plane
