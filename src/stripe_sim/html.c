#include "stripe_sim/html.h"

void sim_html_add(struct buf *out, str text)
{
    for (size_t i = 0; i < text.size; i++) {
        switch (text.data[i]) {
        case '<':
            buf_add(out, S("&lt;"));
            break;
        case '>':
            buf_add(out, S("&gt;"));
            break;
        case '&':
            buf_add(out, S("&amp;"));
            break;
        case '"':
            buf_add(out, S("&quot;"));
            break;
        case '\'':
            buf_add(out, S("&#39;"));
            break;
        default:
            buf_add_char(out, text.data[i]);
        }
    }
}

void sim_html_add_amount(struct buf *out, int64_t amount, str currency)
{
    buf_addf(out, "%lld.%02lld ", (long long)(amount / 100), (long long)(amount % 100));
    for (size_t i = 0; i < currency.size; i++)
        buf_add_char(out, (char)(currency.data[i] - 'a' + 'A'));
}

/* ---- addresses ---- */

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static size_t host_size(str text)
{
    size_t size = 0;
    while (size < text.size &&
           (is_letter_or_digit(text.data[size]) || strchr(".-:[]", text.data[size]) != NULL))
        size++;
    return size;
}

static bool is_plain(str text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~' || strchr("\"<>\\^`|", text.data[i]) != NULL)
            return false;
    }
    return true;
}

str sim_url_origin(struct sim *sim, str url)
{
    size_t scheme = str_starts(url, S("https://"))  ? S("https://").size
                    : str_starts(url, S("http://")) ? S("http://").size
                                                    : 0;
    str rest = { url.data + scheme, url.size - scheme };
    size_t size = scheme == 0 ? 0 : host_size(rest);
    if (size == 0 || !is_plain(rest) ||
        (size < rest.size && strchr("/?#", rest.data[size]) == NULL))
        return (str){ NULL, 0 };
    return str_copy(sim->op->arena, (str){ url.data, scheme + size });
}

/* ---- pages ---- */

