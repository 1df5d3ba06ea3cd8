#include "tests/support/people.h"

#include "tests/test.h"

static str hash_of(struct shop *shop, str password)
{
    struct buf hash = buf_in(&shop->world.arena, 128);
    buf_add(&hash, S("hash of "));
    buf_add(&hash, password);
    return buf_str(&hash);
}

void people_work(struct shop *shop, struct work *work)
{
    if (work->kind == WORK_HASH) {
        work->hash = hash_of(shop, work->password);
        work->ok = true;
        return;
    }
    work->ok = str_equal(work->hash, hash_of(shop, work->password));
    if (work->ok && work->new_password.data != NULL)
        work->new_hash = hash_of(shop, work->new_password);
}

void people_open(struct shop *shop, const struct service *const *services)
{
    shop_open(shop, services);
    shop->do_work = people_work;
}

int people_ask(struct shop *shop, str cookie, enum method method, const char *target,
               const char *body)
{
    shop->headers[HEADER_cookie] = cookie;
    return shop_ask(shop, (uuid){ { 0 } }, method, target, body);
}

str people_cookie(struct shop *shop)
{
    str attributes;
    str header = response_header(&shop->response, "Set-Cookie");
    return str_copy(&shop->world.arena, str_cut(header, ';', &attributes));
}

static int post(struct shop *shop, const char *target, const char *email, const char *password)
{
    struct buf body = buf_in(&shop->world.arena, 256);
    buf_add(&body, S("{\"email\":"));
    json_write_str(&body, str_of(email));
    buf_add(&body, S(",\"password\":"));
    json_write_str(&body, str_of(password));
    buf_add_char(&body, '}');
    return people_ask(shop, (str){ NULL, 0 }, POST, target,
                      str_terminated(&shop->world.arena, buf_str(&body)));
}

int people_sign_up(struct shop *shop, const char *email, const char *password)
{
    return post(shop, "/api/users/signup", email, password);
}

int people_sign_in(struct shop *shop, const char *email, const char *password)
{
    return post(shop, "/api/users/signin", email, password);
}

str people_join(struct shop *shop, const char *email)
{
    assert_int_equal(people_sign_up(shop, email, PEOPLE_PASSWORD), 201);
    return people_cookie(shop);
}

bool people_are_signed_in(struct shop *shop, str cookie)
{
    assert_int_equal(people_ask(shop, cookie, GET, "/api/users/currentuser", NULL), 200);
    return strcmp(shop_body(shop), "{\"currentUser\":null}") != 0;
}
