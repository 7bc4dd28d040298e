#!/usr/bin/env bash
# `make bench`: builds the measured programs as they are released, then measures. docs/benchmarks.md lists the variables.
set -euo pipefail
cd "$(dirname "$0")/.."
# One build for all, so that they have the same dependencies and nothing is built twice.
hack/while-fetching-modules.sh cargo build --release --package vestibule --package vestibule-sim --bins --bench scorecard
exec cargo bench --quiet --package vestibule --bench scorecard
