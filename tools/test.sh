#!/usr/bin/env bash
# Builds and tests Tessera: tools/test.sh [unit|golden|integration|fuzz|asan|tsan|clang|format]...
# Without an argument: everything that CI runs. The last line is `N passed, N failed`; the exit code is non-zero when
# anything failed or nothing ran. What each step said is kept in build-logs/.
#
#   FUZZ_SECONDS=300   for all fuzz targets together
#   JOBS=2             compilers at once (default: one a core)
set -uo pipefail
cd "$(dirname "$0")/.."

logs=$PWD/build-logs
jobs=${JOBS:-$(nproc)}
fuzz_seconds=${FUZZ_SECONDS:-300}
accidents=5
passed=0
failed=0
failures=()
rm -rf "$logs"
mkdir -p "$logs"

say() { printf '\n== %s (%d min %02d s)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }

pass() { passed=$((passed + 1)); }

# fail NAME [LOG]: counts one failure and shows the end of its log.
fail() {
    failed=$((failed + 1))
    failures+=("$1")
    echo "FAILED: $1"
    if [ -n "${2:-}" ]; then
        echo "--- the end of $2"
        tail -n 60 "$2"
        echo "---"
    fi
}

# count KIND FILE NAME [AGAIN]: adds what a test runner reported (tools/count_tests.py); fails when there is no report.
count() {
    local report="$logs/$3.count" more_passed more_failed
    if [ ! -s "$2" ] || ! /usr/bin/python3 tools/count_tests.py "$1" "$2" ${4:+"$4"} >"$report" 2>&1; then
        return 1
    fi
    read -r more_passed more_failed <"$report"
    passed=$((passed + more_passed))
    failed=$((failed + more_failed))
    echo "$3: $more_passed passed, $more_failed failed"
    tail -n +2 "$report"
    [ "$more_failed" -eq 0 ] || failures+=("$3: $more_failed")
}

# configure DIR COMPILER OPTION...: once; ninja sees to later changes of the build files.
configure() {
    local dir=$1 compiler=$2
    shift 2
    [ -f "$dir/build.ninja" ] && return 0
    rm -rf "$dir"
    local cxx=g++
    [ "$compiler" = gcc ] || cxx=${compiler/clang/clang++}
    if ! CC="ccache $compiler" CXX="ccache $cxx" meson setup "$dir" "$@" >"$logs/$dir.setup.log" 2>&1; then
        fail "configure $dir" "$logs/$dir.setup.log"
        return 1
    fi
}

# build DIR [TARGET...]
build() {
    local dir=$1
    shift
    if ! ninja -C "$dir" -j "$jobs" -k 20 "$@" >"$logs/$dir.build.log" 2>&1; then
        # What failed first says most; with several jobs it is not what stands last.
        awk '/^FAILED:/ { found = 1 } found' "$logs/$dir.build.log" | head -n 60 >"$logs/$dir.build.failure.log"
        fail "build $dir" "$logs/$dir.build.failure.log"
        return 1
    fi
}

# meson_suite DIR SUITE NAME [OPTION...]
meson_suite() {
    local dir=$1 suite=$2 name=$3
    shift 3
    rm -f "$dir/meson-logs/testlog.json"
    meson test -C "$dir" --no-rebuild --suite "$suite" --num-processes "$(nproc)" "$@" >"$logs/$name.log" 2>&1
    local code=$?
    local before=$failed
    count meson "$dir/meson-logs/testlog.json" "$name" || { fail "$name" "$logs/$name.log"; return 1; }
    [ $code -eq 0 ] || [ "$failed" -gt "$before" ] || fail "$name" "$logs/$name.log"
}

release_built=
release() {
    if [ -z "$release_built" ]; then
        say "release build"
        release_built=no
        configure build-release gcc --buildtype=release && build build-release && release_built=yes
    fi
    [ $release_built = yes ]
}

run_format() {
    say "format"
    git ls-files -z -- '*.h' '*.cpp' | xargs -0 clang-format-16 --dry-run --Werror >"$logs/format.log" 2>&1
    local files
    files=$(sed -n 's/^\([^ :]*\):[0-9]*:[0-9]*: error: .*/\1/p' "$logs/format.log" | sort | uniq -c)
    [ -z "$files" ] && { pass; return; }
    echo "lines that clang-format-16 -i would change:"
    echo "$files"
    fail format
}

run_unit() { release && say "unit" && meson_suite build-release unit unit; }

run_golden() { release && say "golden" && meson_suite build-release golden golden --timeout-multiplier 3; }

run_integration() {
    release || return
    say "integration"
    local pytest=(env "TESSERA_BUILD=$PWD/build-release" /usr/bin/python3 -m pytest -q -o "cache_dir=$logs/pytest")
    "${pytest[@]}" --junitxml="$logs/integration.xml" tests/integration >"$logs/integration.log" 2>&1
    local code=$? before=$failed again=
    # Real media on two cores that others may use, too: what fails is run once more, and named when it passes then. More
    # than a few are no accident.
    if [ $code -eq 1 ] && [ "$(grep -c '^FAILED\|^ERROR' "$logs/integration.log")" -le $accidents ]; then
        say "integration: what failed, again"
        again=$logs/integration-again.xml
        "${pytest[@]}" --last-failed --junitxml="$again" tests/integration >"$logs/integration-again.log" 2>&1
        code=$?
    fi
    count junit "$logs/integration.xml" integration ${again:+"$again"} || { fail integration "$logs/integration.log"; return; }
    [ $code -eq 0 ] || [ "$failed" -gt "$before" ] || fail integration "$logs/integration.log"
}

# sanitized NAME SANITIZERS SUITE OPTIMIZATION: that suite alone; leaves out what only people run.
sanitized() {
    local name=$1 dir=build-$1 suite=$3 targets
    say "$name build"
    # Names and lines for stack traces, not the variables that a debugger would want: half of the time to build.
    configure "$dir" gcc --buildtype=debug "--optimization=$4" -Dcpp_args=-g1 "-Db_sanitize=$2" -Db_lundef=false || return
    # A build folder from before the last change of a meson.build lists targets that are gone.
    ninja -C "$dir" build.ninja >"$logs/$dir.setup.log" 2>&1
    targets=$(/usr/bin/python3 tools/count_tests.py targets "$dir" "$suite") || { fail "targets of $dir"; return; }
    # shellcheck disable=SC2086  # a list of files without spaces
    build "$dir" $targets || return
    say "$name"
    meson_suite "$dir" "$suite" "$name" --timeout-multiplier 6
}

# small_meeting NAME: three callers in a meeting of the daemons, in the build folder of `sanitized NAME`.
small_meeting() {
    local name=$1 dir=build-$1
    [ -f "$dir/build.ninja" ] || return  # which `sanitized` has counted
    say "$name: three callers"
    build "$dir" mcu/tessera-mcud signaling/tessera-signald tools/ctl/tesseractl || return
    TESSERA_BUILD=$PWD/$dir /usr/bin/python3 -m pytest -q -p no:cacheprovider --junitxml="$logs/$name-meeting.xml" \
        tests/integration/test_three_callers_sanitized.py >"$logs/$name-meeting.log" 2>&1
    count junit "$logs/$name-meeting.xml" "$name-meeting" || fail "$name: three callers" "$logs/$name-meeting.log"
}

run_asan() {
    export ASAN_OPTIONS=detect_stack_use_after_return=1:check_initialization_order=1:suppressions=$PWD/tests/support/known_asan.supp
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    export LSAN_OPTIONS=suppressions=$PWD/tests/support/known_leaks.supp:print_suppressions=0
    # Optimized for debuggers: at level 1 the compiler takes twice as long over what UBSan adds.
    sanitized asan address,undefined unit g
    small_meeting asan
}

run_tsan() {
    # Debian's libraries are not instrumented: tests/support/tsan_grpc.cpp and this file say what to make of them. GLib's
    # slices, which hand memory from thread to thread behind futexes, give way to malloc.
    # With a long history a report names both sides, which the suppressions need.
    export TSAN_OPTIONS=halt_on_error=1:history_size=7:second_deadlock_stack=1:suppressions=$PWD/tests/support/uninstrumented.supp
    export G_SLICE=always-malloc
    sanitized tsan thread threads 1
    small_meeting tsan
}

run_clang() {
    # The analysis is for the product: both daemons and tesseractl, whose libraries hold every lock there is.
    say "clang build, with -Wthread-safety"
    configure build-clang clang-16 --buildtype=plain &&
        build build-clang mcu/tessera-mcud signaling/tessera-signald tools/ctl/tesseractl && pass
}

run_fuzz() {
    say "fuzz build"
    local fuzzers fuzzer name share
    configure build-fuzz clang-16 -Dfuzzing=true --buildtype=debugoptimized \
        -Db_sanitize=address,undefined -Db_lundef=false && build build-fuzz fuzzers || return
    fuzzers=(build-fuzz/tests/fuzz/*_fuzz)
    share=$((fuzz_seconds / ${#fuzzers[@]}))
    [ "$share" -gt 0 ] || share=1
    for fuzzer in "${fuzzers[@]}"; do
        name=$(basename "$fuzzer" _fuzz)
        say "fuzz $name for $share s"
        mkdir -p "build-fuzz/corpus/$name" "$logs/crashes"
        if UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 "$fuzzer" "-max_total_time=$share" -timeout=10 \
            -rss_limit_mb=2048 -print_final_stats=1 "-artifact_prefix=$logs/crashes/$name-" \
            "build-fuzz/corpus/$name" "tests/fuzz/corpus/$name" >"$logs/fuzz-$name.log" 2>&1; then
            pass
            grep -E 'number_of_executed_units' "$logs/fuzz-$name.log"
        else
            fail "fuzz $name" "$logs/fuzz-$name.log"
        fi
    done
    for fuzzer in "${fuzzers[@]}"; do
        name=$(basename "$fuzzer" _fuzz)
        say "lines that the seeds of $name reach"
        if tests/fuzz/coverage.sh "$name" >"$logs/coverage-$name.log" 2>&1; then
            pass
            tail -n 1 "$logs/coverage-$name.log"
        else
            fail "coverage $name" "$logs/coverage-$name.log"
        fi
    done
}

steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(format unit golden integration asan tsan clang fuzz)
for step in "${steps[@]}"; do
    if ! declare -F "run_$step" >/dev/null; then
        echo "usage: tools/test.sh [unit|golden|integration|fuzz|asan|tsan|clang|format]..." >&2
        exit 2
    fi
done

if tools/setup.sh >"$logs/setup.log" 2>&1; then
    for step in "${steps[@]}"; do "run_$step"; done
else
    fail "setup" "$logs/setup.log"
fi

say "done"
for failure in ${failures[@]+"${failures[@]}"}; do echo "failed: $failure"; done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
