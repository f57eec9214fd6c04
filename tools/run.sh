#!/usr/bin/env bash
# Starts Tessera on this machine with nothing else to set up: tools/run.sh [--demo] [--config FILE]
# Sets up, builds (release), runs tessera-mcud and tessera-signald with the embedded defaults under var/, starts again
# whichever dies, and ends both cleanly on Ctrl-C. --demo puts three synthetic participants into room `demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

demo=false
config=()
while [ $# -gt 0 ]; do
    case "$1" in
        --demo) demo=true ;;
        --config) config=(--config "${2:?--config wants a file}"); shift ;;
        *) echo "usage: tools/run.sh [--demo] [--config FILE]" >&2; exit 2 ;;
    esac
    shift
done

build=build-release
build_release() {
    tools/setup.sh
    [ -f "$build/build.ninja" ] ||
        CC="ccache gcc" CXX="ccache g++" meson setup "$build" --buildtype=release >/dev/null
    local targets=(mcu/tessera-mcud signaling/tessera-signald tools/ctl/tesseractl)
    if $demo; then targets+=(tools/endpoint/tessera-endpoint); fi
    ninja -C "$build" "${targets[@]}"
}

# Keeps one program running: started again after 0.1 s, then twice that, up to 5 s; a run of 10 s counts as healthy.
# Ends its program and itself on SIGTERM.
supervise() {
    local name=$1; shift
    local child=0 stopping=false delay=0.1 began status
    trap 'stopping=true; [ "$child" = 0 ] || kill -TERM "$child" 2>/dev/null' TERM
    while ! $stopping; do
        began=$SECONDS
        "$@" & child=$!
        # A signal interrupts `wait`: then wait for the program itself to end.
        while :; do status=0; wait "$child" || status=$?; kill -0 "$child" 2>/dev/null || break; done
        child=0
        if $stopping; then break; fi
        [ $((SECONDS - began)) -lt 10 ] || delay=0.1
        echo "run.sh: $name ended with status $status; again in $delay s" >&2
        sleep "$delay" & wait $! || true
        delay=$(awk -v d="$delay" 'BEGIN { d *= 2; print d > 5 ? 5 : d }')
    done
}

# Somebody to meet: three of them in room `demo`, whose pictures and tones are their own.
start_demo() {
    local person
    for person in Ada Grace Hedy; do
        supervise "$person" "$build/tools/endpoint/tessera-endpoint" --name "$person" sip:demo@127.0.0.1 &
        supervisors+=($!)
    done
}

print_addresses() {
    local address
    echo "Dial any room, for example:"
    for address in $(hostname -I 2>/dev/null) 127.0.0.1; do
        case "$address" in
            *:*) echo "  sip:demo@[$address]" ;;
            *) echo "  sip:demo@$address" ;;
        esac
    done
    echo "Administrate: $build/tools/ctl/tesseractl room list        End: Ctrl-C"
}

build_release
mkdir -p var
supervisors=()
ending=false
end_all() {
    $ending && return
    ending=true
    [ ${#supervisors[@]} -eq 0 ] || kill -TERM "${supervisors[@]}" 2>/dev/null || true
}
trap end_all INT TERM EXIT

# In sessions of their own, so that Ctrl-C reaches this script alone, which ends them in order.
supervise tessera-mcud setsid "$build/mcu/tessera-mcud" "${config[@]}" & supervisors+=($!)
supervise tessera-signald setsid "$build/signaling/tessera-signald" --auto-create "${config[@]}" & supervisors+=($!)
if [ ${#config[@]} -eq 0 ]; then print_addresses; fi
if $demo; then start_demo; fi
while ! $ending; do wait || true; [ -n "$(jobs -rp)" ] || break; done
wait
