/* /: what is for sale, searched, filtered, sorted, a page at a time. */
#include "site/pages.h"

#define SHOWN_AT_A_TIME "24"

struct search {
    struct input q;
    struct input category;
    struct input min_price;
    struct input max_price;
    struct input from;
    struct input to;
    struct input sort;
};

static const struct field search_fields[] = {
    INPUT(struct search, q),         INPUT(struct search, category),
    INPUT(struct search, min_price), INPUT(struct search, max_price),
    INPUT(struct search, from),      INPUT(struct search, to),
    INPUT(struct search, sort),      FIELDS_END,
};

struct browse_page {
    struct frame frame;
    struct search form;
    str problem;
    struct rows categories;
    struct rows sorts;
    struct rows tickets;
    int64_t count; /* on this page */
    bool searched; /* something is asked for in particular */
    bool filtered; /* by more than words and category */
    bool later;    /* not the first page */
    str first_url;
    str next_url; /* absent: this is the last page */
};

const struct field browse_page_fields[] = {
    FIELD_RECORD(struct browse_page, frame, frame_fields),
    FIELD_RECORD(struct browse_page, form, search_fields),
    FIELD_OPT(struct browse_page, problem),
    FIELD_LIST(struct browse_page, categories, struct option, option_fields),
    FIELD_LIST(struct browse_page, sorts, struct option, option_fields),
    FIELD_LIST(struct browse_page, tickets, struct ticket, shown_ticket_fields),
    FIELD(struct browse_page, count),
    FIELD(struct browse_page, searched),
    FIELD(struct browse_page, filtered),
    FIELD(struct browse_page, later),
    FIELD(struct browse_page, first_url),
    FIELD_OPT(struct browse_page, next_url),
    FIELDS_END,
};

static const char *const category_choices[] = { "any",    "concert",  "sports", "theatre",
                                                "comedy", "festival", "other",  NULL };
static const char *const sort_choices[] = { "newest", "price", "-price", "startsAt", NULL };

static void read_search(struct op *op, const struct request *request, struct search *ret_search)
{
    struct form_text *texts = NULL;
    size_t count = 0;
    *ret_search = (struct search){
        .min_price = { .kind = INPUT_AMOUNT },
        .max_price = { .kind = INPUT_AMOUNT },
        .from = { .kind = INPUT_DAY },
        .to = { .kind = INPUT_LAST_DAY },
    };
    if (request->query.data != NULL)
        (void)form_decode(op->arena, request->query, 64, &texts, &count);
    inputs_take(op->arena, search_fields, ret_search, texts, count);
}

void plan_browse(struct op *op, const struct request *request, struct asks *asks)
{
    struct search search;
    if (!plan_begin(op, request, asks, EVERYBODY) || asks->count > 1)
        return;
    read_search(op, request, &search);
    str query = inputs_query(op->arena, search_fields, &search, true);
    plan_get(asks, S("/api/tickets"),
             paged_query(op, query, SHOWN_AT_A_TIME, cursor_asked(op, request)));
}

static bool is_given(const struct input *input)
{
    return input->value.size > 0;
}

static void fill_links(struct op *op, const struct request *request, struct browse_page *page)
{
    const struct search *form = &page->form;
    str query = inputs_query(op->arena, search_fields, form, false);
    page->filtered = is_given(&form->min_price) || is_given(&form->max_price) ||
                     is_given(&form->from) || is_given(&form->to);
    page->searched = page->filtered || is_given(&form->q) ||
                     (is_given(&form->category) && !str_is(form->category.value, "any"));
    page->later = cursor_asked(op, request).size > 0;
    page->first_url = query.size > 0 ? path_with(op, "/?", query, "") : S("/");
    page->next_url = page_url(op, "/", query, cursor_next(op, &request->asks->list[1].response));
    page->categories = options_of(op->arena, category_choices, form->category.value);
    page->sorts = options_of(op->arena, sort_choices, form->sort.value);
}

err show_browse(struct op *op, const struct request *request, struct response *response)
{
    struct visit visit;
    struct browse_page page = { .count = 0 };
    if (!visit_begin(&visit, op, request, response, EVERYBODY, (str){ NULL, 0 }))
        return OK;
    const struct response *answer = visit_answer(&visit, 1);
    read_search(op, request, &page.form);
    fill_links(op, request, &page);
    if (answer->status == STATUS_INVALID) {
        page.problem =
            inputs_blame(op->arena, &visit.voice, search_fields, &page.form, answer->body);
        return visit_show(&visit, &browse_template, browse_page_fields, &page, STATUS_INVALID);
    }
    if (!visit_got(&visit, 1) || !read_list(op->arena, answer->body, shown_ticket_fields,
                                            sizeof(struct ticket), &page.tickets))
        return visit_refuse(&visit, answer);
    page.count = (int64_t)page.tickets.count;
    return visit_show_cacheable(&visit, &browse_template, browse_page_fields, &page);
}
