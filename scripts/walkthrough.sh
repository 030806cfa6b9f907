#!/bin/sh
# Renews the pictures of docs/walkthrough.md: opens the window as on a lecture hall's projector
# (1024×768), presses the keys that the page names, and takes a picture after each step.
#
# Needs Xvfb, openbox, xdotool and scrot. Set SPIKESCOPE_MNIST to the folder with MNIST's files.
set -eu
cd "$(dirname "$0")/.."
app=${1:-target/release/spikescope}
pictures=docs/walkthrough
display=:97

for tool in Xvfb openbox xdotool scrot; do
    command -v "$tool" >/dev/null || {
        echo "walkthrough: $tool is missing" >&2
        exit 1
    }
done

home=$(mktemp -d)
Xvfb "$display" -screen 0 1024x768x24 >/dev/null 2>&1 &
screen=$!
sleep 1
export DISPLAY=$display XDG_RUNTIME_DIR="$home" SPIKESCOPE_HOME="$home"
openbox >/dev/null 2>&1 &
sleep 1
"$app" --projector --theme light >/dev/null 2>&1 &
window=$!
trap 'kill "$window" "$screen" 2>/dev/null || true; rm -rf "$home"' EXIT
sleep 12
mkdir -p "$home/shots" "$pictures"

# press KEY… [SECONDS]: presses keys, and waits.
press() {
    for key in $1; do
        xdotool key "$key"
        sleep 1
    done
    sleep "${2:-3}"
}

shot() {
    # Keys that were pressed are shown for a moment; the pictures do without.
    sleep 2
    scrot -o "$home/shots/$1.png"
}

xdotool mousemove 900 600 click 1
xdotool mousemove 1020 762
press F11
shot start
press 1
press r
shot 1-answers
press ctrl+5
press Home
shot 2-nothing-read
press 'Right Right Right Right Right Right Right Right Right Right Right Right Right Right' 2
shot 2-half
press End
shot 2-all
press ctrl+4 5
shot 3-network
press 3 3
# Fit the kernels.
xdotool mousemove 500 265
sleep 1
xdotool click 1
sleep 1
xdotool mousemove 1020 762
sleep 10
shot 3-gabor
press ctrl+6
press space 6
press space
shot 4-threshold
press 2 5
shot 4-rate
press ctrl+7 4
shot 5-window
press 6 3
press space 25
press space
shot 5-pattern
press ctrl+8 4
press space 60
press space
shot 6-learning
press 3 6
press End 3
shot 6-digit

if command -v oxipng >/dev/null; then
    oxipng --quiet --opt 4 --strip safe "$home"/shots/*.png
elif command -v optipng >/dev/null; then
    optipng -quiet -o2 -strip all "$home"/shots/*.png
fi
cp "$home"/shots/*.png "$pictures"/
echo "The pictures are in $pictures."
