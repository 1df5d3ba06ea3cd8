#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "adapters/clock.h"

#define HOUR_MS INT64_C(3600000)
#define START   INT64_C(1790000000000)

/* A machine whose two clocks the test moves. */
struct machine {
    int64_t wall_ms;
    int64_t steady_ms;
};

static int64_t wall(void *context)
{
    return ((struct machine *)context)->wall_ms;
}

static int64_t steady(void *context)
{
    return ((struct machine *)context)->steady_ms;
}

static void pass(struct machine *machine, int64_t ms)
{
    machine->wall_ms += ms;
    machine->steady_ms += ms;
}

static struct clock_source source_of(struct machine *machine, const char *boot)
{
    struct clock_source source = { wall, steady, machine, "" };
    snprintf(source.boot, sizeof source.boot, "%s", boot);
    return source;
}

static int64_t now_ms(struct real_clock *clock)
{
    return clock_now(&clock->clock).ms;
}

TEST(time_is_that_of_the_wall_clock)
{
    struct machine machine = { START, 5000 };
    struct real_clock clock;
    real_clock_open(&clock, source_of(&machine, "one"), NULL);
    assert_int_equal(now_ms(&clock), START);
    pass(&machine, 1234);
    assert_int_equal(now_ms(&clock), START + 1234);
    assert_int_equal(clock_check(&clock).ms, 0);
}

TEST(a_jump_of_the_wall_clock_moves_no_deadline)
{
    struct machine machine = { START, 5000 };
    struct real_clock clock;
    real_clock_open(&clock, source_of(&machine, "one"), NULL);
    machine.wall_ms += HOUR_MS;
    pass(&machine, 1000);
    assert_int_equal(now_ms(&clock), START + 1000);
    assert_int_equal(clock_check(&clock).ms, HOUR_MS);
    machine.wall_ms -= 3 * HOUR_MS;
    pass(&machine, 1000);
    assert_int_equal(now_ms(&clock), START + 2000);
    assert_int_equal(clock_check(&clock).ms, -2 * HOUR_MS);
}

/* A directory with an anchor in it. */
struct place {
    char directory[64];
    char anchor[96];
};

static struct place make_place(void)
{
    struct place place = { "/tmp/usher-clock-XXXXXX", "" };
    assert_non_null(mkdtemp(place.directory));
    snprintf(place.anchor, sizeof place.anchor, "%s/clock", place.directory);
    return place;
}

static void remove_place(const struct place *place)
{
    unlink(place->anchor);
    assert_int_equal(rmdir(place->directory), 0); /* nothing else was left behind */
}

TEST(a_jump_moves_no_deadline_through_a_restart_either)
{
    struct place place = make_place();
    struct machine machine = { START, 5000 };
    struct real_clock clock;
    real_clock_open(&clock, source_of(&machine, "one"), place.anchor);
    pass(&machine, 1000);
    machine.wall_ms += HOUR_MS;
    real_clock_open(&clock, source_of(&machine, "one"), place.anchor);
    assert_int_equal(now_ms(&clock), START + 1000);
    machine.wall_ms -= 2 * HOUR_MS;
    real_clock_open(&clock, source_of(&machine, "one"), place.anchor);
    assert_int_equal(now_ms(&clock), START + 1000);
    remove_place(&place);
}

TEST(a_correction_by_less_than_a_second_is_taken_at_a_restart_but_never_back)
{
    struct place place = make_place();
    struct machine machine = { START, 5000 };
    struct real_clock clock;
    real_clock_open(&clock, source_of(&machine, "one"), place.anchor);
    machine.wall_ms += 700;
    real_clock_open(&clock, source_of(&machine, "one"), place.anchor);
    assert_int_equal(now_ms(&clock), START + 700);
    machine.wall_ms -= 400;
    real_clock_open(&clock, source_of(&machine, "one"), place.anchor);
    assert_int_equal(now_ms(&clock), START + 700);
    remove_place(&place);
}

TEST(after_a_reboot_the_wall_clock_counts)
{
    struct place place = make_place();
    struct machine machine = { START, 50000 };
    struct real_clock clock;
    real_clock_open(&clock, source_of(&machine, "one"), place.anchor);
    machine = (struct machine){ START + HOUR_MS, 60000 };
    real_clock_open(&clock, source_of(&machine, "two"), place.anchor);
    assert_int_equal(now_ms(&clock), START + HOUR_MS);
    remove_place(&place);
}

TEST(a_jump_is_believed_at_a_restart_a_day_after_the_clocks_last_agreed)
{
    struct place place = make_place();
    struct machine machine = { START, 5000 };
    struct real_clock clock;
    real_clock_open(&clock, source_of(&machine, "one"), place.anchor);
    pass(&machine, 2 * HOUR_MS);
    assert_int_equal(clock_check(&clock).ms, 0); /* agreed now: keeps the anchor fresh */
    machine.wall_ms += HOUR_MS;
    pass(&machine, CLOCK_ANCHOR_HOURS * HOUR_MS - 1);
    assert_int_equal(clock_check(&clock).ms, HOUR_MS);
    real_clock_open(&clock, source_of(&machine, "one"), place.anchor);
    assert_int_equal(now_ms(&clock), machine.wall_ms - HOUR_MS);
    pass(&machine, 1);
    real_clock_open(&clock, source_of(&machine, "one"), place.anchor);
    assert_int_equal(now_ms(&clock), machine.wall_ms);
    remove_place(&place);
}

TEST(an_anchor_that_makes_no_sense_is_done_without)
{
    const char *const lines[] = { "", "one", "one x y", "one 5", "one 5 6 7", "two 5 6" };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct place place = make_place();
        FILE *file = fopen(place.anchor, "w");
        assert_non_null(file);
        fputs(lines[i], file);
        fclose(file);
        struct machine machine = { START, 5000 };
        struct real_clock clock;
        real_clock_open(&clock, source_of(&machine, "one"), place.anchor);
        assert_int_equal(now_ms(&clock), START);
        remove_place(&place);
    }
    struct machine machine = { START, 5000 };
    struct real_clock clock;
    real_clock_open(&clock, source_of(&machine, "one"), "/nowhere/at/all");
    assert_int_equal(now_ms(&clock), START);
}

TEST(the_kernel_tells_the_time)
{
    struct real_clock clock;
    struct clock_source kernel = clock_source_kernel();
    assert_true(strlen(kernel.boot) == 36);
    real_clock_open(&clock, kernel, NULL);
    int64_t before = now_ms(&clock);
    int64_t apart = kernel.wall_ms(NULL) - before;
    assert_true(-100 < apart && apart < 1000);
    assert_true(now_ms(&clock) >= before);
    int64_t begun = stopwatch_us();
    assert_true(stopwatch_us() >= begun);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_that_of_the_wall_clock),
        cmocka_unit_test(a_jump_of_the_wall_clock_moves_no_deadline),
        cmocka_unit_test(a_jump_moves_no_deadline_through_a_restart_either),
        cmocka_unit_test(a_correction_by_less_than_a_second_is_taken_at_a_restart_but_never_back),
        cmocka_unit_test(after_a_reboot_the_wall_clock_counts),
        cmocka_unit_test(a_jump_is_believed_at_a_restart_a_day_after_the_clocks_last_agreed),
        cmocka_unit_test(an_anchor_that_makes_no_sense_is_done_without),
        cmocka_unit_test(the_kernel_tells_the_time),
    };
    return RUN_TESTS(tests);
}
