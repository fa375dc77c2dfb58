#!/bin/sh
# nginx in its container: as chatgate-start fills in the templates, tests the result and becomes nginx;
# as chatgate-reload does the same for a running nginx, which keeps what it has if the test fails.
#
#   /opt/chatgate/nginx     the configuration: ./nginx of the checkout, mounted read only
#   /chatgate/nginx         values and certificate, written by the init service
#   /chatgate/nginx-state   the queue of log records
#   /run/chatgate           everything else that is written, in memory
set -eu
umask 077

# Only the tests set this: a folder that stands for the container's file system.
root=${CHATGATE_ROOT:-}
sources=$root/opt/chatgate/nginx
values=$root/chatgate/nginx/values.env
state=$root/chatgate/nginx-state/gate_log.json
run=$root/run/chatgate

# The oldest that the gate was proved with, as in npm run check. Images built on the official one tell
# their versions in the environment.
oldest_nginx=1.30.6
oldest_njs=1.0.1

say() { echo "chatgate: $*" >&2; }

# Succeeds if version $1 comes before version $2.
is_older() {
    [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

check_versions() {
    old=
    if is_older "${NGINX_VERSION:-$oldest_nginx}" "$oldest_nginx"; then
        say "nginx $NGINX_VERSION is too old; the gate needs $oldest_nginx or newer (NGINX_IMAGE)"
        old=yes
    fi
    if is_older "${NJS_VERSION:-$oldest_njs}" "$oldest_njs"; then
        say "njs $NJS_VERSION is too old; the gate needs $oldest_njs or newer (NGINX_IMAGE)"
        old=yes
    fi
    [ -z "$old" ] || exit 1
}

# What the operator can set right is said before anything else goes wrong because of it.
look_around() {
    check_versions
    if [ ! -r "$values" ]; then
        say 'there are no settings; the init service makes them: docker compose up -d'
        exit 1
    fi
    if [ ! -r "$sources/render.sh" ] || [ ! -r "$sources/templates" ]; then
        say 'the folder nginx/ cannot be read; try: chmod -R a+rX nginx'
        exit 1
    fi
}

# Makes a whole configuration folder: links to what is used as it is, and the filled-in templates.
stage() {
    rm -rf "$1"
    mkdir -p "$1" "$run/temp"
    for name in nginx.conf conf.d servers snippets; do
        ln -s "$sources/$name" "$1/$name"
    done
    sh "$sources/render.sh" "$values" "$sources/templates" "$1/rendered"
}

# Tests a configuration folder. Messages name the files as the operator knows them: a filled-in
# template has the lines of its template.
accepts() {
    status=0
    nginx -t -q -p "$run" -e stderr -c "$1/nginx.conf" 2>"$run/test.log" || status=$?
    sed -e "s#$1/rendered/#nginx/templates/#g" -e "s#$1/#nginx/#g" "$run/test.log" >&2
    return "$status"
}

# nginx does not start with a queue that it cannot read; the records in it are lost, said aloud.
set_aside_bad_state() {
    if [ -e "$state" ] && grep -q 'from state file' "$run/test.log"; then
        mv "$state" "$state.bad"
        say "the log queue is damaged; it was set aside as gate_log.json.bad"
        return 0
    fi
    return 1
}

start() {
    look_around
    stage "$run/conf"
    if ! accepts "$run/conf"; then
        set_aside_bad_state || exit 1
        accepts "$run/conf" || exit 1
    fi
    # A killed nginx leaves its socket behind, and nginx does not take over a path that exists.
    rm -f "$run/bridge.sock"
    exec nginx -p "$run" -e stderr -c "$run/conf/nginx.conf" -g 'daemon off;'
}

reload() {
    look_around
    stage "$run/conf.next"
    accepts "$run/conf.next" || { say 'nothing was changed'; exit 1; }
    rm -rf "$run/conf.old"
    mv "$run/conf" "$run/conf.old"
    mv "$run/conf.next" "$run/conf"
    kill -HUP "$(cat "$run/nginx.pid")"
    say 'nginx runs with the new configuration; running answers are finished by the old one'
}

case ${0##*/} in
    chatgate-reload) reload ;;
    *) start ;;
esac
