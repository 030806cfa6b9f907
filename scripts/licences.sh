#!/bin/sh
# Writes THIRD_PARTY.md to the output: what is built into the program for this
# platform, and under which licences. Run it through `make licences` after a
# change of dependencies.
set -eu
cd "$(dirname "$0")/.."

cat <<'HEAD'
# Third-party work in Spikescope

Spikescope itself is under the MIT licence or the Apache licence 2.0, as you
prefer (LICENSE-MIT, LICENSE-APACHE). The program contains the work of others;
this file names it. `make licences` rewrites it.

## Fonts

| font | where | licence |
|---|---|---|
| Inter | assets/fonts | SIL Open Font License 1.1 (assets/fonts/OFL.txt) |
| Ubuntu Light | egui's default fonts | Ubuntu Font Licence 1.0 |
| Noto Emoji | egui's default fonts | SIL Open Font License 1.1 |
| Hack | egui's default fonts | MIT, with parts under the Bitstream Vera licence |
| emoji-icon-font | egui's default fonts | MIT |

## Data

No part of MNIST is in the program or in this repository. The trained weights
in assets/weights are our own and under the licences of Spikescope.

## Rust packages

The full text of each licence is in the package's source, which `cargo vendor`
collects.

| package | version | licence | source |
|---|---|---|---|
HEAD
# One line per package: "name v1.2.3 (proc-macro)|licence|repository". The
# bar separates, as no licence expression has one.
cargo tree --locked --prefix none --edges normal --no-dedupe --format '{p}|{l}|{r}' |
    sed 's/ (\*)$//; s/ (proc-macro)//' |
    LC_ALL=C sort -u |
    awk -F'|' '$1 !~ /^spikescope / {
        split($1, package, " v"); sub(/ .*/, "", package[2])
        printf "| %s | %s | %s | %s |\n", package[1], package[2], $2, $3
    }'
