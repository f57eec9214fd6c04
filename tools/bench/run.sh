#!/usr/bin/env bash
# Measures a node of this machine: tools/bench/run.sh [SCENARIO] [OPTION...]. Builds (release), runs, prints tables, writes
# build-logs/bench/*.json; the exit code is 1 when a goal or a gate is missed.
#   (none)     the standard set in at most ten minutes, and the table of goals
#   shared personal speaker rungs audio join-storm stall overload soak
#              one of them; --people N, --seconds S
#   plots      sweeps over the number of people, and pictures of them in docs/performance/ (takes longer)
#   gate       nine callers at 720p30 in one grid and a late tenth
#   sender     what one synthetic sender costs
#   micro      nanoseconds and allocations of each step of the walks of packets and frames
#   network    encrypted callers over a link that loses 1, 5 and 10 %, for a minute each
set -euo pipefail
cd "$(dirname "$0")/../.."

scenario=standard
if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
    scenario=$1
    shift
fi
program=tools/bench/${scenario//-/_}.py
if [ "$scenario" != network ] && { [ ! -f "$program" ] || [ "$scenario" = measure ]; }; then
    sed -n '2,/^set/{/^#/p}' "$0" >&2
    exit 2
fi
build=${TESSERA_BUILD:-build-release}
[ -f "$build/build.ninja" ] || CC="ccache gcc" CXX="ccache g++" meson setup "$build" --buildtype=release >/dev/null
targets=(mcu/tessera-mcud signaling/tessera-signald tools/endpoint/tessera-endpoint tools/bench/tessera-bench-floor
    tests/integration/relay/udp_relay)
[ "$scenario" != standard ] ||
    targets+=(tests/unit/mcu/bridge/bridge_test tests/unit/mixer/audio/mixer_audio_test)
[ "$scenario" != micro ] || targets=(tests/bench/{packet_walk,frame_walk,voice_treatment,encoder_stage}_bench)
ninja -C "$build" "${targets[@]}" >&2
export TESSERA_BUILD
TESSERA_BUILD=$(realpath "$build")
if [ "$scenario" = network ]; then
    # The test that CI runs shortly, at length and with its figures shown.
    TESSERA_NETWORK_FIGURES=1 exec /usr/bin/python3 -m pytest -q -s \
        -p no:cacheprovider tests/integration/test_bad_network.py tests/integration/test_bad_network_nack.py \
        tests/integration/test_narrow_path.py tests/integration/test_narrow_browser.py "$@"
fi
exec /usr/bin/python3 "$program" "$@"
