#!/bin/sh
# The arrows of tools/layers.txt, checked against every #include.  usage: check_layers.sh [tree]
rules=$(cd "$(dirname "$0")" && pwd)/layers.txt
cd "${1:-$(dirname "$0")/..}" || exit 2

includes() {
    find src sim tests fuzz bench -name node_modules -prune -o -name '*.[ch]' -print 2>/dev/null |
        LC_ALL=C sort | xargs -r grep -nE '^[[:space:]]*#[[:space:]]*include' /dev/null
}

includes | awk -v rules="$rules" '
function expand(words,    n, i, word, list) {
    n = split(words, word, " ")
    for (i = 1; i <= n; i++)
        list = list " " (word[i] in lists ? lists[word[i]] : word[i])
    return list
}

# The rule of a file, and in `own` the directory that it is part of.
function rule_of(file,    directory, parent) {
    if (file in may)
        return file
    if (file ~ /_test\.[ch]$/) {
        own = "tests"
        return "tests"
    }
    for (directory = file; sub(/\/[^\/]*$/, "", directory);) {
        own = directory
        parent = directory
        if (sub(/\/[^\/]*$/, "", parent) && (parent "/*") in may)
            return parent "/*"
        if (directory in may)
            return directory
    }
    return ""
}

function within(file, place) {
    return place == "*" || file == place || index(file, place "/") == 1
}

# Its own directory, and those below unless they are layers of their own.
function at_home(file, own,    directory) {
    directory = file
    sub(/\/[^\/]*$/, "", directory)
    return own != "" && within(directory, own) && (directory == own || !((own "/*") in may))
}

function granted(file, list,    n, i, place) {
    n = split(list, place, " ")
    for (i = 1; i <= n; i++) {
        if (within(file, place[i]))
            return 1
        if (file ~ /^</ && place[i] == "<*>")
            return 1
    }
    return 0
}

function exists(path,    line, found) {
    found = (getline line < path) >= 0
    close(path)
    return found
}

BEGIN {
    while ((getline line < rules) > 0) {
        if (line ~ /^#/ || line ~ /^[ \t]*$/)
            continue
        if (split(line, half, " = ") == 2)
            lists[half[1]] = half[2]
        else if (match(line, /:/)) {
            directory = substr(line, 1, RSTART - 1)
            may[directory] = expand(substr(line, RSTART + 1))
        }
    }
}

{
    match($0, /:[0-9]+:/)
    file = substr($0, 1, RSTART - 1)
    where = substr($0, 1, RSTART + RLENGTH - 1)
    if (!match($0, /[<"][^>"]+[>"]/)) {
        print where " an include that this check cannot read"
        bad = 1
        next
    }
    named = substr($0, RSTART, RLENGTH)
    if (named ~ /^"/) {
        named = substr(named, 2, length(named) - 2)
        if (exists("src/" named))
            named = "src/" named
        else if (!exists(named)) {
            print where " includes \"" named "\", which is neither under src/ nor the root"
            bad = 1
            next
        }
    }
    own = ""
    rule = rule_of(file)
    if (rule == "") {
        print where " no rule in tools/layers.txt"
        bad = 1
    } else if (named ~ /_test\.h$|^tests\// && own != "tests") {
        print where " is no test, and may not include " named
        bad = 1
    } else if (!at_home(named, own) && !granted(named, may[rule])) {
        print where " may not include " named
        bad = 1
    }
}

END { exit bad }'
