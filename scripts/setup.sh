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

install_system_packages() {
    # usage: install_system_packages COMMAND PACKAGE: apt when root, else one line on what is skipped
    local command=$1 package=$2
    if command -v "$command" >/dev/null || [ -x "/usr/sbin/$command" ]; then
        return
    fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $package ..."
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package"; } \
            >/dev/null 2>&1 || echo "$package could not be installed: what needs $command is skipped."
    else
        echo "No $command here: what needs it is skipped. Get it with: sudo apt-get install $package"
    fi
}

setup_python() {
    local wanted python
    wanted=$(cat requirements.lock pyproject.toml | sha256sum)
    if [ -x .venv/bin/python ] && [ "$(cat .venv/stillfixed.lock 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    python=$(find_python)
    echo "Setting up .venv ..."
    if ! "$python" -m venv --clear .venv; then
        echo "Python's venv module is missing. Get it with: sudo apt-get install python3-venv" >&2
        return 1
    fi
    .venv/bin/pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
    .venv/bin/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
    echo "$wanted" >.venv/stillfixed.lock
}

setup_python
install_system_packages sshd openssh-server
