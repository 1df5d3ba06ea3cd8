#include "app/sample.h"

#include <semaphore.h>

#include "base/codec.h"
#include "base/json.h"

#define PASSWORD "usher-demo"

const char *const sample_greeting =
    "usher: sample data: sign in as alice@example.com (sells) or bob@example.com (buys), "
    "password " PASSWORD "\n"
    "usher: cards are simulated: pay with pm_card_visa or tok_visa; "
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

struct errand {
    const struct host *host;
    struct request request;
    const struct token *token; /* of who asks; NULL: nobody */
    struct session signed_in;
};

static str bearer(struct op *op, const struct token *token)
{
    struct buf header = buf_in(op->arena, 512);
    buf_add(&header, S("Bearer "));
    buf_add(&header, token_sign(op->arena, op->settings->jwt_key, token));
    return buf_str(&header);
}

/* One request, as if it had come from outside. */
static err answer(struct op *op, void *context)
{
    struct errand *errand = context;
    struct response response = { .status = 0 };
    if (errand->token != NULL)
        errand->request.header[HEADER_authorization] = bearer(op, errand->token);
    const struct route *route = host_route(errand->host, op, &errand->request, &response);
    assert(route != NULL);
    TRY(host_answer(errand->host, op, route, &errand->request, &response));
    errand->signed_in = response.session;
    return response.status < 400 ? OK : FAIL(problem_broken);
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

static err sign_up(struct engine *engine, const struct host *host, const struct work *work,
                   str body, struct token *ret_token)
{
    struct errand errand = { .host = host, .request = post("/api/users/signup", body) };
    errand.request.work = work;
    TRY(engine_run(engine, answer, &errand));
    *ret_token = (struct token){
        .caller = { .user = errand.signed_in.user, .session = errand.signed_in.id },
        .expires_at = { errand.signed_in.expires_at.ms / 1000 * 1000 },
    };
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

static err fill(struct engine *engine, const struct host *host, struct passwords *passwords,
                struct arena *arena)
{
    struct work work;
    if (!hash_password(passwords, arena, &work))
        return FAIL(problem_broken);
    struct token alice, bob;
    err e = sign_up(
        engine, host, &work,
        S("{\"email\":\"alice@example.com\",\"password\":\"" PASSWORD "\",\"name\":\"Alice\"}"),
        &alice);
    if (err_is(e, STATUS_CONFLICT))
        return OK; /* filled before */
    TRY(e);
    TRY(sign_up(engine, host, &work,
                S("{\"email\":\"bob@example.com\",\"password\":\"" PASSWORD "\",\"name\":\"Bob\"}"),
                &bob));
    instant now = clock_now(engine_desk(engine)->clock);
    for (size_t i = 0; i < sizeof tickets / sizeof *tickets; i++) {
        struct errand errand = {
            .host = host,
            .request = post("/api/tickets", listing(arena, &tickets[i], now)),
            .token = &alice,
        };
        TRY(engine_run(engine, answer, &errand));
    }
    return OK;
}

err sample_fill(struct engine *engine, const struct host *host, struct passwords *passwords)
{
    struct arena arena = { 0 };
    err e = fill(engine, host, passwords, &arena);
    arena_free(&arena);
    return e;
}
