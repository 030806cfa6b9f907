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
        echo "No display (neither DISPLAY nor WAYLAND_DISPLAY is set): rendering the tour instead of opening the window."
        rm -f tour/[0-9][0-9]-*.png
        # A page that a very busy machine does not get ready is named by the
        # program. The others are there, and this has done what it was asked to.
        "$app" tour --out tour || ls tour/[0-9][0-9]-*.png >/dev/null
        echo "The pictures are in $PWD/tour."
        ;;
    *) exec "$app" "$@" ;;
esac
