#include "app/sample.h"

#include <semaphore.h>

#include "base/codec.h"
#include "base/json.h"

#define PASSWORD "usher-demo"

const char *const sample_greeting =
    "usher: sample data: sign in as alice@example.com (sells) or bob@example.com (buys), "
    "password " PASSWORD "\n";
const char *const sample_cards = "usher: cards are simulated: pay with pm_card_visa or tok_visa; "
                                 "pm_card_visa_chargeDeclined is declined\n";

struct sample_ticket {
    const char *title;
    const char *category;
    const char *venue;
    const char *seat;
    const char *price;
    const char *face_value;
    int days; /* until it begins */
};

static const struct sample_ticket tickets[] = {
    { "Northern Lights Quartet", "concert", "Harbour Hall", "Row 4, Seat 12", "48.50", "55", 12 },
    { "Midnight Brass: The Farewell Tour", "concert", "Old Gasworks", "Standing", "72", "72", 20 },
    { "City Rovers v United", "sports", "Riverside Stadium", "Block C, Row 9, Seat 4", "39", "35",
      6 },
    { "Cup Final", "sports", "National Stadium", "Block 114, Row 22, Seat 8", "180", "150", 45 },
    { "The Glass Garden", "theatre", "Court Theatre", "Stalls, Row F, Seat 7", "64", "70", 9 },
    { "A Winter's Comedy", "theatre", "Court Theatre", "Balcony, Row B, Seat 21", "22.50", "30",
      30 },
    { "Late Laughs: Open Mic Final", "comedy", "The Cellar", "Unreserved", "15", "15", 3 },
    { "Meadow Festival, three days", "festival", "Long Meadow", "Camping", "210", "245", 120 },
};

/* The whole filling, which is one operation: a shop is filled or it is not. */
struct filling {
    const struct host *host;
    const struct work *work; /* the password, hashed */
};

static err ask(struct op *op, const struct filling *filling, struct request *request,
               struct response *ret_response)
{
    *ret_response = (struct response){ .status = 0 };
    const struct route *route = host_route(filling->host, op, request, ret_response);
    assert(route != NULL);
    TRY(host_answer(filling->host, op, route, request, ret_response));
    return ret_response->status < 400 ? OK : FAIL(problem_conflict);
}

static void work_done(void *context)
{
    sem_post(context);
}

static bool hash_password(struct passwords *passwords, struct arena *arena, struct work *work)
{
    sem_t finished;
    int failed = sem_init(&finished, 0, 0);
    assert(failed == 0);
    *work = (struct work){ .kind = WORK_HASH, .password = S(PASSWORD) };
    bool taken = passwords_submit(passwords, work, arena, work_done, &finished);
    while (taken && sem_wait(&finished) != 0)
        continue;
    sem_destroy(&finished);
    return taken && work->ok;
}

static struct request post(const char *path, str body)
{
    struct request request = {
        .method = POST,
        .path = str_of(path),
        .body = body,
        .client = S("127.0.0.1"),
    };
    request.header[HEADER_content_type] = S("application/json");
    return request;
}

/* Signs somebody up; *ret_bearer is what he shows from then on. */
static err sign_up(struct op *op, const struct filling *filling, str body, str *ret_bearer)
{
    struct request request = post("/api/users/signup", body);
    struct response response;
    request.work = filling->work;
    TRY(ask(op, filling, &request, &response));

    const struct token token = {
        .caller = { .user = response.session.user, .session = response.session.id },
        .expires_at = response.session.expires_at,
    };
    struct buf header = buf_in(op->arena, 512);
    buf_add(&header, S("Bearer "));
    buf_add(&header, token_sign(op->arena, op->settings->jwt_key, &token));
    *ret_bearer = buf_str(&header);
    return OK;
}

static void add_text(struct buf *body, const char *name, const char *value)
{
    buf_addf(body, ",\"%s\":", name);
    json_write_str(body, str_of(value));
}

static str listing(struct arena *arena, const struct sample_ticket *ticket, instant now)
{
    char starts_at[INSTANT_TEXT_SIZE];
    instant evening = { now.ms - now.ms % (24 * 3600 * 1000) +
                        (24 * ticket->days + 19) * 3600000LL };
    instant_write(evening, starts_at);
    struct buf body = buf_in(arena, 512);
    buf_addf(&body, "{\"price\":\"%s\",\"faceValue\":\"%s\",\"startsAt\":\"%.*s\"", ticket->price,
             ticket->face_value, INSTANT_TEXT_SIZE, starts_at);
    add_text(&body, "title", ticket->title);
    add_text(&body, "category", ticket->category);
    add_text(&body, "venue", ticket->venue);
    add_text(&body, "seat", ticket->seat);
    buf_add_char(&body, '}');
    return buf_str(&body);
}

static err list_tickets(struct op *op, const struct filling *filling, str bearer)
{
    for (size_t i = 0; i < sizeof tickets / sizeof *tickets; i++) {
        struct request request = post("/api/tickets", listing(op->arena, &tickets[i], op->now));
        struct response response;
        request.header[HEADER_authorization] = bearer;
        TRY(ask(op, filling, &request, &response));
    }
    return OK;
}

/* Whether anybody has ever listed anything here. */
static err look_for_tickets(struct op *op, const struct filling *filling, bool *ret_found)
{
    struct request request = {
        .method = GET,
        .path = S("/api/tickets"),
        .query = S("status=any&limit=1"),
    };
    struct response response;
    TRY(ask(op, filling, &request, &response));
    *ret_found = !str_is(response.body, "[]");
    return OK;
}

static err fill(struct op *op, void *context)
{
    const struct filling *filling = context;
    bool found;
    TRY(look_for_tickets(op, filling, &found));
    if (found)
        return OK;
    str alice, bob;
    TRY(sign_up(
        op, filling,
        S("{\"email\":\"alice@example.com\",\"password\":\"" PASSWORD "\",\"name\":\"Alice\"}"),
        &alice));
    TRY(sign_up(op, filling,
                S("{\"email\":\"bob@example.com\",\"password\":\"" PASSWORD "\",\"name\":\"Bob\"}"),
                &bob));
    return list_tickets(op, filling, alice);
}

err sample_fill(struct engine *engine, const struct host *host, struct passwords *passwords)
{
    struct arena arena = { 0 };
    struct work work;
    struct filling filling = { .host = host, .work = &work };
    err e = FAIL(problem_broken);
    if (hash_password(passwords, &arena, &work))
        e = engine_run(engine, fill, &filling);
    arena_free(&arena);
    /* Somebody is called Alice here already: people use this shop. */
    return err_is(e, STATUS_CONFLICT) ? OK : e;
}
