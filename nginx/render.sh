#!/bin/sh
# Writes nginx/templates/*.conf with their values filled in: render.sh VALUES TEMPLATES TARGET
#
# VALUES holds lines NAME=value. In a template ${NAME} stands for the value and ${NAME:-text} for the
# value or, if there is none, the text. A name without either is an error that names file and line,
# and then nothing in TARGET is changed. The local run and the container's entrypoint both use this.
set -eu
umask 077

if [ $# -ne 3 ]; then
    echo "usage: render.sh VALUES TEMPLATES TARGET" >&2
    exit 2
fi
values=$1 templates=$2 target=$3

mkdir -p "$target"
for template in "$templates"/*.conf; do
    name=${template##*/}
    awk -v file="templates/$name" '
        NR == FNR {
            at = index($0, "=")
            if (at > 1) value[substr($0, 1, at - 1)] = substr($0, at + 1)
            next
        }
        {
            rest = $0
            line = ""
            while ((open = index(rest, "${")) > 0) {
                close_at = index(substr(rest, open), "}")
                if (close_at == 0) break
                line = line substr(rest, 1, open - 1)
                name = substr(rest, open + 2, close_at - 3)
                rest = substr(rest, open + close_at)
                fallback = ""
                has_fallback = split_at = index(name, ":-")
                if (split_at > 0) {
                    fallback = substr(name, split_at + 2)
                    name = substr(name, 1, split_at - 1)
                }
                if (name in value) line = line value[name]
                else if (has_fallback) line = line fallback
                else {
                    printf "%s:%d: ${%s} has no value\n", file, FNR, name > "/dev/stderr"
                    failed = 1
                }
            }
            print line rest
        }
        END { exit failed }
    ' "$values" "$template" > "$target/$name.new" || { rm -f "$target"/*.new; exit 1; }
done
for rendered in "$target"/*.new; do
    mv "$rendered" "${rendered%.new}"
done
