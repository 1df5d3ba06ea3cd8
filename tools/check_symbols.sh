#!/bin/sh
# What the pure layers ask of the world, against what tools/symbols.txt lets them ask.
# usage: check_symbols.sh lib.a...   (of a plain build: sanitizers add symbols of their own)
allowed=$(cd "$(dirname "$0")" && pwd)/symbols.txt
[ $# -gt 0 ] || { echo "check_symbols: no archives given" >&2; exit 2; }

nm -A "$@" | awk -v allowed="$allowed" '
BEGIN {
    while ((getline line < allowed) > 0) {
        sub(/#.*/, "", line)
        n = split(line, word, " ")
        for (i = 1; i <= n; i++)
            may[word[i]]
    }
}
{ lines++ }
$(NF - 1) ~ /^[Uw]$/ { if (!($NF in wanted)) wanted[$NF] = $1 }
$(NF - 1) ~ /^[TDRBVWC]$/ { have[$NF] }
# A variable that changes is a global: nothing pure keeps one.
$(NF - 1) ~ /^[DdBbC]$/ && $NF !~ /^(\.|__)/ {
    print $1 " keeps a global that can change: " $NF
    bad = 1
}
END {
    for (symbol in wanted)
        if (!(symbol in have) && !(symbol in may)) {
            print wanted[symbol] " asks the world for " symbol
            bad = 1
        }
    if (lines == 0) {
        print "check_symbols: nm said nothing"
        bad = 1
    }
    exit bad
}'
