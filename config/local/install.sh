#!/bin/sh
# Sets a bare machine up: `install.sh run`, `install.sh dev` (a superset), `install.sh browser`,
# `install.sh proxy` (the model proxy of the tests, in an environment of its own).
# Run in the clone. Prints nothing when there is nothing to do, one sentence when it cannot go on.
set -eu

venv=.venv

fail() {
    echo "$1" >&2
    exit 1
}

# Prints the name of a Python that can run Countersign; PYTHON names the one to take.
choose_python() {
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    fail "Countersign needs Python 3.11 or newer: install it, or name it as in PYTHON=/path/to/python3 make run."
}

make_environment() {
    if "$venv/bin/python" -c 'import pip' 2>/dev/null; then
        return
    fi
    python=$(choose_python)
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python has no venv module: install it (on Debian and Ubuntu, apt-get install python3-venv)."
    "$python" -m venv --clear "$venv" ||
        fail "The folder $venv cannot be made in $PWD: make this folder writable."
}

# Installs the locked list, unless that very list is installed.
install_packages() {
    list=$1
    stamp=$venv/installed-${list##*/}
    if cmp -s "$list" "$stamp" && "$venv/bin/python" -c '' 2>/dev/null; then
        return
    fi
    make_environment
    echo "Installing $(grep -c '^[a-z].*==' "$list") packages, about a minute …"
    rm -f "$venv"/installed-*
    if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-compile \
        --no-deps --require-hashes --requirement "$list" >"$venv/pip.log" 2>&1; then
        tail -n 20 "$venv/pip.log" >&2
        fail "The packages could not be installed; the end of $venv/pip.log is above."
    fi
    cp "$list" "$stamp"
}

install_browser() {
    for name in chromium chromium-browser google-chrome; do
        if command -v "$name" >/dev/null; then
            return
        fi
    done
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        fail "The browser tests need Chromium: install it (on Debian, apt-get install chromium)."
    fi
    echo "Installing Chromium for the browser tests …"
    mkdir -p .venv
    export DEBIAN_FRONTEND=noninteractive
    if ! { apt-get update -qq && apt-get install -qq --yes --no-install-recommends chromium; } \
        >.venv/chromium.log 2>&1 </dev/null; then
        tail -n 20 .venv/chromium.log >&2
        fail "Chromium could not be installed; the end of .venv/chromium.log is above."
    fi
}

# Two of these at once would make one .venv twice.
if command -v flock >/dev/null; then
    exec 9<requirements.txt
    flock 9
fi

case "${1:-}" in
run)
    # The longer list holds the shorter one, version by version.
    if [ -e .venv/installed-requirements-dev.txt ]; then
        install_packages requirements-dev.txt
    else
        install_packages requirements.txt
    fi
    ;;
dev) install_packages requirements-dev.txt ;;
browser) install_browser ;;
proxy)
    venv=.venv-proxy
    install_packages tests/litellm-proxy.txt
    ;;
*) fail "usage: install.sh run|dev|browser|proxy" ;;
esac
