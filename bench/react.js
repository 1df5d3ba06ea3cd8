/* The peer of the pages: the list and a ticket as Usher shows them to a visitor who has not signed
 * in, as React components that Express renders to a string.  It does less than Usher: tickets come
 * from memory, nobody's cookie is looked at, and there is one language. */
"use strict";

const { createRequire } = require("node:module");
const require_npm = createRequire(`${__dirname}/npm/`);
const express = require_npm("express");
const { createElement: h, Fragment } = require_npm("react");
const { renderToString } = require_npm("react-dom/server");

const tickets = JSON.parse(process.env.BENCH_TICKETS);
const byId = new Map(tickets.map((ticket) => [ticket.id, ticket]));

/* ---- words ---- */

const categories = {
    any: "All",
    concert: "Concerts",
    sports: "Sports",
    theatre: "Theatre",
    comedy: "Comedy",
    festival: "Festivals",
    other: "Other",
};
const sorts = {
    newest: "Newest",
    price: "Lowest price",
    "-price": "Highest price",
    startsAt: "Soonest",
};
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

const money = (amount) => `$${amount.toFixed(2)}`;

function dayAndTime(date) {
    const minutes = String(date.getUTCMinutes()).padStart(2, "0");
    return (
        `${days[date.getUTCDay()]} ${date.getUTCDate()} ${months[date.getUTCMonth()]} ` +
        `${date.getUTCFullYear()}, ${date.getUTCHours()}:${minutes}`
    );
}

/* ---- the frame ---- */

function Mark() {
    return h(
        "svg",
        { className: "mark", viewBox: "0 0 32 32", "aria-hidden": true },
        h("path", { d: "M4 8h24v5a3 3 0 0 0 0 6v5H4v-5a3 3 0 0 0 0-6z" }),
        h("path", { className: "mark-tear", d: "M20 9v14" }),
    );
}

function Head({ title }) {
    const color = (content, scheme) =>
        h("meta", { name: "theme-color", content, media: `(prefers-color-scheme: ${scheme})` });
    return h(
        "head",
        null,
        h("meta", { charSet: "utf-8" }),
        h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
        h("meta", { name: "color-scheme", content: "light dark" }),
        color("#fbf8f3", "light"),
        color("#130d1f", "dark"),
        h("title", null, `${title} · Usher`),
        h("link", { rel: "stylesheet", href: "/static/app.e2a5fbbafcab.css" }),
        h("link", { rel: "icon", type: "image/svg+xml", href: "/static/icon.23b24cf45d30.svg" }),
        h("script", { src: "/static/app.c851765cc96e.js", defer: true }),
    );
}

function TopSearch() {
    return h(
        "form",
        { className: "top-search", role: "search", method: "get", action: "/" },
        h("label", { className: "visually-hidden", htmlFor: "top-q" }, "Event or venue"),
        h("input", {
            id: "top-q",
            name: "q",
            type: "search",
            placeholder: "Event or venue",
            maxLength: 100,
        }),
        h(
            "button",
            { className: "lens", "aria-label": "Search" },
            h(
                "svg",
                { viewBox: "0 0 24 24", "aria-hidden": true },
                h("circle", { cx: "10.5", cy: "10.5", r: "6.5" }),
                h("path", { d: "m15.5 15.5 5 5" }),
            ),
        ),
    );
}

function Top({ browse, here }) {
    const next = encodeURIComponent(here);
    return h(
        "header",
        { className: "top" },
        h(
            "div",
            { className: "wrap" },
            h("a", { className: "brand", href: "/" }, h(Mark), " Usher"),
            !browse && h(TopSearch),
            h("button", { className: "menu-button", type: "button", popoverTarget: "menu" }, "Menu"),
            h(
                "nav",
                { className: "nav", id: "menu", popover: "", "aria-label": "Main" },
                h("a", { href: "/", "aria-current": browse ? "page" : undefined }, "Browse"),
                h("a", { href: "/tickets/new" }, "Sell a ticket"),
                h("a", { href: `/auth/signin?next=${next}` }, "Sign in"),
                h(
                    "a",
                    { className: "button small primary", href: `/auth/signup?next=${next}` },
                    "Sign up",
                ),
            ),
        ),
    );
}

function Foot({ here }) {
    const promise =
        "Every price is the price you pay. A ticket is yours alone while you check out.";
    const other = `/language/de?next=${encodeURIComponent(here)}`;
    return h(
        "footer",
        { className: "foot" },
        h(
            "div",
            { className: "wrap" },
            h("p", { className: "foot-brand" }, h(Mark), " Usher"),
            h("p", { className: "foot-promise" }, promise),
            h(
                "p",
                { className: "foot-links" },
                h("a", { href: other, hrefLang: "de", lang: "de" }, "Deutsch"),
            ),
        ),
    );
}

