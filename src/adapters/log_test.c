#include "tests/test.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "adapters/log.h"

struct set_clock {
    struct clock clock;
    int64_t ms;
};

static instant set_now(struct clock *clock)
{
    return (instant){ ((struct set_clock *)clock)->ms };
}

/* A log into a file that has no name, and what was written there. */
struct fixture {
    struct set_clock clock;
    FILE *file;
    struct log *log;
};

static void begin(struct fixture *fixture, enum log_level level)
{
    fixture->clock = (struct set_clock){ { set_now }, INT64_C(1790000000123) };
    fixture->file = tmpfile();
    assert_non_null(fixture->file);
    fixture->log = log_open(fileno(fixture->file), level, &fixture->clock.clock);
}

static void end(struct fixture *fixture)
{
    log_close(fixture->log);
    fclose(fixture->file);
}

/* The lines so far; each is one JSON object. */
static json_t *lines(struct fixture *fixture)
{
    json_t *all = json_array();
    char line[2 * LOG_LINE_BYTES_MAX];
    rewind(fixture->file);
    while (fgets(line, sizeof line, fixture->file) != NULL) {
        assert_true(strlen(line) <= LOG_LINE_BYTES_MAX);
        json_error_t error;
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
        if (object == NULL)
            fail_msg("%s in %s", error.text, line);
        json_array_append_new(all, object);
    }
    return all;
}

static const char *text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static size_t count_lines(struct fixture *fixture)
{
    json_t *all = lines(fixture);
    size_t count = json_array_size(all);
    json_decref(all);
    return count;
}

TEST(an_operation_is_one_json_object)
{
    struct fixture fixture;
    begin(&fixture, LOG_INFO);
    struct log_operation operation = {
        .level = LOG_INFO,
        .kind = "request",
        .service = "orders",
        .method = "POST",
        .route = S("/api/orders"),
        .status = 201,
        .took_us = 1042,
        .correlation = S("a \"quoted\"\n id"),
        .user = { { 1, 2, 3 } },
    };
    log_operation(fixture.log, &operation);
    json_t *all = lines(&fixture);
    const json_t *line = json_array_get(all, 0);
    assert_string_equal(text(line, "time"), "2026-09-21T14:13:20.123Z");
    assert_string_equal(text(line, "level"), "info");
    assert_string_equal(text(line, "kind"), "request");
    assert_string_equal(text(line, "service"), "orders");
    assert_string_equal(text(line, "method"), "POST");
    assert_string_equal(text(line, "route"), "/api/orders");
    assert_string_equal(text(line, "correlation"), "a \"quoted\"\n id");
    assert_string_equal(text(line, "user"), "01020300-0000-0000-0000-000000000000");
    assert_int_equal(json_integer_value(json_object_get(line, "status")), 201);
    assert_true(json_real_value(json_object_get(line, "ms")) > 1.0419);
    assert_null(json_object_get(line, "causation"));
    assert_null(json_object_get(line, "note"));
    json_decref(all);
    end(&fixture);
}

TEST(what_is_less_urgent_than_the_level_is_not_written)
{
    struct fixture fixture;
    begin(&fixture, LOG_WARN);
    log_say(fixture.log, LOG_INFO, "store", "Opened");
    log_say(fixture.log, LOG_ERROR, "store", "The disk is %s", "full");
    log_operation(fixture.log, &(struct log_operation){ .level = LOG_DEBUG, .kind = "request" });
    assert_false(log_wants(fixture.log, LOG_INFO));
    json_t *all = lines(&fixture);
    assert_int_equal(json_array_size(all), 1);
    assert_string_equal(text(json_array_get(all, 0), "message"), "The disk is full");
    assert_string_equal(text(json_array_get(all, 0), "part"), "store");
    json_decref(all);
    end(&fixture);
    log_say(NULL, LOG_ERROR, "nobody", "listens");
}

TEST(reads_are_for_debugging_and_our_own_failures_are_errors)
{
    assert_int_equal(log_level_of(true, 200), LOG_DEBUG);
    assert_int_equal(log_level_of(true, 404), LOG_DEBUG);
    assert_int_equal(log_level_of(false, 201), LOG_INFO);
    assert_int_equal(log_level_of(false, 409), LOG_INFO);
    assert_int_equal(log_level_of(true, 503), LOG_WARN);
    assert_int_equal(log_level_of(false, 500), LOG_ERROR);
}

