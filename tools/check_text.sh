#!/bin/sh
# The rules of the house that are about text.  usage: check_text.sh [tree]
tools=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$tools/..}" || exit 2
export LC_ALL=C.UTF-8

# Every file of the project that is text of ours.
files=$(
    "$tools/list_files" . |
        grep -Ev '(^|/)(LICENSE|package-lock\.json)$|^fuzz/corpus/|\.(png|jpg|ico|woff2|db|gz)$'
)
sources=$(echo "$files" | grep '\.[ch]$')
bad=0

# complain "what is wrong" pattern [files]: every line that matches is a fault
complain() {
    found=$(echo "${3-$files}" | xargs -r grep -nIE "$2" /dev/null)
    if [ -n "$found" ]; then
        printf '%s\n' "$found" | cut -c 1-120 | sed "s/\$/   <- $1/"
        bad=1
    fi
}

tab=$(printf '\t')
complain 'a blank at the end of the line' "[ $tab]+\$"
complain 'a tab' "$tab"
complain 'a carriage return' "$(printf '\r')\$"
complain 'work left over' '\b(TO''DO|FIX''ME|XX''X)\b'
complain 'a path of one machine' '(^|[^[:alnum:]_.~-])/(work|home|Users)/[[:alnum:]_]'
complain 'a line of more than 100 columns' '^.{101}' "$sources"

for file in $files; do
    if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ] && grep -qI . "$file"; then
        echo "$file: does not end with a newline"
        bad=1
    fi
done

# A function is a brace in the first column, after its signature, to the next in the first.
for file in $(echo "$sources" | grep '\.c$'); do
    awk '/^[a-z].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
         /^\{/ { start = NR }
         /^\}/ { if (start && NR - start - 1 > 70) {
                     print FILENAME ":" start ": " name " has " NR - start - 1 " lines, of 70"
                     bad = 1
                 }
                 start = 0 }
         END { exit bad }' "$file" || bad=1
done

# A file that is not built is not tested.
for file in $(echo "$sources" | grep '\.c$'); do
    directory=$(dirname "$file")
    listed=no
    within=$(basename "$file")
    while [ "$listed" = no ]; do
        [ -f "$directory/CMakeLists.txt" ] &&
            tr -s '()[:blank:]' '\n' <"$directory/CMakeLists.txt" | sed 's|.*}/||' |
            grep -qxF -e "$within" -e "$file" && listed=yes
        [ "$directory" = . ] && break
        within=$(basename "$directory")/$within
        directory=$(dirname "$directory")
    done
    if [ "$listed" = no ] && ! grep -qF "/$file" tools/*.cmake; then
        echo "$file: no CMakeLists.txt lists it"
        bad=1
    fi
done

exit $bad
