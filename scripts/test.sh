#!/usr/bin/env bash
# Lints, documentation and every test of the package from one build.
#
#   scripts/test.sh [options of cargo test]
#
# With options that choose among targets, only those are linted, and pages are rendered only
# where examples are run.
#
# `cargo clippy`, `cargo doc` and `cargo test` each compile the package anew, and the first
# two compile every other package a second time, for its types alone: on two cores that is
# ten minutes. Here Clippy's driver, which is the compiler with more lints, is what compiles
# for the tests, and rustdoc renders the pages from what it made when it is called for their
# examples. `make check` lints and renders with the usual commands.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ ${1:-} == --rustdoc ]]; then
    shift
    # Called by cargo for the examples. The same without what is about running them renders
    # the pages.
    render=() skip=0
    for argument; do
        if ((skip)); then
            skip=0
            continue
        fi
        case $argument in
            --test) ;;
            --test-run-directory | --test-args | --test-builder) skip=1 ;;
            --test-run-directory=* | --test-args=* | --test-builder=*) ;;
            *) render+=("$argument") ;;
        esac
    done
    if [[ " $* " == *' --test '* ]]; then
        rustdoc "${render[@]}" -D warnings --out-dir "$SPIKESCOPE_DOC"
    fi
    exec rustdoc "$@"
fi

# As cargo-clippy hands `-D warnings` on.
export CLIPPY_ARGS='-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__'
export RUSTC_WORKSPACE_WRAPPER=clippy-driver

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A driver that lets this pass would let everything pass.
printf '//! A lint.\n/// One.\npub fn one() -> u32 {\n    return 1;\n}\n' > "$scratch/lint.rs"
if clippy-driver rustc --crate-type lib --emit metadata --out-dir "$scratch" "$scratch/lint.rs" \
    2> "$scratch/said" || ! grep -q needless_return "$scratch/said"; then
    echo 'test: Clippy does not lint when it is called as the compiler; use `make check` and `cargo test`' >&2
    cat "$scratch/said" >&2
    exit 1
fi

printf '#!/bin/sh\nexec "%s/scripts/test.sh" --rustdoc "$@"\n' "$PWD" > "$scratch/rustdoc"
chmod +x "$scratch/rustdoc"
export RUSTDOC=$scratch/rustdoc SPIKESCOPE_DOC=$PWD/$target/doc
[[ $target == /* ]] && SPIKESCOPE_DOC=$target/doc

# Many tests wait: for a window, for a worker. One more than there are cores fills the gaps.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$(($(getconf _NPROCESSORS_ONLN) + 1))}

# Benchmarks are only built: to lint them.
cargo test --locked --no-run --benches
cargo test --locked --no-fail-fast "$@"
