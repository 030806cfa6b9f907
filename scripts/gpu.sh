#!/usr/bin/env bash
# Lets the programs for graphics cards meet one: the tests that compare CPU and GPU, the
# spiking engine beside itself, one training by candle's CUDA.
#
#   scripts/gpu.sh build        puts all that is needed into target/gpu (a card is not needed)
#   scripts/gpu.sh run [OUT]    runs it, within a quarter of an hour; results in OUT (target/gpu/results)
#
# `build` may be done elsewhere: carry target/gpu and this script along. A build for CUDA is
# added where nvcc is installed. Without a card `run` says so and measures nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
gpu=target/gpu

build() {
    mkdir -p "$gpu"
    cargo build --release --locked
    cp target/release/spikescope "$gpu/spikescope"
    local tests
    tests=$(cargo test --release --locked --no-run --lib 2>&1 | tee /dev/stderr |
        sed -n 's/.*Executable.*(\(.*\))$/\1/p')
    cp "$tests" "$gpu/tests"
    if command -v nvcc >/dev/null; then
        cargo build --release --locked --features cuda --target-dir "$gpu/cuda"
        cp "$gpu/cuda/release/spikescope" "$gpu/spikescope-cuda"
    else
        echo "gpu: there is no nvcc here, so training by CUDA is left out" >&2
    fi
}

# step NAME SECONDS COMMAND…: keeps what it says, and goes on if it fails.
step() {
    local name=$1 limit=$2 begun=$SECONDS
    shift 2
    echo "== $name"
    if timeout "$limit" "$@" >"$out/$name.txt" 2>&1; then
        echo "   done in $((SECONDS - begun)) s: $out/$name.txt"
    else
        echo "   failed or ran past $limit s: $out/$name.txt"
        failed=1
    fi
    tail -n 4 "$out/$name.txt" | cut -c1-200 | sed 's/^/   /'
}

run() {
    out=${1:-$gpu/results} failed=0
    mkdir -p "$out"
    export SPIKESCOPE_HOME="$PWD/$out/home" CARGO_MANIFEST_DIR="$PWD"
    if ! "$gpu/spikescope" bench spiking 100 --engine both --seconds 1 >"$out/card.txt" 2>&1; then
        echo "gpu: no graphics adapter can be used here:"
        tail -n 3 "$out/card.txt"
        exit 1
    fi
    if grep -q '(software)' "$out/card.txt"; then
        echo "gpu: the only graphics adapter here is a software one; nothing was measured"
        exit 1
    fi
    step twins 300 "$gpu/tests" --include-ignored gpu
    for side in 1 16 64; do
        step "spiking-$side" 120 "$gpu/spikescope" bench spiking 400 1600 6400 --engine both \
            --replicas "$side" --seconds 3
    done
    if [[ -x $gpu/spikescope-cuda ]]; then
        step cuda 180 "$gpu/spikescope-cuda" train cnn1 --device cuda --data synthetic --epochs 2
        step candle 180 "$gpu/spikescope" train cnn1 --data synthetic --epochs 2
    fi
    exit "$failed"
}

case ${1:-} in
    build) build ;;
    run) run "${2:-}" ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" && exit 2 ;;
esac
