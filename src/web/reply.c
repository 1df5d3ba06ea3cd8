/* What handlers answer with. */
#include "web/web.h"

/* Room for most records, so that a body is seldom moved while it is written. */
#define RECORD_BYTES_EXPECTED 640

static void answer(struct response *response, enum status status, str body)
{
    assert(status >= STATUS_OK);
    response->status = (int)status;
    response->content_type = (str){ NULL, 0 };
    response->body = body;
}

err reply_json(struct op *op, struct response *response, enum status status,
               const struct field *fields, const void *record)
{
    struct buf buf = buf_in(op->arena, RECORD_BYTES_EXPECTED);
    json_write(&buf, JSON_CAMEL, fields, record);
    answer(response, status, buf_str(&buf));
    return OK;
}

err reply_rows(struct op *op, struct response *response, const struct field *fields,
               size_t item_size, const struct rows *rows)
{
    struct buf buf = buf_in(op->arena, 2 + rows->count * RECORD_BYTES_EXPECTED);
    json_write_rows(&buf, JSON_CAMEL, fields, item_size, rows);
    answer(response, STATUS_OK, buf_str(&buf));
    return OK;
}

err reply_text(struct response *response, enum status status, str json)
{
    answer(response, status, json);
    return OK;
}

err reply_nothing(struct response *response, enum status status)
{
    answer(response, status, (str){ NULL, 0 });
    return OK;
}

void reply_location(struct op *op, struct response *response, const char *path, uuid id)
{
    size_t length = strlen(path);
    struct buf buf = buf_in(op->arena, length + 1 + UUID_TEXT_SIZE);
    buf_add(&buf, (str){ path, length });
    if (length > 0 && path[length - 1] != '/')
        buf_add_char(&buf, '/');
    char text[UUID_TEXT_SIZE];
    uuid_write(id, text);
    buf_add(&buf, (str){ text, sizeof text });
    response_add(response, "Location", buf_str(&buf));
}

err reply_later(struct op *op, struct response *response, uuid subject)
{
    assert(!uuid_is_absent(subject));
    response->status = 0;
    response->wait.subject = subject;
    if (response->wait.until.ms == 0)
        response->wait.until = instant_after(op->now, op->settings->answer_wait);
    return OK;
}

void reply_problem(struct op *op, struct response *response, const struct problem *problem)
{
    assert(problem->status >= STATUS_INVALID); /* STALE and NOT_YET never leave the program */

    struct buf buf = buf_in(op->arena, 256);
    buf_add(&buf, S("{\"errors\":["));
    for (const struct problem *each = problem; each != NULL; each = each->next) {
        if (each != problem)
            buf_add_char(&buf, ',');
        buf_add(&buf, S("{\"message\":"));
        json_write_str(&buf, str_of(each->message));
        if (each->field != NULL) {
            buf_add(&buf, S(",\"field\":"));
            json_write_str(&buf, str_of(each->field));
        }
        buf_add_char(&buf, '}');
    }
    buf_add(&buf, S("]}"));
    answer(response, problem->status, buf_str(&buf));

    if (problem->retry_after_s > 0) {
        struct buf wait = buf_in(op->arena, 12);
        buf_add_int(&wait, problem->retry_after_s);
        response_add(response, "Retry-After", buf_str(&wait));
    }
}
