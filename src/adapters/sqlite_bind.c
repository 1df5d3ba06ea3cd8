/* Records to parameters, and rows to records. */
#include "adapters/sqlite_inside.h"

/* ---- binding ---- */

static bool slot_is_absent(const struct sqlite_slot *slot, const char *record)
{
    if (slot->inside != NULL && field_is_absent(slot->inside, record + slot->inside_offset))
        return true;
    return (slot->field->flags & FIELD_OPTIONAL) &&
           field_is_absent(slot->field, record + slot->offset - slot->field->offset);
}

static const char *enum_name(const struct field *field, const void *value)
{
    unsigned number;
    memcpy(&number, value, sizeof number);
    for (unsigned i = 0; i <= number; i++)
        assert(field->names[i] != NULL);
    return field->names[number];
}

static int bind_text(sqlite3_stmt *statement, int at, str text)
{
    /* A text that must be there and was never set is empty, not null. */
    return sqlite3_bind_text64(statement, at, text.data ? text.data : "", text.size, SQLITE_STATIC,
                               SQLITE_UTF8);
}

static int bind_slot(sqlite3_stmt *statement, int at, const struct sqlite_slot *slot,
                     const char *record)
{
    if (slot_is_absent(slot, record))
        return sqlite3_bind_null(statement, at);

    const void *value = record + slot->offset;
    switch (slot->field->kind) {
    case FIELD_KIND_UUID:
        return sqlite3_bind_blob(statement, at, value, sizeof(uuid), SQLITE_STATIC);
    case FIELD_KIND_STR:
    case FIELD_KIND_JSON:
        return bind_text(statement, at, *(const str *)value);
    case FIELD_KIND_MONEY:
        return sqlite3_bind_int64(statement, at, ((const money *)value)->minor);
    case FIELD_KIND_INSTANT:
        return sqlite3_bind_int64(statement, at, ((const instant *)value)->ms);
    case FIELD_KIND_INT:
        return sqlite3_bind_int64(statement, at, *(const int64_t *)value);
    case FIELD_KIND_BOOL:
        return sqlite3_bind_int(statement, at, *(const bool *)value);
    case FIELD_KIND_ENUM:
        return bind_text(statement, at, str_of(enum_name(slot->field, value)));
    case FIELD_KIND_RECORD:
    case FIELD_KIND_LIST:
        break;
    }
    assert(0 && "a leaf");
    return SQLITE_MISUSE;
}

int sqlite_bind(const struct sqlite_plan *plan, const void *record)
{
    for (int i = 0; i < plan->in_count; i++) {
        int code = bind_slot(plan->statement, i + 1, &plan->in[i], record);
        if (code != SQLITE_OK)
            return code;
    }
    return SQLITE_OK;
}

/* ---- scanning ---- */

/* A connection belongs to one thread at a time, so a column may be looked at as it is, which costs
 * half of asking the statement for it again and again. */

static str value_text(sqlite3_value *value)
{
    const char *data = (const char *)sqlite3_value_text(value);
    return (str){ data ? data : "", (size_t)sqlite3_value_bytes(value) };
}

static bool scan_text(sqlite3_value *value, struct arena *arena, str *ret_text)
{
    if (sqlite3_value_type(value) != SQLITE_TEXT)
        return false;
    str text = value_text(value);
    *ret_text = text.size == 0 ? S("") : str_copy(arena, text);
    return true;
}

static bool scan_int(sqlite3_value *value, int64_t *ret_number)
{
    if (sqlite3_value_type(value) != SQLITE_INTEGER)
        return false;
    *ret_number = sqlite3_value_int64(value);
    return true;
}

static bool scan_bool(sqlite3_value *value, bool *ret_truth)
{
    int64_t number;
    if (!scan_int(value, &number) || number < 0 || number > 1)
        return false;
    *ret_truth = number != 0;
    return true;
}

static bool scan_uuid(sqlite3_value *value, uuid *ret_id)
{
    if (sqlite3_value_type(value) != SQLITE_BLOB ||
        sqlite3_value_bytes(value) != (int)sizeof ret_id->bytes)
        return false;
    memcpy(ret_id->bytes, sqlite3_value_blob(value), sizeof ret_id->bytes);
    return true;
}

static bool scan_enum(sqlite3_value *value, const struct field *field, void *ret_number)
{
    if (sqlite3_value_type(value) != SQLITE_TEXT)
        return false;
    str name = value_text(value);
    for (unsigned i = 0; field->names[i] != NULL; i++) {
        if (str_is(name, field->names[i])) {
            memcpy(ret_number, &i, sizeof i);
            return true;
        }
    }
    return false;
}

static bool scan_slot(sqlite3_value *value, const struct sqlite_slot *slot, struct arena *arena,
                      char *record)
{
    void *member = record + slot->offset;
    if (sqlite3_value_type(value) == SQLITE_NULL) {
        memset(member, 0, field_size(slot->field));
        return (slot->field->flags & FIELD_OPTIONAL) || slot->inside != NULL;
    }
    switch (slot->field->kind) {
    case FIELD_KIND_UUID:
        return scan_uuid(value, member);
    case FIELD_KIND_STR:
    case FIELD_KIND_JSON:
        return scan_text(value, arena, member);
    case FIELD_KIND_MONEY:
        return scan_int(value, &((money *)member)->minor);
    case FIELD_KIND_INSTANT:
        return scan_int(value, &((instant *)member)->ms);
    case FIELD_KIND_INT:
        return scan_int(value, member);
    case FIELD_KIND_BOOL:
        return scan_bool(value, member);
    case FIELD_KIND_ENUM:
        return scan_enum(value, slot->field, member);
    case FIELD_KIND_RECORD:
    case FIELD_KIND_LIST:
        break;
    }
    assert(0 && "a leaf");
    return false;
}

const char *sqlite_scan(const struct sqlite_plan *plan, struct arena *arena, void *record)
{
    for (int i = 0; i < plan->out_count; i++) {
        sqlite3_value *value = sqlite3_column_value(plan->statement, i);
        if (!scan_slot(value, &plan->out[i], arena, record))
            return plan->out[i].field->name;
    }
    return NULL;
}

void sqlite_copy(const struct sqlite_plan *plan, const void *from, void *to)
{
    for (int i = 0; i < plan->out_count; i++) {
        const struct sqlite_slot *slot = &plan->out[i];
        memcpy((char *)to + slot->offset, (const char *)from + slot->offset,
               field_size(slot->field));
    }
}