TEST(a_warning_that_repeats_is_cut_short_and_counted)
{
    struct fixture fixture;
    begin(&fixture, LOG_INFO);
    for (int i = 0; i < 100; i++)
        log_say(fixture.log, LOG_WARN, "stripe", "Away for the %dth time", i);
    log_say(fixture.log, LOG_WARN, "store", "Another kind");
    assert_int_equal(count_lines(&fixture), LOG_REPEATS_MAX + 1);
    fixture.clock.ms += LOG_REPEATS_SECONDS * 1000;
    log_say(fixture.log, LOG_WARN, "stripe", "Away for the %dth time", 100);
    log_say(fixture.log, LOG_WARN, "stripe", "Away for the %dth time", 101);
    json_t *all = lines(&fixture);
    const json_t *last = json_array_get(all, LOG_REPEATS_MAX + 1);
    assert_int_equal(json_integer_value(json_object_get(last, "leftOut")), 100 - LOG_REPEATS_MAX);
    assert_null(json_object_get(json_array_get(all, LOG_REPEATS_MAX + 2), "leftOut"));
    json_decref(all);
    end(&fixture);
}

TEST(an_operation_that_changes_something_is_never_left_out)
{
    struct fixture fixture;
    begin(&fixture, LOG_INFO);
    for (int i = 0; i < 50; i++)
        log_operation(fixture.log,
                      &(struct log_operation){ .level = LOG_INFO, .kind = "event", .status = 200 });
    assert_int_equal(count_lines(&fixture), 50);
    end(&fixture);
}

TEST(a_line_is_cut_before_it_is_too_long_and_stays_json)
{
    char long_text[3 * LOG_LINE_BYTES_MAX];
    for (int fill = 0; fill < 3; fill++) {
        memset(long_text, "x\n\""[fill], sizeof long_text);
        for (size_t size = LOG_LINE_BYTES_MAX - 300; size < LOG_LINE_BYTES_MAX + 40; size++) {
            struct fixture fixture;
            begin(&fixture, LOG_INFO);
            struct log_operation operation = {
                .level = LOG_INFO,
                .kind = "request",
                .route = { long_text, size },
                .correlation = { long_text, 300 },
                .subject = S("subject"),
                .note = S("note"),
            };
            log_operation(fixture.log, &operation);
            assert_int_equal(count_lines(&fixture), 1);
            end(&fixture);
        }
    }
}

static void *write_many(void *context)
{
    for (int i = 0; i < 200; i++)
        log_say(context, LOG_INFO, "thread", "%0*d", 500 + i, 1);
    for (int i = 0; i < 200; i++)
        log_say(context, LOG_WARN, "thread", "again");
    return NULL;
}

TEST(lines_of_many_threads_do_not_mix)
{
    struct fixture fixture;
    begin(&fixture, LOG_INFO);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, fixture.log), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(count_lines(&fixture), 800 + LOG_REPEATS_MAX);
    end(&fixture);
}

/* As when the reader of a pipe has stopped: the pipe is full, and the shop goes on. */
TEST(a_log_that_nobody_reads_stops_nobody)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct set_clock clock = { { set_now }, INT64_C(1790000000123) };
    struct log *log = log_open(ends[1], LOG_INFO, &clock.clock);
    for (int i = 0; i < 10000; i++)
        log_operation(log, &(const struct log_operation){ .level = LOG_INFO, .kind = "request" });
    char bytes[4096];
    assert_in_range(read(ends[0], bytes, sizeof bytes), 1, sizeof bytes);
    log_close(log);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_operation_is_one_json_object),
        cmocka_unit_test(what_is_less_urgent_than_the_level_is_not_written),
        cmocka_unit_test(reads_are_for_debugging_and_our_own_failures_are_errors),
        cmocka_unit_test(a_warning_that_repeats_is_cut_short_and_counted),
        cmocka_unit_test(an_operation_that_changes_something_is_never_left_out),
        cmocka_unit_test(a_line_is_cut_before_it_is_too_long_and_stays_json),
        cmocka_unit_test(lines_of_many_threads_do_not_mix),
        cmocka_unit_test(a_log_that_nobody_reads_stops_nobody),
    };
    return RUN_TESTS(tests);
}
