#!/usr/bin/env bash
# Installs what Tessera needs to build, run and be tested on Debian 12. Safe to repeat: does nothing when all is there.
set -euo pipefail

packages=(
    # build
    g++ meson ninja-build ccache pkg-config git ca-certificates
    clang-16 clang-tidy-16 clang-format-16 libclang-rt-16-dev llvm-16
    # common
    libexpected-dev libspdlog-dev libfmt-dev libtomlplusplus-dev nlohmann-json3-dev libcli11-dev
    # media
    libavcodec-dev libavutil-dev libavformat-dev libx264-dev libvpx-dev libyuv-dev libopus-dev libspandsp-dev libspeexdsp-dev
    libwebrtc-audio-processing-dev
    libpango1.0-dev libcairo2-dev fonts-noto-core fonts-noto-cjk
    libsrtp2-dev libssl-dev libjwt-dev libnice-dev
    # control and signalling
    libglib2.0-dev uuid-dev libsofia-sip-ua-glib-dev libsoup-3.0-dev glib-networking prometheus-cpp-dev libgrpc++-dev libprotobuf-dev protobuf-compiler
    protobuf-compiler-grpc
    # storage
    libsqlite3-dev libpq-dev zlib1g-dev
    # tests, the synthetic participant and the benchmark
    catch2 libbenchmark-dev
    libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev gstreamer1.0-plugins-base gstreamer1.0-plugins-good
    gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav
    gstreamer1.0-nice gir1.2-gst-plugins-bad-1.0 python3-gst-1.0
    postgresql-15 util-linux
    baresip-core baresip-ffmpeg linphone-cli sip-tester tesseract-ocr ffmpeg sox curl iproute2
    systemd sipvicious chromium firefox-esr
    python3 python3-pytest python3-matplotlib python3-numpy python3-pil python3-scipy python3-yaml python3-jsonschema
)
# The page's tools: another Node.js than Debian's brings an npm of its own, which Debian's would not stand beside.
command -v npm >/dev/null || packages+=(nodejs npm)

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    echo "setup.sh: not root and no sudo; as root: apt-get install ${missing[*]}" >&2
    exit 1
fi
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

echo "setup.sh: installing ${missing[*]}" >&2
# Tests start databases of their own: the package shall start none.
as_root mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
as_root apt-get update -qq
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
