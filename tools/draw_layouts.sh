#!/usr/bin/env bash
# Draws the pictures of docs/layouts.md anew with the preview command: tools/draw_layouts.sh [TESSERACTL]
set -euo pipefail
ctl=$(realpath -- "${1:-build-release/tools/ctl/tesseractl}")
cd "$(dirname "$0")/../docs/pictures/layouts"

# NAME PEOPLE [OPTIONS]
draw() {
    local name=$1 people=$2; shift 2
    "$ctl" layout preview "$name" --people "$people" --size "${size:-416x234}" "$@" -o "$name.png"
}
draw grid 7
draw 1+5 3 && mv 1+5.png 1+5-few.png
draw 1+5 6 --muted 3
draw 1+7 8
draw 1+9 10
draw 1+12 13
draw 2+8 10
draw 3+4 7
draw one 3 --pin 3
draw side-by-side 2
draw speaker 4
draw speaker+strip-bottom 6
draw speaker+strip-right 5
draw pip 2
draw stagger 4
draw lecture-host 10
draw lecture-guest 10
draw content+strip 4 --content
draw content+pip 4 --content
size=234x416 draw portrait 6
