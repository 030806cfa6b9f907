#!/bin/sh
# Starts the release binary. Where there is no display to open a window on, it
# renders the tour instead (every workspace as a PNG), unless a subcommand was
# asked for, which needs no display anyway.
set -eu
cd "$(dirname "$0")/.."
app=${CARGO_TARGET_DIR:-target}/release/spikescope

has_display() {
    # Only X11 and Wayland say through the environment whether they are there.
    [ "$(uname -s)" != Linux ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]
}

if has_display; then
    exec "$app" "$@"
fi
case ${1:-} in
    '' | -*)
        mkdir -p tour
        echo "No display (neither DISPLAY nor WAYLAND_DISPLAY is set): rendering the tour instead of opening the window."
        "$app" tour --out tour
        echo "The pictures are in $PWD/tour:"
        ls tour
        ;;
    *) exec "$app" "$@" ;;
esac