static const char top[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"stylesheet\" href=\"" STYLE_PATH
    "\">\n<title>";
static const char middle[] =
    "</title>\n</head>\n<body>\n<header><p><strong>Simulated payments</strong> "
    "No money moves here, and no real card is accepted.</p></header>\n<main>\n";

/* A policy can name no host with brackets: then any host of the scheme. */
static str policy_of(struct sim *sim, str next)
{
    bool brackets = next.data != NULL && memchr(next.data, '[', next.size) != NULL;
    str allowed = brackets ? str_starts(next, S("https")) ? S("https:") : S("http:") : next;
    return sim_format(sim->op,
                      "default-src 'none'; style-src 'self'; base-uri 'none';"
                      " frame-ancestors 'none'; form-action 'self' %.*s",
                      (int)allowed.size, allowed.data ? allowed.data : "");
}

static void add_safety(struct response *response, str policy)
{
    response_add(response, "Content-Security-Policy", policy);
    response_add(response, "X-Content-Type-Options", S("nosniff"));
    response_add(response, "Referrer-Policy", S("no-referrer"));
}

err sim_html_reply(struct sim *sim, struct response *response, int status, const char *title,
                   str body, str next)
{
    struct buf out = buf_in(sim->op->arena, body.size + 1024);
    buf_add(&out, str_of(top));
    sim_html_add(&out, str_of(title));
    buf_add(&out, str_of(middle));
    buf_add(&out, body);
    buf_add(&out, S("</main>\n</body>\n</html>\n"));
    response->status = status;
    response->content_type = S("text/html; charset=utf-8");
    response->body = buf_str(&out);
    add_safety(response, policy_of(sim, next));
    response_add(response, "Cache-Control", S("no-store"));
    return OK;
}

void sim_html_redirect(struct response *response, str url)
{
    response->status = 303;
    response->content_type = S("text/plain; charset=utf-8");
    response->body = S("");
    response_add(response, "Location", url);
    response_add(response, "Cache-Control", S("no-store"));
    response_add(response, "Referrer-Policy", S("no-referrer"));
}

/* ---- style ---- */

static const char style[] =
    ":root{color-scheme:light dark;--text:#1a1f36;--soft:#4f566b;--page:#f7f8fa;--card:#fff;"
    "--line:#8792a2;--accent:#4a3fd0;--on-accent:#fff;--bad:#b3093c;--bad-page:#fdf0f3;"
    "--note:#fff5d6;--on-note:#5a3d00}\n"
    "@media (prefers-color-scheme:dark){:root{--text:#f0f2f7;--soft:#b8c0d0;--page:#12141c;"
    "--card:#1c2030;--line:#7a849a;--accent:#a9a1ff;--on-accent:#12141c;--bad:#ff8fab;"
    "--bad-page:#3a1520;--note:#3d3210;--on-note:#ffe9b0}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--page);color:var(--text);"
    "font:1rem/1.5 system-ui,-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif}\n"
    "header{background:var(--note);color:var(--on-note);padding:.5rem 1rem;text-align:center}\n"
    "header p{margin:0}\n"
    "main{max-width:28rem;margin:1.5rem auto;padding:1.5rem;background:var(--card);"
    "border-radius:.75rem;box-shadow:0 1px 4px #0003}\n"
    "h1{font-size:1.15rem;margin:0 0 .25rem;color:var(--soft);font-weight:500}\n"
    ".amount{font-size:2rem;font-weight:650;margin:0 0 1rem}\n"
    "ul.items{list-style:none;margin:0 0 1.25rem;padding:0;border-bottom:1px solid var(--line)}\n"
    "ul.items li{display:flex;justify-content:space-between;gap:1rem;padding:.35rem 0}\n"
    "ul.items li>span:last-child{white-space:nowrap}\n"
    "ul.items small{display:block;color:var(--soft)}\n"
    "label{display:block;font-weight:600;margin:.9rem 0 .25rem}\n"
    "input{width:100%;font:inherit;padding:.6rem .7rem;color:inherit;background:var(--card);"
    "border:1px solid var(--line);border-radius:.4rem}\n"
    "input[aria-invalid]{border-color:var(--bad);border-width:2px}\n"
    ".pair{display:grid;grid-template-columns:1fr 1fr;gap:1rem}\n"
    ".wrong{color:var(--bad);margin:.25rem 0 0;font-size:.92rem}\n"
    ".alert{background:var(--bad-page);border-left:4px solid var(--bad);padding:.7rem 1rem;"
    "border-radius:.3rem;margin:0 0 1rem}\n"
    "button,.button{display:inline-block;width:100%;margin-top:1.25rem;padding:.75rem;font:inherit;"
    "font-weight:650;text-align:center;text-decoration:none;color:var(--on-accent);"
    "background:var(--accent);border:2px solid var(--accent);border-radius:.4rem;cursor:pointer}\n"
    "button.plain{background:transparent;color:var(--accent);margin-top:.75rem}\n"
    ":focus-visible{outline:3px solid var(--accent);outline-offset:2px}\n"
    "a{color:var(--accent)}\n"
    ".back{margin:1.25rem 0 0;text-align:center}\n"
    "details{margin-top:1.5rem;color:var(--soft);font-size:.92rem}\n"
    "details td{padding:.1rem .6rem .1rem 0;vertical-align:top}\n"
    "details td:first-child{font-variant-numeric:tabular-nums;white-space:nowrap}\n";

err sim_style_reply(struct response *response)
{
    response->status = 200;
    response->content_type = S("text/css; charset=utf-8");
    response->body = str_of(style);
    response_add(response, "Cache-Control", S("max-age=300"));
    response_add(response, "X-Content-Type-Options", S("nosniff"));
    return OK;
}
