#!/bin/sh
# Every shell script is as shellcheck would have it.
cd "$(dirname "$0")/.." || exit 2
command -v shellcheck >/dev/null || { echo "shellcheck is not installed"; exit 77; }
tools/list_files | while read -r file; do
    head -n 1 "$file" | grep -aqE '^#!.*[/ ](ba)?sh' && echo "$file"
done | xargs -r shellcheck
