#!/usr/bin/env bash
# How many lines of each parser its seeds reach: tests/fuzz/coverage.sh [TARGET...]. Fails below 80 %.
# `coverage.sh --lines TARGET` shows the lines that no seed reaches.
set -euo pipefail
cd "$(dirname "$0")/../.."

least_percent=80
build=build-coverage
show_lines=false
if [ "${1:-}" = --lines ]; then show_lines=true; shift; fi
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cd tests/fuzz && ls -- *_fuzz.cpp | sed 's/_fuzz\.cpp$//')

flags="-fprofile-instr-generate -fcoverage-mapping"
[ -f "$build/build.ninja" ] || CC="ccache clang-16" CXX="ccache clang++-16" meson setup "$build" \
    --buildtype=debug "-Dcpp_args=$flags" "-Dcpp_link_args=$flags" >/dev/null

failed=0
for target in "${targets[@]}"; do
    mapfile -t sources < <(sed -n 's|^// Covers: *||p' "tests/fuzz/${target}_fuzz.cpp" | tr ' ' '\n' | grep .)
    if [ ${#sources[@]} -eq 0 ]; then
        echo "$target: no '// Covers:' line in tests/fuzz/${target}_fuzz.cpp" >&2
        failed=1
        continue
    fi
    replay="$build/tests/fuzz/${target}_replay"
    ninja -C "$build" "tests/fuzz/${target}_replay" >"$build/$target.build.log" ||
        { tail -n 30 "$build/$target.build.log" >&2; exit 1; }
    LLVM_PROFILE_FILE="$build/$target.profraw" "$replay" "tests/fuzz/corpus/$target" >/dev/null
    llvm-profdata-16 merge -o "$build/$target.profdata" "$build/$target.profraw"
    llvm-cov-16 export -summary-only "$replay" "-instr-profile=$build/$target.profdata" >"$build/$target.json"
    /usr/bin/python3 - "$build/$target.json" "$target" "$least_percent" "${sources[@]}" <<'PYTHON' || failed=1
import json, os, sys

path, target, least, sources = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4:]
files = {f["filename"]: f["summary"]["lines"] for f in json.load(open(path))["data"][0]["files"]}
covered = count = 0
for source in sources:
    lines = files.get(os.path.abspath(source))
    if lines is None:
        sys.exit(f"{target}: {source}: not part of the target")
    print(f"{target}: {source}: {lines['covered']} of {lines['count']} lines")
    covered += lines["covered"]
    count += lines["count"]
percent = 100 * covered / max(count, 1)
print(f"{target}: {percent:.1f} % of the parser's lines reached")
sys.exit(percent < least)
PYTHON
    if $show_lines; then
        llvm-cov-16 show "$replay" "-instr-profile=$build/$target.profdata" "${sources[@]}" |
            grep -E '^ +[0-9]+\| +0\||^/' || true
    fi
done
exit $failed
