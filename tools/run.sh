#!/usr/bin/env bash
# Starts Tessera on this machine with nothing else to set up: tools/run.sh [--demo] [--config FILE]
# Sets up, builds (release), runs tessera-mcud and tessera-signald under var/ with the embedded defaults or FILE, says
# what to dial, starts again whichever dies, and ends both cleanly on Ctrl-C (at once on a second one). A daemon that
# cannot start at all ends everything. Without FILE any room is made that somebody dials; with it the rooms are FILE's.
# --demo puts three synthetic participants into room `demo`, or FILE's first room where there is no such.
#
#   TESSERA_BUILD=DIR   use the programs of that build as they are: sets up and builds nothing
set -euo pipefail
here=$PWD
cd "$(dirname "$0")/.."

usage() { echo "usage: tools/run.sh [--demo] [--config FILE]" >&2; exit 2; }

demo=false
config=()
while [ $# -gt 0 ]; do
    case "$1" in
        --demo) demo=true ;;
        --config) [ $# -ge 2 ] || usage; config=(--config "$(cd "$here" && realpath -- "$2")"); shift ;;
        *) usage ;;
    esac
    shift
done

say() { echo "run.sh: $*" >&2; }

build=${TESSERA_BUILD:-build-release}
mcud=$build/mcu/tessera-mcud
signald=$build/signaling/tessera-signald
ctl=$build/tools/ctl/tesseractl
endpoint=$build/tools/endpoint/tessera-endpoint
page=$build/signaling/web/page
build_release() {
    tools/setup.sh
    [ -f "$build/build.ninja" ] ||
        CC="ccache gcc" CXX="ccache g++" meson setup "$build" --buildtype=release >/dev/null
    local targets=(mcu/tessera-mcud signaling/tessera-signald tools/ctl/tesseractl tools/endpoint/tessera-endpoint)
    # Without npm there is no such target.
    if ninja -C "$build" -t targets all | grep '^signaling/web/page:' >/dev/null; then targets+=(signaling/web/page); fi
    ninja -C "$build" "${targets[@]}"
}

# Keeps one program running: started again after 0.1 s, then twice that, up to 5 s; a run of 10 s counts as healthy.
# One that was never healthy is given up: when it says itself, by ending with 1 or 2, that it cannot start, or at its
# tenth end. SIGTERM ends the program and its supervisor, SIGUSR1 both at once.
supervise() {
    local name=$1; shift
    local child=0 stopping=false healthy=false ends=0 tenths=1 began status
    trap : INT HUP  # they are for the script alone, which then says SIGTERM
    trap 'stopping=true; [ "$child" = 0 ] || kill -TERM "$child" 2>/dev/null' TERM
    trap 'stopping=true; [ "$child" = 0 ] || kill -KILL "$child" 2>/dev/null' USR1
    while ! $stopping; do
        began=$SECONDS
        "$@" & child=$!
        if $stopping; then kill -TERM "$child"; fi  # told so before there was a child to tell
        # A signal interrupts `wait`: then wait for the program itself to end. bash would tell of killed programs.
        while :; do
            status=0; wait "$child" 2>/dev/null || status=$?
            kill -0 "$child" 2>/dev/null || break
        done
        child=0
        if $stopping; then break; fi
        if [ $((SECONDS - began)) -ge 10 ]; then healthy=true; tenths=1; fi
        ends=$((ends + 1))
        if ! $healthy && { [ $status -eq 1 ] || [ $status -eq 2 ] || [ $ends -eq 10 ]; }; then
            say "$name cannot start (status $status)"
            exit 1
        fi
        say "$name ended with status $status; again in $((tenths / 10)).$((tenths % 10)) s"
        sleep "$((tenths / 10)).$((tenths % 10))" >/dev/null 2>&1 & child=$!
        wait "$child" 2>/dev/null || true
        child=0
        tenths=$((tenths * 2 > 50 ? 50 : tenths * 2))
    done
}

# What the daemon makes of its configuration: `sip udp:0.0.0.0:5060`, `api http://127.0.0.1:8060`, `room demo`, ...
read_addresses() {
    addresses=$("$signald" --check "${without_file[@]}" "${config[@]}") || exit $?
    api=$(awk '$1 == "api" { print $2 }' <<<"$addresses")
    token_file=$(sed -n 's/^token_file //p' <<<"$addresses")
}

