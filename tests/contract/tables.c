/* Prints the tables of the services as one JSON object, for contract_test.py to hold against
 * api/openapi.yaml and api/asyncapi.yaml. */
#include <stdio.h>

#include "host/host.h"
#include "services/auth/auth.h"
#include "services/auth/user.h"
#include "services/expiration/expiration.h"
#include "services/orders/order.h"
#include "services/orders/orders.h"
#include "services/payments/charge.h"
#include "services/payments/payments.h"
#include "services/tickets/ticket.h"
#include "services/tickets/tickets.h"

static const struct service *const services[] = {
    &auth_service,     &tickets_service, &orders_service, &expiration_service,
    &payments_service, &host_service,    &events_service,
};
#define SERVICES (sizeof services / sizeof *services)

static const char *const access_names[] = { "anyone", "maybe", "signedIn" };
static const char *const kind_names[] = {
    [FIELD_KIND_UUID] = "uuid",       [FIELD_KIND_STR] = "string", [FIELD_KIND_MONEY] = "money",
    [FIELD_KIND_INSTANT] = "instant", [FIELD_KIND_INT] = "int",    [FIELD_KIND_BOOL] = "bool",
    [FIELD_KIND_ENUM] = "enum",       [FIELD_KIND_LIST] = "list",  [FIELD_KIND_RECORD] = "record",
    [FIELD_KIND_JSON] = "json",
};

/* Names of ours: none has a character that JSON escapes. */
static void member(const char *name, const char *text)
{
    (void)printf("\"%s\":\"%s\",", name, text);
}

/* The last member of every object. */
static void end_object(void)
{
    (void)printf("\"\":0}");
}

static void comma(bool first)
{
    (void)printf("%s", first ? "" : ",\n");
}

static void print_fields(const struct field *fields);

static void print_names(const struct field *field)
{
    bool zero_is_absent = field->rule == NULL && (field->flags & FIELD_OPTIONAL) != 0;
    const char *const *names = field->names + (zero_is_absent ? 1 : 0);
    (void)printf("\"names\":[");
    for (size_t i = 0; names[i] != NULL; i++)
        (void)printf("%s\"%s\"", i > 0 ? "," : "", names[i]);
    (void)printf("],");
}

static void print_rule(const struct rule *rule)
{
    (void)printf("\"required\":%s,\"min\":%lld,\"max\":%lld,",
                 (rule->flags & RULE_REQUIRED) != 0 ? "true" : "false", (long long)rule->min,
                 (long long)rule->max);
}

static void print_field(const struct field *field)
{
    char name[64];
    size_t size = field_camel(field->name, name, sizeof name - 1);
    name[size] = '\0';
    (void)printf("{");
    member("name", name);
    member("kind", kind_names[field->kind]);
    (void)printf("\"optional\":%s,", (field->flags & FIELD_OPTIONAL) != 0 ? "true" : "false");
    if (field->names != NULL)
        print_names(field);
    if (field->rule != NULL)
        print_rule(field->rule);
    if (field->fields != NULL) {
        (void)printf("\"fields\":");
        print_fields(field->fields);
        (void)printf(",");
    }
    end_object();
}

static void print_fields(const struct field *fields)
{
    (void)printf("[");
    for (const struct field *field = fields; field->name != NULL; field++) {
        comma(field == fields);
        print_field(field);
    }
    (void)printf("]");
}

static void print_routes(void)
{
    bool first = true;
    (void)printf("\"routes\":[");
    for (size_t i = 0; i < SERVICES; i++) {
        for (const struct route *route = services[i]->routes; route && route->path; route++) {
            comma(first);
            first = false;
            (void)printf("{");
            member("service", services[i]->name);
            member("method", method_names[route->method]);
            member("path", route->path);
            member("access", access_names[route->access]);
            end_object();
        }
    }
    (void)printf("],\n");
}

static void print_events(struct arena *arena)
{
    (void)printf("\"events\":[");
    for (unsigned type = 0; type < EVENT_TYPES; type++) {
        const struct event_kind *kind = &event_kinds[type];
        str subject = event_subject(arena, type);
        comma(type == 0);
        (void)printf("{");
        member("type", kind->type);
        member("source", kind->source);
        (void)printf("\"subject\":\"%.*s\",\"fields\":", (int)subject.size, subject.data);
        print_fields(kind->fields);
        (void)printf(",");
        end_object();
    }
    (void)printf("],\n");
}

static void print_subscriptions(void)
{
    bool first = true;
    (void)printf("\"subscriptions\":[");
    for (size_t i = 0; i < SERVICES; i++) {
        const struct subscription *heard = services[i]->subscriptions;
        for (; heard != NULL && heard->type != EVENT_TYPES; heard++) {
            comma(first);
            first = false;
            (void)printf("{");
            member("service", services[i]->name);
            member("type", event_kinds[heard->type].type);
            end_object();
        }
    }
    (void)printf("],\n");
}

static void print_record(const char *name, const struct field *fields)
{
    (void)printf("\"%s\":", name);
    print_fields(fields);
    (void)printf(",\n");
}

static void print_records(void)
{
    (void)printf("\"views\":{");
    print_record("Ticket", ticket_json_fields);
    print_record("Order", order_view_fields);
    print_record("Charge", charge_view_fields);
    print_record("User", user_view_fields);
    end_object();
    (void)printf(",\n\"forms\":{");
    print_record("Listing", listing_fields);
    end_object();
    (void)printf(",\n");
}

static void print_limits(void)
{
    static const struct {
        const char *name;
        long long value;
    } limits[] = {
        { "title", TITLE_MAX },
        { "description", DESCRIPTION_MAX },
        { "venue", VENUE_MAX },
        { "seat", SEAT_MAX },
        { "name", PERSON_NAME_MAX },
        { "email", EMAIL_MAX },
        { "passwordMin", PASSWORD_MIN },
        { "password", PASSWORD_MAX },
        { "token", PAYMENT_TOKEN_MAX },
        { "listDefault", LIST_DEFAULT },
        { "list", LIST_MAX },
        { "cursor", CURSOR_BYTES_MAX },
        { "search", SEARCH_CHARS_MAX },
        { "idempotencyKey", IDEMPOTENCY_KEY_MAX },
        { "requestId", REQUEST_ID_MAX },
        { "priceMax", PRICE_MAX },
    };
    (void)printf("\"limits\":{");
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        (void)printf("%s\"%s\":%lld", i > 0 ? "," : "", limits[i].name, limits[i].value);
    (void)printf("}\n");
}

int main(void)
{
    struct arena arena = { 0 };
    (void)printf("{");
    print_routes();
    print_events(&arena);
    print_subscriptions();
    print_records();
    print_limits();
    (void)printf("}\n");
    arena_free(&arena);
    return 0;
}
