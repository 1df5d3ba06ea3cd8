#include "base/op.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

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
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    assert(size >= 0);

    char *message = arena_text(op->arena, (size_t)size + 1);
    va_start(arguments, format);
    (void)vsnprintf(message, (size_t)size + 1, format, arguments);
    va_end(arguments);

    struct problem *problem = ARENA_NEW(op->arena, struct problem);
    problem->status = status;
    problem->message = message;
    problem->field = field;
    return FAIL(*problem);
}
