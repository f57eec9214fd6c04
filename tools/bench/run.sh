#!/usr/bin/env bash
# Measures a node of this machine: tools/bench/run.sh [gate|sender|network] [OPTION...]. Builds (release), runs, prints a table.
#   gate   nine callers at 720p30 in one grid and a late tenth: exit code 1 when a gate is missed
#   sender what one synthetic sender costs
#   network encrypted callers over a link that loses 1, 5 and 10 %, for a minute each
set -euo pipefail
cd "$(dirname "$0")/../.."

scenario=${1:-gate}
[ $# -eq 0 ] || shift
if [ "$scenario" != network ] && [ ! -f "tools/bench/$scenario.py" ]; then
    echo "usage: tools/bench/run.sh [gate|sender|network] [OPTION...]" >&2
    exit 2
fi
build=${TESSERA_BUILD:-build-release}
[ -f "$build/build.ninja" ] || CC="ccache gcc" CXX="ccache g++" meson setup "$build" --buildtype=release >/dev/null
ninja -C "$build" mcu/tessera-mcud signaling/tessera-signald tools/endpoint/tessera-endpoint \
    tools/bench/tessera-bench-floor tests/integration/relay/udp_relay >&2
if [ "$scenario" = network ]; then
    # The test that CI runs shortly, at length and with its figures shown.
    TESSERA_NETWORK_FIGURES=1 TESSERA_BUILD=$(realpath "$build") exec /usr/bin/python3 -m pytest -q -s \
        -p no:cacheprovider tests/integration/test_bad_network.py tests/integration/test_bad_network_nack.py "$@"
fi
TESSERA_BUILD=$(realpath "$build") exec /usr/bin/python3 "tools/bench/$scenario.py" "$@"
