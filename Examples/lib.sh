# What the examples share; each `run` reads this file. Not an example itself.
set -eu

# The program: $BULKHEAD, else what `make build` left, else the installed one.
here=$(cd "$(dirname "$0")" && pwd)
built="$here/../../.build/release/bulkhead"
if [ -z "${BULKHEAD:-}" ]; then
    if [ -x "$built" ]; then BULKHEAD=$built; else BULKHEAD=bulkhead; fi
fi
if ! command -v "$BULKHEAD" >/dev/null; then
    echo "there is no bulkhead here: run make build first" >&2
    exit 72
fi

work=$(mktemp -d)
helpers=""

# Ctrl-C is for the broadcast in the foreground; this script goes on and clears up after it.
trap : INT
clear_up() {
    for pid in $helpers; do
        kill -TERM "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clear_up EXIT
trap 'exit 143' TERM

# in_background COMMAND…: starts it in a session of its own, where no Ctrl-C reaches it. Sets $pid.
in_background() {
    setsid "$@" &
    pid=$!
    helpers="$pid $helpers"
}

# wait_for SECONDS COMMAND…: until the command succeeds; fails after so many seconds.
wait_for() {
    tries=$(($1 * 20))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05
    done
}

# start_server PORT: starts bulkhead's own live server, 0 for a free port. Sets $server, such as
# rtmp://127.0.0.1:1935/live. Fails when the port is in use.
start_server() {
    count=$((${count:-0} + 1))
    log="$work/server-$count.log"
    in_background "$BULKHEAD" serve --listen "127.0.0.1:$1" --json >"$log" 2>"$log.err"
    wait_for 10 server_has_said_something || return 1
    server=$(sed -n 's/.*"server\.ready".*"address":"\([^"]*\)".*/\1/p' "$log")
    [ -n "$server" ]
}
server_has_said_something() { grep -q '"server.ready"' "$log" || ! kill -0 "$pid" 2>/dev/null; }

# over_http: the address of $server for viewers by HTTP.
over_http() { echo "http://${server#rtmp://}" | sed 's|^\(http://[^/:]*\)/|\1:1935/|'; }

# any_server: the usual port if it is free, else another one.
any_server() { start_server "${PORT:-1935}" || start_server 0; }