function Page({ title, browse, here, children }) {
    return h(
        "html",
        { lang: "en" },
        h(Head, { title }),
        h(
            "body",
            null,
            h("a", { className: "skip", href: "#main" }, "Skip to content"),
            h(Top, { browse, here }),
            h("main", { id: "main", tabIndex: -1 }, children),
            h("p", { className: "visually-hidden", role: "status", "data-announce": "" }),
            h(Foot, { here }),
        ),
    );
}

/* ---- the list ---- */

function Field({ name, label, type, inputMode }) {
    return h(
        "div",
        { className: "field" },
        h("label", { htmlFor: name }, label),
        h("input", { id: name, name, type, defaultValue: "", inputMode, "aria-describedby": "" }),
    );
}

function Filters() {
    const options = Object.entries(sorts).map(([value, text]) =>
        h("option", { key: value, value }, text),
    );
    return h(
        "details",
        { className: "filters" },
        h("summary", { className: "button small" }, "Filter and sort"),
        h(
            "div",
            { className: "filter-grid" },
            h(Field, { name: "minPrice", label: "Price from", type: "text", inputMode: "decimal" }),
            h(Field, { name: "maxPrice", label: "Price up to", type: "text", inputMode: "decimal" }),
            h(Field, { name: "from", label: "From", type: "date" }),
            h(Field, { name: "to", label: "Until", type: "date" }),
            h(
                "div",
                { className: "field" },
                h("label", { htmlFor: "sort" }, "Sort by"),
                h("select", { id: "sort", name: "sort", defaultValue: "newest" }, options),
            ),
            h("button", { className: "button primary", name: "category", value: "" }, "Show tickets"),
        ),
    );
}

function Hero() {
    const lead = "Lock the one you want for 15 minutes, pay by card, and it is yours.";
    return h(
        "div",
        { className: "hero" },
        h(
            "div",
            { className: "wrap" },
            h("h1", null, "Tickets from fans, for fans"),
            h("p", { className: "lead" }, lead),
            h(
                "div",
                { className: "search" },
                h("label", { className: "visually-hidden", htmlFor: "q" }, "Event or venue"),
                h("input", {
                    id: "q",
                    name: "q",
                    type: "search",
                    defaultValue: "",
                    placeholder: "Event or venue",
                    maxLength: 100,
                }),
                h("button", { className: "button primary", name: "category", value: "" }, "Search"),
            ),
        ),
    );
}

function Search() {
    const chips = Object.entries(categories).map(([value, text]) =>
        h(
            "button",
            {
                key: value,
                className: `chip cat-${value}`,
                name: "category",
                value,
                "aria-pressed": value === "any",
            },
            text,
        ),
    );
    return h(
        "form",
        { role: "search", method: "get", action: "/", "aria-label": "Search", "data-tidy": "" },
        h(Hero),
        h(
            "div",
            { className: "wrap" },
            h(
                "div",
                { className: "toolbar" },
                h("div", { className: "chips", role: "group", "aria-label": "Category" }, chips),
                h(Filters),
            ),
        ),
    );
}

function Stub({ date }) {
    return h(
        "div",
        { className: "stub", "aria-hidden": true },
        h("span", { className: "stub-month" }, months[date.getUTCMonth()]),
        h("span", { className: "stub-day" }, String(date.getUTCDate())),
        h("span", { className: "stub-weekday" }, days[date.getUTCDay()]),
    );
}

function Card({ ticket }) {
    const date = new Date(ticket.startsAt);
    const time = h("time", { dateTime: ticket.startsAt }, dayAndTime(date));
    return h(
        "li",
        {
            className: `card cat-${ticket.category}`,
            "data-ticket": ticket.id,
            "data-status": ticket.status,
        },
        h(Stub, { date }),
        h(
            "div",
            { className: "card-body" },
            h("p", { className: "category" }, categories[ticket.category]),
            h(
                "h3",
                { className: "card-title" },
                h("a", { href: `/tickets/${ticket.id}` }, ticket.title),
            ),
            h(
                "ul",
                { className: "card-meta" },
                h("li", null, ticket.venue),
                h("li", null, time),
                h("li", null, ticket.seat),
            ),
            h(
                "p",
                { className: "card-foot" },
                h("span", { className: "price", "data-price": "" }, money(ticket.price)),
                " ",
                h("span", { className: "face-value" }, `originally ${money(ticket.faceValue)}`),
            ),
        ),
    );
}

