/* The rules of a ticket's life, every cell of them, and its texts. */
#include "services/tickets/ticket.h"

#include "tests/test.h"

static const uuid nobody = { { 0 } };
static const uuid bobs_order = { { 1 } };
static const uuid carols_order = { { 2 } };

static bool is_held(enum ticket_status status)
{
    return status == TICKET_RESERVED || status == TICKET_SOLD;
}

/* A ticket in that state; bob's order has it, if one can. */
static struct ticket ticket_in(unsigned status)
{
    return (struct ticket){
        .status = (enum ticket_status)status,
        .order_id = is_held((enum ticket_status)status) ? bobs_order : nobody,
        .listed = status == TICKET_AVAILABLE || status == TICKET_RESERVED,
        .price = { 2000 },
    };
}

static bool is_sellers(unsigned command)
{
    return command == TICKET_EDIT || command == TICKET_WITHDRAW;
}

static enum ticket_outcome apply(struct ticket *ticket, unsigned command, uuid order)
{
    return ticket_apply(ticket, (enum ticket_command)command, is_sellers(command) ? nobody : order);
}

/* A cell in a letter: a, r, s, w: moved to available, …; = kept; - refused. */
static char letter_of(unsigned status, unsigned command, uuid order)
{
    struct ticket ticket = ticket_in(status);
    switch (apply(&ticket, command, order)) {
    case TICKET_MOVED:
        return "arsw"[ticket.status];
    case TICKET_KEPT:
        return '=';
    case TICKET_REFUSED:
        return '-';
    case TICKET_UNDECIDED:
        break;
    }
    return '?';
}

static void assert_life(uuid order, const char *const expected[TICKET_STATUSES])
{
    for (unsigned status = 0; status < TICKET_STATUSES; status++) {
        char life[TICKET_COMMANDS + 1] = { 0 };
        for (unsigned command = 0; command < TICKET_COMMANDS; command++)
            life[command] = letter_of(status, command, order);
        assert_string_equal(life, expected[status]);
    }
}

TEST(the_life_of_a_ticket_is_this_for_the_order_that_has_it)
{
    /* edit withdraw reserve release sell refund */
    static const char *const expected[TICKET_STATUSES] = { "awr=-=", "--=asw", "--=-=w", "-=-=-=" };
    assert_life(bobs_order, expected);
}

TEST(the_life_of_a_ticket_is_this_for_any_other_order)
{
    static const char *const expected[TICKET_STATUSES] = { "awr=-=", "---=-=", "---=-=", "-=-=-=" };
    assert_life(carols_order, expected);
}

TEST(F45_whoever_holds_a_ticket_is_named_and_nobody_else)
{
    for (unsigned status = 0; status < TICKET_STATUSES; status++) {
        for (unsigned command = 0; command < TICKET_COMMANDS; command++) {
            struct ticket ticket = ticket_in(status);
            (void)apply(&ticket, command, bobs_order);

            assert_true(is_held(ticket.status) == uuid_equal(ticket.order_id, bobs_order));
            assert_true(is_held(ticket.status) != uuid_is_absent(ticket.order_id));
            assert_true(ticket.listed ==
                        (ticket.status == TICKET_AVAILABLE || ticket.status == TICKET_RESERVED));
        }
    }
}

/* Events arrive at least once, so the second time must change nothing. */
TEST(no_command_of_an_order_moves_a_ticket_twice)
{
    for (unsigned status = 0; status < TICKET_STATUSES; status++) {
        for (unsigned command = TICKET_RESERVE; command < TICKET_COMMANDS; command++) {
            struct ticket ticket = ticket_in(status);
            (void)apply(&ticket, command, bobs_order);
            assert_int_not_equal(apply(&ticket, command, bobs_order), TICKET_MOVED);
        }
    }
}

TEST(F4_no_order_moves_a_ticket_that_another_one_has)
{
    for (unsigned status = TICKET_RESERVED; status <= TICKET_SOLD; status++) {
        for (unsigned command = TICKET_RESERVE; command < TICKET_COMMANDS; command++) {
            struct ticket ticket = ticket_in(status);
            assert_int_not_equal(apply(&ticket, command, carols_order), TICKET_MOVED);
            assert_true(ticket_is_held_by(&ticket, bobs_order));
        }
    }
}

TEST(F3_an_order_that_let_go_cannot_free_the_next_ones_ticket)
{
    struct ticket ticket = ticket_in(TICKET_RESERVED);
    assert_int_equal(ticket_apply(&ticket, TICKET_RELEASE, bobs_order), TICKET_MOVED);
    assert_int_equal(ticket_apply(&ticket, TICKET_RESERVE, carols_order), TICKET_MOVED);

    assert_int_equal(ticket_apply(&ticket, TICKET_RELEASE, bobs_order), TICKET_KEPT);
    assert_true(ticket_is_held_by(&ticket, carols_order));
}

TEST(F2_a_sold_ticket_is_never_for_sale_again)
{
    for (unsigned first = 0; first < TICKET_COMMANDS; first++) {
        for (unsigned second = 0; second < TICKET_COMMANDS; second++) {
            struct ticket ticket = ticket_in(TICKET_SOLD);
            (void)apply(&ticket, first, bobs_order);
            (void)apply(&ticket, second, carols_order);
            assert_false(ticket.listed);
        }
    }
}

