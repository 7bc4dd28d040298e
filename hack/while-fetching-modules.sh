#!/usr/bin/env bash
# Runs a command (the Rust build, which needs the cores) while the Go modules of the control plane are fetched (which needs
# the network). This only saves time: the build of the control plane fetches missing modules itself, and shows progress and
# errors.
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
