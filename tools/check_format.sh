#!/bin/sh
# Every C file looks as clang-format would have it.  usage: check_format.sh [tree]
cd "${1:-$(dirname "$0")/..}" || exit 2
command -v clang-format >/dev/null || { echo "clang-format is not installed"; exit 77; }

{ git ls-files -co --exclude-standard '*.[ch]' 2>/dev/null || find . -name '*.[ch]'; } |
    while read -r file; do [ -f "$file" ] && echo "$file"; done |
    xargs -r clang-format --dry-run -Werror 2>&1 |
    awk -F: '/error:/ && !($1 in seen) { seen[$1]; print $1 ":" $2 ": not formatted: ./dev format" }
             END { exit length(seen) > 0 }'
