#!/bin/sh
# Makes sure that this machine has what `make run` or `make test` needs.
#
#   scripts/setup.sh run|test
#
# It looks for the things themselves (a working compiler, a loadable library)
# rather than for packages, so that it works on any distribution and is done at
# once when nothing is missing. On Debian and Ubuntu it then installs what is
# missing; elsewhere it says what that is.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin

purpose=${1:-run}
missing=''  # what to name to people on other systems
packages='' # what Debian and Ubuntu call it

fail() {
    echo "setup: $1" >&2
    exit 1
}

# need WHAT PACKAGE…
need() {
    missing="$missing${missing:+, }$1"
    shift
    packages="$packages $*"
}

# need_library SONAME PACKAGE
need_library() {
    case $libraries in
        *"$1"*) ;;
        *) need "$1" "$2" ;;
    esac
}

check_compiler() {
    # Compiling (rather than looking for `cc`) also finds missing headers.
    if ! printf '#include <stdlib.h>\nint main(void) { return 0; }\n' |
        cc -x c - -o /dev/null 2>/dev/null; then
        need 'a C compiler with the C library headers' gcc libc6-dev
    fi
}

check_libraries() {
    if ! command -v ldconfig >/dev/null; then
        echo "setup: no ldconfig here, so the graphics libraries are not checked" >&2
        return
    fi
    libraries=$(ldconfig -p)
    if [ "$purpose" = run ] && [ -n "${DISPLAY:-}" ]; then
        need_library libX11.so.6 libx11-6
        need_library libX11-xcb.so.1 libx11-xcb1
        need_library libXcursor.so.1 libxcursor1
        need_library libXi.so.6 libxi6
        need_library libxkbcommon-x11.so.0 libxkbcommon-x11-0
    fi
    if [ "$purpose" = run ] && [ -n "${WAYLAND_DISPLAY:-}" ]; then
        need_library libwayland-client.so.0 libwayland-client0
        need_library libxkbcommon.so.0 libxkbcommon0
    fi
    need_library libvulkan.so.1 libvulkan1
    # A graphics card brings its own driver description. Where there is none
    # at all, Mesa's software adapter draws.
    if [ -z "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ] &&
        ! ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json \
            /usr/local/share/vulkan/icd.d/*.json 2>/dev/null | grep -q .; then
        need 'a Vulkan driver (Mesa has a software one)' mesa-vulkan-drivers
    fi
}

install_missing() {
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null ||
        fail "please install: $missing. Then run the same command again."
    as_root=''
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null ||
            fail "these packages are missing, and there is no sudo to install them with. As root, run: apt-get install$packages"
        as_root=sudo
        # Without a terminal nobody can type a password.
        [ -t 0 ] || as_root='sudo -n'
    fi
    echo "setup: installing$packages"
    # shellcheck disable=SC2086 # both are lists of words
    $as_root apt-get update -q ||
        echo "setup: the package lists could not be refreshed; trying with the old ones" >&2
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends $packages ||
        fail "could not install$packages. Please install them by hand, then run the same command again."
}

check_rust() {
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    get='curl --proto "=https" --tlsv1.2 -sSf https://sh.rustup.rs | sh'
    command -v cargo >/dev/null ||
        fail "Rust $wanted or newer is needed, and no cargo was found. Get it from https://rustup.rs with: $get"
    found=$(cargo --version | sed 's/^cargo \([0-9]*\.[0-9]*\).*/\1/')
    oldest=$(printf '%s\n%s\n' "$wanted" "$found" | sort -t. -k1,1n -k2,2n | head -n 1)
    [ "$oldest" = "$wanted" ] || {
        update='rustup update stable'
        command -v rustup >/dev/null || update=$get
        fail "Rust $wanted or newer is needed, and this is $found. Update it with: $update"
    }
    [ "$purpose" = test ] || return 0
    for part in fmt clippy; do
        cargo $part --version >/dev/null 2>&1 && continue
        name=$part
        [ $part = fmt ] && name=rustfmt
        command -v rustup >/dev/null || fail "please install cargo's $name"
        rustup component add $name
    done
}

case $purpose in
    run | test) ;;
    *) fail "say what for: scripts/setup.sh run|test" ;;
esac
check_compiler
[ "$(uname -s)" != Linux ] || check_libraries
install_missing
check_rust
