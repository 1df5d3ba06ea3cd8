#!/bin/sh
# The migrations of a service as C.  usage: embed_migrations.sh service [NNN-what.sql...]
# They must be numbered 001, 002, …: a gap is a merge gone wrong.
service=$1
shift

[ $# -gt 0 ] || set -- /dev/null
awk -v service="$service" '
function finish() {
    if (count)
        print "    },"
}

BEGIN {
    print "/* Made by tools/embed_migrations.sh from migrations/" service "/. */"
    print "#include \"sql/sql.h\"\n"
    print "extern const struct migration " service "_migrations[];\n"
    print "const struct migration " service "_migrations[] = {"
}

FNR == 1 {
    finish()
    name = FILENAME
    sub(/.*\//, "", name)
    if (name !~ /^[0-9][0-9][0-9]-[a-z0-9-]+\.sql$/ || substr(name, 1, 3) + 0 != count + 1) {
        printf "%s: expected a name like %03d-what.sql\n", FILENAME, count + 1 >"/dev/stderr"
        bad = 1
        exit
    }
    count++
    number = count
    name = substr(name, 5, length(name) - 8)
    print "    {\n        .number = " number ",\n        .name = \"" name "\",\n        .text ="
}

{
    gsub(/\\/, "&&")
    gsub(/"/, "\\\"")
    print "            \"" $0 "\\n\""
}

END {
    finish()
    print "    { .text = NULL },\n};"
    exit bad
}' "$@"
