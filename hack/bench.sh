#!/usr/bin/env bash
# `make bench`: builds what is measured, then measures. Variables: docs/benchmarks.md.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo run --quiet --example control-plane >/dev/null # builds the Kubernetes once, told on stderr
hack/while-fetching-modules.sh cargo build --release --package vestibule-sim --bins
exec cargo bench --quiet --bench scorecard