# One line for each address that a phone could dial: `127.0.0.1:5060`, `[::1]:5060`.
dialable() { sed -n 's/^sip [ut][dc]p://p' <<<"$addresses" | sort -u | reachable; }

# Listening to all addresses of this machine is being reached at each of them.
reachable() {
    local listener host port address
    while read -r listener; do
        host=${listener%:*}
        port=${listener##*:}
        case "$host" in
            0.0.0.0)
                for address in 127.0.0.1 $(hostname -I); do [[ $address == *:* ]] || echo "$address:$port"; done ;;
            '[::]')
                for address in ::1 $(hostname -I); do [[ $address != *:* ]] || echo "[$address]:$port"; done ;;
            *) echo "$host:$port" ;;
        esac
    done
}

# A room that can be dialled: `demo` where there is one or any is made, else the file's first; empty: none.
some_room() {
    if grep -qE '^(auto_create yes|room demo)$' <<<"$addresses"; then
        echo demo
    else
        sed -n 's/^room //p' <<<"$addresses" | head -n 1
    fi
}

print_addresses() {
    local room
    room=$(some_room)
    echo
    if [ -z "$room" ]; then
        echo "Tessera is ready, but there is no room to dial: add a [[room]] to the file."
    elif grep -q '^auto_create yes$' <<<"$addresses"; then
        echo "Tessera is ready. Dial any room, for example:"
    else
        echo "Tessera is ready. Dial a room of the file, for example:"
    fi
    [ -z "$room" ] || dialable | sed "s/^/  sip:$room@/; s/:5060\$//"
    sed -n 's/^sip tls:\(.*\)/By TLS: port \1/p' <<<"$addresses" | sed 's/port .*:/port /' | sort -u
    if [ -n "$room" ] && grep -q '^page ' <<<"$addresses" && grep -q '^https ' <<<"$addresses"; then
        echo "In a browser (with the certificate made here, it asks first whether to go on):"
        sed -n 's|^https https://||p' <<<"$addresses" | reachable | sed "s|.*|  https://&/r/$room|"
    fi
    echo "See who is there:"
    echo "  $ctl --url $api --token-file $token_file room list"
    echo "Ctrl-C ends it."
    echo
}

# Somebody to meet: three of them, whose pictures and tones are their own.
start_demo() {
    local server host room
    room=$(some_room)
    [ -n "$room" ] || return 0
    read -r server < <(dialable)
    host=${server%:*}
    supervise tessera-endpoint setsid "$endpoint" --demo --local "$(tr -d '[]' <<<"$host")" "sip:$room@$server" &
    supervisors+=($!)
}

[ -n "${TESSERA_BUILD:-}" ] || build_release

# Whoever writes a file says there which rooms there are, and whether browsers are served.
without_file=()
[ ${#config[@]} -gt 0 ] || without_file=(--auto-create --https 0.0.0.0:8443)
[ ! -d "$page" ] || without_file+=(--page "$page")
read_addresses
mkdir -p var

supervisors=()  # tessera-mcud's first: it ends last, when all calls have been hung up
ending=false
on_end() {
    if $ending; then kill -USR1 "${supervisors[@]}" 2>/dev/null || true; fi
    ending=true
}
trap on_end INT TERM HUP
all_run() {
    local supervisor
    for supervisor in "${supervisors[@]}"; do kill -0 "$supervisor" 2>/dev/null || return 1; done
}
end() {
    [ $# -eq 0 ] || kill -TERM "$@" 2>/dev/null || true
    local supervisor
    for supervisor in "$@"; do
        while kill -0 "$supervisor" 2>/dev/null; do wait "$supervisor" || true; done
    done
}
trap 'end "${supervisors[@]:1}"; end "${supervisors[@]:0:1}"' EXIT

# In sessions of their own, so that Ctrl-C reaches this script alone, which ends them in order.
supervise tessera-mcud setsid "$mcud" "${config[@]}" & supervisors+=($!)
supervise tessera-signald setsid "$signald" "${without_file[@]}" "${config[@]}" & supervisors+=($!)
until $ending || { sleep 0.2; ! all_run; } || curl -sf -m 1 "$api/readyz" >/dev/null; do :; done
if ! $ending && all_run; then
    print_addresses
    if $demo; then start_demo; fi
fi
until $ending || ! all_run; do wait -n "${supervisors[@]}" || true; done
$ending
