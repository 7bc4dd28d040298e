#!/usr/bin/env bash
# `make bench`: builds what is measured, as it is shipped, then measures. What the variables do: docs/benchmarks.md.
set -euo pipefail
cd "$(dirname "$0")/.."
# In one go, so that all have the same dependencies and nothing is built twice.
hack/while-fetching-modules.sh cargo build --release --package vestibule --package vestibule-sim --bins --bench scorecard
exec cargo bench --quiet --package vestibule --bench scorecard
