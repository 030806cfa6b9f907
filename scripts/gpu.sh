#!/usr/bin/env bash
# Lets the programs for graphics cards meet one: the tests that compare CPU and GPU, the
# spiking engine beside itself, one training by candle's CUDA.
#
#   scripts/gpu.sh build        puts all that is needed into target/gpu (a card is not needed)
#   scripts/gpu.sh run [OUT]    runs it, within 15 minutes; results in OUT (target/gpu/results)
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
        cargo build --release --locked --features cuda --target-dir target/cuda
        cp target/cuda/release/spikescope "$gpu/spikescope-cuda"
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
    mkdir -p "${1:-$gpu/results}"
    out=$(cd "${1:-$gpu/results}" && pwd) failed=0
    export SPIKESCOPE_HOME="$out/home"
    if ! timeout 60 "$gpu/spikescope" bench spiking 100 --engine both --seconds 1 >"$out/card.txt" 2>&1; then
        echo "gpu: no graphics adapter can be used here:"
        tail -n 3 "$out/card.txt"
        exit 1
    fi
    if grep -q '(software)' "$out/card.txt"; then
        echo "gpu: the only graphics adapter here is a software one; nothing was measured"
        exit 1
    fi
    # The one that reads the shaders' files needs the sources of the machine that built it.
    step twins 240 "$gpu/tests" --include-ignored gpu --skip shaders
    for side in 1 16 64; do
        step "spiking-$side" 90 "$gpu/spikescope" bench spiking 400 1600 6400 --engine both \
            --replicas "$side" --seconds 3
    done
    if [[ -x $gpu/spikescope-cuda ]]; then
        step cuda 150 "$gpu/spikescope-cuda" train cnn1 --device cuda --data synthetic --epochs 2
        step cpu 150 "$gpu/spikescope" train cnn1 --data synthetic --epochs 2
    fi
    exit "$failed"
}

case ${1:-} in
    build) build ;;
    run) run "${2:-}" ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" && exit 2 ;;
esac
