#!/usr/bin/env bash
# Runs a command (the Rust build, which keeps the cores busy) while the Go modules of the control plane are fetched
# (which keeps the network busy). A head start, no more: the build of the control plane fetches what is still missing,
# shows how far it is, and tells what fails.
set -euo pipefail

fetch_modules() {
  cd "$(dirname "${BASH_SOURCE[0]}")/control-plane"
  GOTOOLCHAIN=local CGO_ENABLED=0 GOWORK=off exec go list -deps . >/dev/null 2>&1
}

if [[ -z "${VESTIBULE_CONTROL_PLANE:-}${KUBEBUILDER_ASSETS:-}${KUBECONFIG_FOR_TESTS:-}" ]] && command -v go >/dev/null; then
  fetch_modules &
  trap "kill $! 2>/dev/null || true" EXIT
fi
"$@"
