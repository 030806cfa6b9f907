#!/bin/sh
# Renews the README's pictures, all of them from the same build of the program:
# renders the tour into a temporary folder and copies the scenes that the README shows
# to docs/pictures. Scenes are named by workspace and scene, without their number.
#
# Set SPIKESCOPE_MNIST to the folder with MNIST's files: the pictures show its digits.
set -eu
cd "$(dirname "$0")/.."
app=${CARGO_TARGET_DIR:-target}/release/spikescope
pictures=docs/pictures

# picture: scene
shown='
draw: draw-dark
disagree: draw-picked
draw-projector: draw-projector
train: train-curves
mistakes: train-mistakes
wires: train-wires
alternatives: alternatives-side-by-side
way-back: alternatives-way-back
fields: fields-network
time: time-answers
neuron: neuron-spikes
plasticity: plasticity-windows
spiking: spiking-learning
spiking-digit: spiking-digit-projector
deep-spikes: deep-spikes
deep-filters: deep-filters
imagine-complete: imagine-complete
imagine-dream: imagine-dream
conversion: conversion-side-by-side
lesson: lessons-sketch
how-close: close-profiles
synapse: close-measurement
'

fail() {
    echo "pictures: $1" >&2
    exit 1
}

# The list and the README agree, or nothing is rendered.
listed=$(echo "$shown" | sed -n 's/:.*//p' | sort)
named=$(sed -n "s|.*]($pictures/\([a-z-]*\)\.png).*|\1|p" README.md | sort)
[ "$listed" = "$named" ] ||
    fail "README.md and the list in scripts/pictures.sh do not name the same pictures."

cargo build --release --locked
tour=$(mktemp -d)
trap 'rm -rf "$tour"' EXIT
# A scene that fails matters only if the README shows it.
"$app" tour --out "$tour" ||
    echo "pictures: some scenes are missing; looking whether the README needs them" >&2

# Nothing is replaced before every picture is there.
mkdir "$tour/shown"
echo "$shown" | while IFS=': ' read -r picture scene; do
    [ -n "$picture" ] || continue
    set -- "$tour"/[0-9][0-9]-"$scene".png
    [ $# -eq 1 ] && [ -f "$1" ] ||
        fail "the tour has no page $scene, which README.md shows as $picture.png; nothing was replaced."
    cp "$1" "$tour/shown/$picture.png"
done

if command -v oxipng >/dev/null; then
    oxipng --quiet --opt 4 --strip safe "$tour"/shown/*.png
elif command -v optipng >/dev/null; then
    optipng -quiet -o4 -strip all "$tour"/shown/*.png
else
    echo "pictures: neither oxipng nor optipng is here; the files are larger than they need to be" >&2
fi
cp "$tour"/shown/*.png "$pictures"/
echo "The pictures are in $pictures."