function ListPage() {
    const cards = tickets.map((ticket) => h(Card, { key: ticket.id, ticket }));
    return h(
        Page,
        { title: "Tickets", browse: true, here: "/" },
        h(Search),
        h(
            "section",
            { className: "wrap results", "aria-labelledby": "results" },
            h("h2", { id: "results" }, "On sale now"),
            h(
                "ul",
                {
                    className: "cards",
                    "data-region": "list",
                    "data-gone": "No longer available",
                    "data-more": "New tickets: show them",
                },
                cards,
            ),
        ),
    );
}

/* ---- one ticket ---- */

function CategoryMark() {
    return h(
        "svg",
        { className: "category-mark", viewBox: "0 0 24 24", "aria-hidden": true },
        h("path", { d: "M9 17V5l11-2v12" }),
        h("circle", { cx: "6.5", cy: "17", r: "2.5" }),
        h("circle", { cx: "17.5", cy: "15", r: "2.5" }),
    );
}

function Poster({ ticket }) {
    const crumbs = h(
        "nav",
        { className: "crumbs", "aria-label": "Where you are" },
        h("a", { href: "/" }, "Browse"),
        " ",
        h("a", { href: `/?category=${ticket.category}` }, categories[ticket.category]),
    );
    const status = { className: "status status-available", "data-say": "" };
    return h(
        "header",
        { className: "poster" },
        h(
            "div",
            { className: "wrap" },
            crumbs,
            h(CategoryMark),
            h("h1", null, ticket.title),
            h("p", null, h("span", status, "Available")),
        ),
    );
}

function Fact({ name, children }) {
    return h("div", null, h("dt", null, name), h("dd", null, children));
}

function About({ ticket }) {
    const time = h("time", { dateTime: ticket.startsAt }, dayAndTime(new Date(ticket.startsAt)));
    const zone = h("span", { className: "zone" }, "UTC");
    return h(
        "div",
        { className: "ticket-about" },
        h(
            "section",
            { className: "panel facts-panel", "aria-labelledby": "details" },
            h("h2", { className: "visually-hidden", id: "details" }, "Details"),
            h(
                "dl",
                { className: "facts" },
                h(Fact, { name: "When it begins" }, h(Fragment, null, time, " ", zone)),
                h(Fact, { name: "Venue" }, ticket.venue),
                h(Fact, { name: "Seat" }, ticket.seat),
                h(Fact, { name: "Original price" }, money(ticket.faceValue)),
            ),
        ),
        h(
            "section",
            { className: "about", "aria-labelledby": "about" },
            h("h2", { id: "about" }, "Description"),
            h("p", { className: "lines" }, ticket.description),
        ),
    );
}

function Buy({ ticket, here }) {
    const signIn = `/auth/signin?next=${encodeURIComponent(here)}`;
    return h(
        "aside",
        { className: "buy panel buy-now", "aria-label": "Buy" },
        h(
            "p",
            { className: "buy-price" },
            h("span", { className: "price" }, money(ticket.price)),
            " ",
            h("span", { className: "hint" }, "all in, nothing added later"),
        ),
        ticket.faceValue > ticket.price &&
            h("p", { className: "badge" }, "Below its original price"),
        h("a", { className: "button primary wide", href: signIn }, "Sign in to buy"),
        h(
            "p",
            { className: "hint buy-hint" },
            "It is held for you while you pay. No one else can take it.",
        ),
    );
}

function TicketPage({ ticket }) {
    const here = `/tickets/${ticket.id}`;
    return h(
        Page,
        { title: ticket.title, browse: false, here },
        h(
            "article",
            {
                className: `ticket cat-${ticket.category}`,
                "data-region": "ticket",
                "data-status": ticket.status,
            },
            h(Poster, { ticket }),
            h("div", { className: "wrap ticket-columns" }, h(About, { ticket }), h(Buy, { ticket, here })),
        ),
    );
}

/* ---- the server ---- */

const app = express();

function show(response, page) {
    response.send(`<!doctype html>${renderToString(page)}`);
}

app.get("/", (request, response) => show(response, h(ListPage)));
app.get("/tickets/:id", (request, response) => {
    const ticket = byId.get(request.params.id);
    if (ticket === undefined) {
        response.status(404).send("Not found");
        return;
    }
    show(response, h(TicketPage, { ticket }));
});

const server = app.listen(0, "127.0.0.1", () => {
    console.log(server.address().port);
});
