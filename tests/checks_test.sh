#!/bin/bash
# The checks of the house can fail: a tree in order passes, and each planted fault is seen.
here=$(cd "$(dirname "$0")/.." && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0

# A small tree in order.
plant() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree"/src/{base,web,adapters,services/orders,services/tickets} "$tree"/sim
    cp "$here/.clang-format" "$tree"
    printf 'pure_layer(base SOURCES good.c)\n' >"$tree/src/base/CMakeLists.txt"
    printf 'int good(void);\n' >"$tree/src/base/good.h"
    printf 'int helper(void);\n' >"$tree/src/base/x_test.h"
    printf 'int tickets(void);\n' >"$tree/src/services/tickets/tickets.h"
    printf 'int sqlite(void);\nint posix(void);\n' |
        tee "$tree/src/adapters/sqlite.h" >"$tree/src/adapters/posix.h"
    cat >"$tree/src/base/good.c" <<'C'
#include "base/good.h"

#include <string.h>

int good(void)
{
    return (int)strlen("good");
}
C
}

# verdict name ok|fails command...
verdict() {
    local name=$1 expected=$2 seen=ok
    shift 2
    "$@" >"$tree.out" 2>&1 || seen=fails
    if [ "$seen" = "$expected" ]; then
        echo "[       OK ] $name"
    else
        echo "[  FAILED  ] $name: expected $expected"
        cat "$tree.out"
        failed=$((failed + 1))
    fi
    rm -f "$tree.out"
}

layers() { "$here/tools/check_layers.sh" "$tree"; }
text() { "$here/tools/check_text.sh" "$tree"; }
format() { "$here/tools/check_format.sh" "$tree"; }
good() { layers && text && format; }

# fault name check: what is read from standard input, added to a file, is a fault
fault() {
    local name=$1 check=$2 file=$3
    plant
    mkdir -p "$(dirname "$tree/$file")"
    cat >>"$tree/$file"
    verdict "$name" fails "$check"
}

# allowed: the same, and it is none
allowed() {
    local name=$1 check=$2 file=$3
    plant
    cat >>"$tree/$file"
    verdict "$name" ok "$check"
}

plant
verdict a_tree_in_order_passes ok good

fault base_may_not_include_web layers src/base/bad.h <<<'#include "web/web.h"'
fault base_may_not_include_a_service layers src/base/bad.h <<<'#include "services/tickets/tickets.h"'
fault a_service_may_not_include_another layers src/services/orders/bad.c \
    <<<'#include "services/tickets/tickets.h"'
fault a_service_may_not_include_an_adapter layers src/services/orders/bad.c \
    <<<'#include "adapters/sqlite.h"'
fault services_may_not_include_one_of_them layers src/services/service.h \
    <<<'#include "services/tickets/tickets.h"'
fault an_include_beside_the_file_is_refused layers src/web/bad.c <<<'#include "bad.h"'
fault a_file_without_a_rule_is_refused layers src/new/bad.c <<<'#include <string.h>'
fault sim_may_not_include_other_adapters layers sim/bad.c <<<'#include "adapters/posix.h"'
for header in time.h pthread.h sqlite3.h microhttpd.h curl/curl.h unistd.h sys/socket.h; do
    fault "only_adapters_may_include_$header" layers src/web/bad.c <<<"#include <$header>"
done
fault only_tests_may_include_helpers_of_tests layers src/base/good.c <<<'#include "base/x_test.h"'
fault only_base_may_include_jansson layers src/web/bad.c <<<'#  include <jansson.h>'
allowed a_test_may_include_a_helper layers src/base/good_test.c <<<'#include "base/x_test.h"'
allowed an_adapter_may_include_sqlite3 layers src/adapters/sqlite.c <<<'#include <sqlite3.h>'
allowed a_service_may_include_itself layers src/services/tickets/tickets.c \
    <<<'#include "services/tickets/tickets.h"'
allowed the_simulator_may_include_sqlite layers sim/sim.c <<<'#include "adapters/sqlite.h"'
allowed a_test_may_include_anything layers src/services/orders/orders_test.c \
    <<<'#include "adapters/sqlite.h"'

fault a_blank_at_the_end_is_seen text src/base/good.h <<<'int blank; '
fault a_tab_is_seen text src/base/good.h <<<$'int\ttab;'
fault a_long_line_is_seen text src/base/good.h <<<"/* $(printf '%0100d' 0) */"
fault work_left_over_is_seen text src/base/good.h <<<'/* TO''DO: later */'
fault a_path_of_one_machine_is_seen text notes.md <<<'see /ho''me/someone/file'
fault a_file_without_a_last_newline_is_seen text notes.md < <(printf 'no newline')
fault a_file_that_is_not_built_is_seen text src/base/unlisted.c <<<'int unlisted;'
fault a_long_function_is_seen text src/base/good.c < <(
    printf '\nint much(void)\n{\n'
    for _ in $(seq 71); do echo '    ;'; done
    printf '}\n'
)
allowed seventy_lines_are_fine text src/base/good.c < <(
    printf '\nint much(void)\n{\n'
    for _ in $(seq 70); do echo '    ;'; done
    printf '}\n'
)
allowed a_hundred_columns_are_fine text src/base/good.h <<<"/* …$(printf '%093d' 0) */"
fault a_misplaced_brace_is_seen format src/base/good.c <<<'int bad(void) { return 0; }'

# What pure.h bans does not compile, and what an archive asks for is seen.
compile() {
    printf '#include <stdint.h>\n%s\n' "$1" |
        "${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -include "$here/src/base/pure.h" \
            -x c - -c -o "$tree/lib.o"
}
symbols() { "$here/tools/check_symbols.sh" "$tree/lib.o"; }

for call in 'time(0)' 'rand()' 'random()' 'getenv("A")' 'malloc(1)' 'printf("a")' 'strcpy(a, "b")' \
    'atoi(a)' 'localtime(0)' 'clock_gettime(0, 0)' 'fopen(a, a)' 'open(a, 0)' 'socket(1, 2, 3)' \
    'gettimeofday(0, 0)' 'sleep(1)' 'gets(a)' 'exit(1)'; do
    verdict "pure_code_may_not_call_${call%%(*}" fails \
        compile "void f(char *a); void f(char *a) { (void)a; (void)$call; }"
done
verdict pure_code_compiles ok \
    compile 'size_t f(const char *a); size_t f(const char *a) { return strlen(a); }'
verdict what_pure_code_asks_for_is_granted ok symbols
compile 'long read(int, void *, unsigned long); long f(void); long f(void) { return read(0, 0, 0); }'
verdict a_symbol_that_is_not_granted_is_seen fails symbols
compile 'int f(void); int f(void) { static int calls; return ++calls; }'
verdict a_global_that_changes_is_seen fails symbols

[ $failed -eq 0 ] || echo "[  FAILED  ] $failed test(s), listed below"
[ $failed -eq 0 ]
