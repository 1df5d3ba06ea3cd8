#!/bin/sh
# What the pure layers ask of the world, against what tools/symbols.txt lets them ask.
# usage: check_symbols.sh lib.a...   (of a plain build: sanitizers add symbols of their own)
allowed=$(cd "$(dirname "$0")" && pwd)/symbols.txt
[ $# -gt 0 ] || { echo "check_symbols: no archives given" >&2; exit 2; }

nm -A -f sysv "$@" | awk -F '[ ]*[|][ ]*' -v allowed="$allowed" '
BEGIN {
    while ((getline line < allowed) > 0) {
        sub(/#.*/, "", line)
        n = split(line, word, /[ ]+/)
        for (i = 1; i <= n; i++)
            may[word[i]]
    }
}
# archive.a:member.o:name | value | class | type | size | line | section
NF < 7 { next }
{
    lines++
    class = $3
    name = $1
    sub(/.*:/, "", name)
}
class ~ /^[Uw]$/ { if (!(name in wanted)) wanted[name] = $1 }
class ~ /^[TDRBVWC]$/ { have[name] }
# A variable that changes is a global: nothing pure keeps one.  (A const table with pointers in it
# is in .data.rel.ro, which the loader fills in and locks.)
class ~ /^[DdBbC]$/ && $7 !~ /^\.data\.rel\.ro/ && name !~ /^(\.|__)/ {
    print $1 " keeps a global that can change"
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