TEST(an_order_gets_a_ticket_at_the_price_that_its_buyer_saw)
{
    struct ticket ticket = ticket_in(TICKET_AVAILABLE);
    instant now = { 1000 };
    assert_int_equal(ticket_refuses(&ticket, (money){ 2000 }, now), CANCEL_NONE);
    assert_int_equal(ticket_refuses(&ticket, (money){ 1999 }, now), CANCEL_PRICE_CHANGED);
    assert_int_equal(ticket_refuses(&ticket, (money){ 2001 }, now), CANCEL_PRICE_CHANGED);
}

TEST(an_order_gets_no_ticket_for_what_has_begun_or_is_gone)
{
    struct ticket ticket = ticket_in(TICKET_AVAILABLE);
    ticket.starts_at = (instant){ 1000 };
    assert_int_equal(ticket_refuses(&ticket, ticket.price, (instant){ 999 }), CANCEL_NONE);
    assert_int_equal(ticket_refuses(&ticket, ticket.price, (instant){ 1000 }),
                     CANCEL_TICKET_UNAVAILABLE);

    for (unsigned status = TICKET_RESERVED; status < TICKET_STATUSES; status++) {
        struct ticket gone = ticket_in(status);
        assert_int_equal(ticket_refuses(&gone, gone.price, (instant){ 1 }),
                         CANCEL_TICKET_UNAVAILABLE);
        /* Nobody is told of a price at which nothing is to be had. */
        assert_int_equal(ticket_refuses(&gone, (money){ 1 }, (instant){ 1 }),
                         CANCEL_TICKET_UNAVAILABLE);
    }
}

/* ---- texts ---- */

static void assert_pattern(const char *text, const char *expected)
{
    struct arena arena = { 0 };
    str pattern = ticket_pattern(&arena, str_of(text));
    if (expected == NULL)
        assert_null(pattern.data);
    else
        assert_string_equal(str_terminated(&arena, pattern), expected);
    arena_free(&arena);
}

TEST(a_search_finds_words_in_their_order_whatever_their_case)
{
    assert_pattern("rolling stones", "%rolling%stones%");
    assert_pattern("  ROLLING \t\n stones ", "%rolling%stones%");
    assert_pattern("\xC3\x89toile", "%\xC3\xA9toile%");
}

TEST(a_search_for_nothing_is_no_search)
{
    assert_pattern("", NULL);
    assert_pattern("   ", NULL);
    assert_pattern(NULL, NULL);
}

TEST(what_a_pattern_means_something_by_is_searched_for_as_it_stands)
{
    assert_pattern("100%", "%100\\%%");
    assert_pattern("a_b", "%a\\_b%");
    assert_pattern("\\%", "%\\\\\\%%");
}

TEST(an_edit_replaces_everything_that_the_seller_says)
{
    struct arena arena = { 0 };
    const struct listing full = {
        .title = S("Concert"),
        .description = S("Front row"),
        .price = { 2000 },
        .category = CATEGORY_CONCERT,
        .venue = S("Hall"),
        .starts_at = { 5 },
        .seat = S("A 1"),
        .face_value = { 1500 },
    };
    struct ticket ticket = { .id = bobs_order };
    ticket_describe(&arena, &ticket, &full);
    assert_true(str_is(ticket.search, "concert\nhall\nfront row"));

    const struct listing bare = { .title = S("Game"), .price = { 50 } };
    ticket_describe(&arena, &ticket, &bare);
    assert_true(str_is(ticket.title, "Game"));
    assert_true(str_is(ticket.description, ""));
    assert_non_null(ticket.description.data);
    assert_null(ticket.venue.data);
    assert_null(ticket.seat.data);
    assert_int_equal(ticket.category, CATEGORY_OTHER);
    assert_int_equal(ticket.starts_at.ms, 0);
    assert_int_equal(ticket.face_value.minor, 0);
    assert_true(str_is(ticket.search, "game\n\n"));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_life_of_a_ticket_is_this_for_the_order_that_has_it),
        cmocka_unit_test(the_life_of_a_ticket_is_this_for_any_other_order),
        cmocka_unit_test(F45_whoever_holds_a_ticket_is_named_and_nobody_else),
        cmocka_unit_test(no_command_of_an_order_moves_a_ticket_twice),
        cmocka_unit_test(F4_no_order_moves_a_ticket_that_another_one_has),
        cmocka_unit_test(F3_an_order_that_let_go_cannot_free_the_next_ones_ticket),
        cmocka_unit_test(F2_a_sold_ticket_is_never_for_sale_again),
        cmocka_unit_test(an_order_gets_a_ticket_at_the_price_that_its_buyer_saw),
        cmocka_unit_test(an_order_gets_no_ticket_for_what_has_begun_or_is_gone),
        cmocka_unit_test(a_search_finds_words_in_their_order_whatever_their_case),
        cmocka_unit_test(a_search_for_nothing_is_no_search),
        cmocka_unit_test(what_a_pattern_means_something_by_is_searched_for_as_it_stands),
        cmocka_unit_test(an_edit_replaces_everything_that_the_seller_says),
    };
    return RUN_TESTS(tests);
}
