/* cmocka, with its headers in the order it wants, and tests named by sentences. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* A test: TEST(a_paid_order_outlives_its_deadline) { … } */
#define TEST(name) static void name(__attribute__((unused)) void **unused)

/* Runs an array of cmocka_unit_test(name), and returns the exit status for main(). */
#define RUN_TESTS(list) cmocka_run_group_tests(list, NULL, NULL)

#endif
