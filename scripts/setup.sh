# Sourced by the other scripts: goes to the project's root and makes `.venv` match the lock file.
# Safe to run as often as you like; does nothing when nothing has changed.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

find_python() {
    local name
    for name in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
        if [ -n "$name" ] && command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "stillfixed needs Python 3.11 or later. Install it, or name it: PYTHON=/path/to/python" >&2
    return 1
}

install_package() {
    # usage: install_package PACKAGE: by apt when root; false if it cannot be
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    echo "Installing $1 ..."
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1"; } \
        >/dev/null 2>&1
}

want_program() {
    # usage: want_program PROGRAM PACKAGE: installs it, or says in a line what is skipped without it
    if command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || install_package "$2"; then
        return
    fi
    echo "No $1 here: what needs it is skipped. Get it with: sudo apt-get install $2"
}

setup_python() {
    local wanted python
    wanted=$(cat requirements.lock tests/provider/requirements.lock pyproject.toml | sha256sum)
    if [ -x .venv/bin/python ] && [ "$(cat .venv/stillfixed.lock 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    python=$(find_python)
    if ! "$python" -c 'import ensurepip' 2>/dev/null && ! install_package python3-venv; then
        echo "Python's venv module is missing. Get it with: sudo apt-get install python3-venv" >&2
        return 1
    fi
    echo "Setting up .venv ..."
    "$python" -m venv --clear .venv
    .venv/bin/pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
    .venv/bin/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
    # The provider of the sign-in tests brings packages that would hide ours: a place of its own.
    "$python" -m venv .venv/provider
    .venv/provider/bin/pip install -qq --disable-pip-version-check --require-hashes \
        -r tests/provider/requirements.lock
    echo "$wanted" >.venv/stillfixed.lock
}

setup_python
want_program sshd openssh-server
want_program chromium chromium
