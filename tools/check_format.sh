#!/bin/sh
# Every C file looks as clang-format would have it.  usage: check_format.sh [tree]
command -v clang-format >/dev/null || { echo "clang-format is not installed"; exit 77; }
tools=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$tools/..}" || exit 2

"$tools/list_files" . | grep '\.[ch]$' |
    xargs -r clang-format --dry-run -Werror 2>&1 |
    awk -F: '/error:/ && !($1 in seen) { seen[$1]; print $1 ":" $2 ": not formatted: ./dev format" }
             END { exit length(seen) > 0 }'
