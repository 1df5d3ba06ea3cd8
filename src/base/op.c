#include "base/op.h"

#include <assert.h>

#include "base/arena.h"

uuid op_new_id(struct op *op)
{
    uint64_t ms = (uint64_t)op->now.ms;
    assert(ms < (uint64_t)1 << 48);

    uuid id;
    op->random->fill(op->random, id.bytes + 6, sizeof id.bytes - 6);
    for (unsigned i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    id.bytes[6] = (uint8_t)(0x70 | (id.bytes[6] & 0x0f)); /* version 7 */
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f)); /* variant 2 */
    return id;
}

err op_fail(struct op *op, enum status status, const char *field, const char *format, ...)
{
    struct buf message = buf_in(op->arena, 64);
    va_list arguments;
    va_start(arguments, format);
    buf_addv(&message, format, arguments);
    va_end(arguments);
    buf_add_char(&message, '\0');

    struct problem *problem = ARENA_NEW(op->arena, struct problem);
    problem->status = status;
    problem->message = message.data;
    problem->field = field;
    return FAIL(*problem);
}
