// The shop as people meet it: in a real browser, on a phone and at a desk, with JavaScript and
// without.  usage: node site_test.mjs USHER [NAME…]   (a NAME may be a part of one)
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { all_pages } from './pages.mjs';
import { DESKTOP, PASSWORD, PHONE, Shop, axe_source, launch_browser } from './shop.mjs';

const LIST_WEIGHT_MAX = 30_000;
const FULL_LIST = 24;
const [program, ...wanted] = process.argv.slice(2);

const shop = await Shop.start(program, '--sample-data');
const browser = await launch_browser();
let people = 0;

const somebody = (name = 'Somebody') => {
    people += 1;
    return shop.sign_up(`somebody-${people}@example.com`, name);
};

// ---- looking ----

const faults = []; // of the test that runs: what no page may ever do

function watch(page) {
    const documents = new Set();
    page.on('response', (response) => {
        if (response.request().isNavigationRequest())
            documents.add(response.url());
        if (response.status() >= 500)
            faults.push(`${response.status()} ${response.url()}`);
    });
    page.on('request', (request) => {
        if (!request.url().startsWith(shop.url) && !other_shops.some((url) => request.url().startsWith(url)))
            faults.push(`asks another host: ${request.url()}`);
    });
    page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
    page.on('console', (message) => {
        // a page that says 404 is one that is shown: only what it loads must be there
        const shown = message.text().startsWith('Failed to load') && documents.has(message.location().url);
        if (['error', 'warning'].includes(message.type()) && !shown)
            faults.push(`console: ${message.text()}`);
    });
}

const other_shops = [];

/* A browser of one's own, signed in as who (null: nobody). */
async function visit(who, options = {}) {
    const context = await browser.newContext({ viewport: DESKTOP, locale: 'en-GB', baseURL: shop.url, ...options });
    context.setDefaultTimeout(10_000);
    if (who)
        await context.addCookies([who.cookie()]);
    const page = await context.newPage();
    watch(page);
    return page;
}

const leave = (...pages) => Promise.all(pages.map((page) => page.context().close()));
const heading = (page) => page.textContent('h1');
const path_of = (page) => new URL(page.url()).pathname;

/* Clicks, and waits for the page that comes of it. */
const go = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);

/* As if news did not arrive in time. */
const hear_nothing = (page) => page.addInitScript(() => { delete window.EventSource; });

const BUY = '.buy .button.primary';

// ---- the flows, each on four kinds of machine ----

const machines = [
    ['on a phone', { viewport: PHONE, hasTouch: true, isMobile: true }],
    ['on a phone without JavaScript', { viewport: PHONE, javaScriptEnabled: false }],
    ['at a desk', {}],
    ['at a desk without JavaScript', { javaScriptEnabled: false }],
];
const flows = {
    async one_lists_edits_and_withdraws_a_ticket(machine) {
        const page = await visit(await somebody(), machine);
        await page.goto('/tickets/new');
        await page.fill('#title', 'An evening at the opera');
        await page.fill('#price', '64.50');
        await page.selectOption('#category', 'theatre');
        await page.fill('#startsAt', '2099-05-04T19:30');
        await page.fill('#venue', 'Court Theatre');
        await go(page, 'main form .button.primary');
        assert.match(await page.textContent('.flash'), /on sale/);
        assert.equal(await heading(page), 'An evening at the opera');
        assert.match(await page.textContent('.facts'), /Mon 4 May 2099, 19:30/);
        assert.equal(await page.textContent('.buy .price'), '$64.50');

        await go(page, '.buy .button.primary');
        assert.equal(await page.inputValue('#price'), '64.50');
        await page.fill('#price', '60');
        await go(page, 'main form .button.primary');
        assert.equal(await page.textContent('.buy .price'), '$60.00');

        await page.goto('/selling');
        await go(page, '.row-actions form button');
        assert.match(await page.textContent('.flash'), /off the market/);
        assert.match(await page.textContent('.status'), /Withdrawn/);
        await leave(page);
    },

    async one_buys_with_a_card_and_has_a_receipt(machine) {
        const ticket = await (await somebody()).list({ title: 'Bought by card', price: '30' });
        const page = await visit(await somebody(), machine);
        await page.goto(`/tickets/${ticket.id}`);
        await go(page, BUY);
        assert.match(path_of(page), /^\/orders\//);
        assert.match(await page.textContent('.countdown-left'), /15 minutes left|1[45]:\d\d/);
        await go(page, '.pay-panel .button.primary');
        await go(page, 'main form .button.primary');
        await page.waitForSelector('.status-completed');
        assert.match(await page.textContent('.receipt'), /Receipt[^]*\$30\.00/);
        await leave(page);
    },

    async a_declined_card_is_said_and_costs_nothing(machine) {
        const ticket = await (await somebody()).list({ title: 'Declined' });
        const page = await visit(await somebody(), machine);
        await page.goto(`/tickets/${ticket.id}`);
        await go(page, BUY);
        await go(page, '.pay-panel .button.primary');
        await page.check('input[value="pm_card_visa_chargeDeclined"]');
        await go(page, 'main form .button.primary');
        assert.match(await page.textContent('main'), /declined[^]*Nothing was charged/);
        await leave(page);
    },

    async of_two_who_buy_at_once_one_gets_it(machine) {
        const ticket = await (await somebody()).list({ title: 'Wanted by two' });
        const pages = [await visit(await somebody(), machine), await visit(await somebody(), machine)];
        for (const page of pages) {
            await hear_nothing(page);
            await page.goto(`/tickets/${ticket.id}`);
        }
        await Promise.all(pages.map((page) => go(page, BUY)));
        const winners = pages.filter((page) => path_of(page).startsWith('/orders/'));
        const loser = pages.find((page) => !winners.includes(page));
        assert.equal(winners.length, 1);
        assert.match(await loser.textContent('[role=alert]'), /Somebody else was faster/);
        assert.equal(await loser.$(BUY), null);
        await leave(...pages);
    },

    async a_price_raised_while_buying_is_shown_and_not_paid(machine) {
        const seller = await somebody();
        const ticket = await seller.list({ title: 'Dearer by the minute', price: '20' });
        const page = await visit(await somebody(), machine);
        await hear_nothing(page);
        await page.goto(`/tickets/${ticket.id}`);
        await seller.ask('PUT', `/api/tickets/${ticket.id}`, { body: { title: ticket.title, price: '25' } });
        await go(page, BUY);
        assert.match(await page.textContent('[role=alert]'), /changed to 25/);
        assert.equal(await page.textContent('.buy .price'), '$25.00');
        await go(page, BUY);
        assert.match(await page.textContent('.receipt'), /\$25\.00/);
        await leave(page);
    },

    async an_order_is_let_go_and_the_ticket_is_for_sale_again(machine) {
        const ticket = await (await somebody()).list({ title: 'Let go' });
        const page = await visit(await somebody(), machine);
        await page.goto(`/tickets/${ticket.id}`);
        await go(page, BUY);
        await go(page, '.pay-actions form button');
        assert.match(await page.textContent('.flash'), /cancelled/);
        await go(page, 'main .panel .button');
        assert.match(await page.textContent('.status'), /Available/);
        await leave(page);
    },

    async strangers_sign_in_and_come_back_to_what_they_wanted(machine) {
        const buyer = await somebody();
        const ticket = await (await somebody()).list({ title: 'Worth an account' });
        const page = await visit(null, machine);
        await page.goto(`/tickets/${ticket.id}`);
        await go(page, BUY);
        assert.equal(path_of(page), '/auth/signin');
        await page.fill('#email', buyer.user.email);
        await page.fill('#password', 'not it');
        await go(page, 'main form .button.primary');
        assert.match(await page.textContent('[role=alert]'), /do not fit/);
        assert.equal(await page.inputValue('#email'), buyer.user.email);
        await page.fill('#password', PASSWORD);
        await go(page, 'main form .button.primary');
        assert.equal(path_of(page), `/tickets/${ticket.id}`);

        const other = await visit(null, machine);
        await other.goto('/orders');
        assert.equal(path_of(other), '/auth/signin');
        await go(other, '.aside a');
        await other.fill('#name', 'New');
        await other.fill('#email', `new-${people}@example.com`);
        await other.fill('#password', PASSWORD);
        await go(other, 'main form .button.primary');
        assert.equal(path_of(other), '/orders');
        people += 1;
        await leave(page, other);
    },

    async errors_stand_beside_fields_and_keep_what_was_typed(machine) {
        const page = await visit(await somebody(), machine);
        await page.goto('/tickets/new');
        await page.fill('#price', 'a lot');
        await page.fill('#venue', 'The Cellar');
        await page.fill('#description', 'Two lines,\nkept.');
        await go(page, 'main form .button.primary');
        assert.equal(await page.inputValue('#price'), 'a lot');
        assert.equal(await page.inputValue('#venue'), 'The Cellar');
        assert.equal(await page.inputValue('#description'), 'Two lines,\nkept.');
        for (const name of ['title', 'price']) {
            assert.equal(await page.getAttribute(`#${name}`, 'aria-invalid'), 'true');
            const described = await page.getAttribute(`#${name}`, 'aria-describedby');
            assert.ok(described.split(' ').includes(`${name}-error`), described);
            assert.ok((await page.textContent(`#${name}-error`)).length > 5);
        }
        await page.click('[role=alert] a[href="#price"]');
        if (machine.javaScriptEnabled !== false)
            assert.equal(await page.evaluate(() => document.activeElement.id), 'price');
        await leave(page);
    },

    async people_search_and_filter(machine) {
        const seller = await somebody();
        const word = `zither${people}`;
        await seller.list({ title: `${word} night`, price: '12', category: 'concert' });
        await seller.list({ title: `${word} and comedy`, price: '40', category: 'comedy' });
        const page = await visit(null, machine);
        await page.goto('/');
        await page.fill('#q', word);
        await go(page, '.search .button');
        assert.equal(await page.locator('.card').count(), 2);
        await go(page, '.chip[value="comedy"]');
        assert.deepEqual(await page.locator('.card-title').allTextContents(), [`${word} and comedy`]);
        await page.click('.filters summary');
        await page.fill('#maxPrice', '20');
        await go(page, '.filter-grid .button');
        assert.match(await page.textContent('.empty'), /No ticket fits/);
        await go(page, '.chip[value="any"]');
        assert.deepEqual(await page.locator('.card-title').allTextContents(), [`${word} night`]);
        await leave(page);
    },
};

// ---- with the script ----

const scripted = {
    async F51_a_countdown_runs_by_the_servers_clock_and_warns_before_the_end() {
        const ticket = await (await somebody()).list();
        const buyer = await somebody();
        const order = await buyer.order(ticket);
        const page = await visit(buyer);
        await page.clock.install({ time: new Date('2001-01-01') }); // the visitor's clock is wrong
        await page.goto(`/orders/${order.id}`);
        assert.match(await page.textContent('[data-left]'), /^1[45]:\d\d$/);
        const said = () => page.textContent('[data-announce]');
        await page.clock.runFor('12:30');
        assert.match(await page.textContent('[data-left]'), /^2:\d\d$/);
        assert.equal(await said(), '');
        await page.clock.runFor('00:45');
        assert.equal(await said(), 'Two minutes left to pay');
        await page.clock.runFor('01:20');
        assert.equal(await said(), 'Thirty seconds left to pay');
        assert.equal(await page.getAttribute('[data-announce]', 'role'), 'status');
        await leave(page);
    },

    async a_lock_that_expires_is_seen_to_expire() {
        const hasty = await Shop.start(program, '--reservation', '4s');
        other_shops.push(hasty.url);
        const seller = await hasty.sign_up('seller@example.com', 'Seller');
        const buyer = await hasty.sign_up('buyer@example.com', 'Buyer');
        const ticket = await seller.list();
        const others = await visit(null, { baseURL: hasty.url });
        const order = await buyer.order(ticket);
        const page = await visit(buyer, { baseURL: hasty.url });
        await Promise.all([page.goto(`/orders/${order.id}`), others.goto(`/tickets/${ticket.id}`)]);
        await page.evaluate(() => { window.same_page = true; });
        await page.waitForSelector('.status-cancelled');
        assert.match(await page.textContent('main'), /The time to pay was over/);
        assert.ok(await page.evaluate(() => window.same_page), 'without loading the page again');
        await others.waitForSelector('.status-available');
        await others.waitForSelector(BUY);
        await leave(page, others);
        await hasty.stop();
    },

    async a_ticket_page_follows_its_ticket_and_keeps_the_focus() {
        const seller = await somebody();
        const ticket = await seller.list({ title: 'Followed', price: '20' });
        const page = await visit(await somebody());
        await page.goto(`/tickets/${ticket.id}`);
        await page.focus(BUY);
        await seller.ask('PUT', `/api/tickets/${ticket.id}`, { body: { title: ticket.title, price: '18' } });
        await page.waitForFunction(() => document.querySelector('.buy .price').textContent === '$18.00');
        assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Buy for $18.00');
        const buyer = await somebody();
        const order = await buyer.order(ticket);
        await page.waitForSelector('.status-reserved');
        assert.equal(await page.textContent('[data-announce]'), 'Reserved');
        assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
        await buyer.pay(order);
        await page.waitForSelector('.status-sold');
        await leave(page);
    },

    async a_list_marks_what_goes_and_offers_what_comes() {
        const seller = await somebody();
        const ticket = await seller.list({ title: 'Going', price: '20' });
        const page = await visit(null);
        await page.goto('/');
        const card = `[data-ticket="${ticket.id}"]`;
        const place = await page.locator(card).boundingBox();
        const buyer = await somebody();
        const order = await buyer.order(ticket);
        await page.waitForSelector(`${card}.gone`);
        assert.match(await page.textContent(card), /No longer available/);
        assert.deepEqual(await page.locator(card).boundingBox(), place);
        await buyer.ask('DELETE', `/api/orders/${order.id}`);
        await page.waitForSelector(`${card}:not(.gone)`);
        await seller.list({ title: 'Coming', price: '20' });
        await go(page, '.more');
        assert.ok((await page.locator('.card-title').allTextContents()).includes('Coming'));
        await leave(page);
    },

    async a_double_click_orders_once_and_the_button_says_that_it_is_busy() {
        const ticket = await (await somebody()).list();
        const buyer = await somebody();
        const page = await visit(buyer);
        await page.goto(`/tickets/${ticket.id}`);
        await page.evaluate((selector) => {
            const button = document.querySelector(selector);
            sessionStorage.seen = '';
            document.addEventListener('submit', (event) => {
                sessionStorage.seen += `${event.defaultPrevented ? 'held back' : 'sent'}, `;
            });
            setTimeout(() => { // when we are not waited for
                button.click();
                button.click();
                sessionStorage.seen += `${button.ariaDisabled} ${button.textContent}`;
            });
        }, BUY);
        await page.waitForURL('**/orders/*');
        assert.equal(await page.evaluate(() => sessionStorage.seen), 'sent, held back, true One moment…');
        assert.equal((await buyer.ask('GET', '/api/orders')).json.length, 1);
        await leave(page);
    },

    async nothing_jumps_while_a_page_comes_to_life() {
        const ticket = await (await somebody()).list();
        const buyer = await somebody();
        const order = await buyer.order(ticket);
        for (const path of ['/', `/tickets/${ticket.id}`, `/orders/${order.id}`]) {
            const page = await visit(buyer, { viewport: PHONE });
            await page.goto(path);
            const moved = await page.evaluate(() => new Promise((resolve) => {
                let sum = 0;
                new PerformanceObserver((list) => {
                    for (const entry of list.getEntries())
                        sum += entry.value;
                }).observe({ type: 'layout-shift', buffered: true });
                setTimeout(() => resolve(sum), 1500);
            }));
            assert.ok(moved < 0.01, `${path}: a layout shift of ${moved}`);
            await leave(page);
        }
    },

    async everything_can_be_reached_by_keyboard_and_shows_its_focus() {
        const page = await visit(await somebody());
        await page.goto('/');
        await page.keyboard.press('Tab');
        assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
        await page.keyboard.press('Enter');
        assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
        await page.goto('/');
        const reached = new Set();
        for (let i = 0; i < 60; i++) {
            await page.keyboard.press('Tab');
            const { name, visible } = await page.evaluate(() => {
                const element = document.activeElement;
                const shown = [element, element.closest('.card')].filter(Boolean)
                    .some((place) => getComputedStyle(place).outlineStyle !== 'none');
                return { name: element.outerHTML.slice(0, 60), visible: shown || element === document.body };
            });
            assert.ok(visible, `no focus is seen on ${name}`);
            reached.add(name);
        }
        const all = await page.evaluate(() =>
            [...document.querySelectorAll('a[href], button, input, select, summary')]
                .filter((element) => element.checkVisibility()).map((element) => element.outerHTML.slice(0, 60)));
        assert.deepEqual(all.filter((name) => !reached.has(name)), []);
        await leave(page);
    },
};

// ---- every page ----

const pages = await all_pages(shop);
const axe = readFileSync(axe_source, 'utf8');
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function open_page([, who, path, act], options) {
    const page = await visit(who, options);
    await page.goto(path);
    if (act)
        await act(page);
    return page;
}

async function axe_finds_nothing(scheme, viewport) {
    const found = [];
    for (const one of pages) {
        const page = await open_page(one, { colorScheme: scheme, viewport, reducedMotion: 'reduce' });
        await page.evaluate(axe);
        const { violations } = await page.evaluate((tags) => window.axe.run(document, {
            runOnly: tags, resultTypes: ['violations'],
        }), AXE_TAGS);
        for (const { id, nodes } of violations)
            found.push(`${one[0]}: ${id}: ${nodes.map((node) => node.html).slice(0, 2).join(' | ')}`);
        await leave(page);
    }
    assert.deepEqual(found, []);
}

const width_too_much = (page) => page.evaluate(() =>
    document.documentElement.scrollWidth - document.documentElement.clientWidth);

const everywhere = {
    axe_finds_nothing_at_a_desk_in_light: () => axe_finds_nothing('light', DESKTOP),
    axe_finds_nothing_on_a_phone_in_dark: () => axe_finds_nothing('dark', PHONE),

    async every_page_fits_narrow_and_wide_from_right_to_left_and_with_large_text() {
        const found = [];
        for (const one of pages) {
            const page = await open_page(one, { viewport: { width: 320, height: 640 } });
            const check = async (what) => {
                const more = await width_too_much(page);
                if (more > 0)
                    found.push(`${one[0]} ${what}: ${more} px too wide`);
            };
            await check('at 320 px');
            await page.evaluate(() => { document.documentElement.dir = 'rtl'; });
            await check('from right to left');
            await page.setViewportSize({ width: 640, height: 640 });
            await page.evaluate(() => {
                document.documentElement.dir = 'ltr';
                document.documentElement.style.fontSize = '200%';
            });
            await check('with text of 200 %');
            await page.evaluate(() => { document.documentElement.style.fontSize = ''; });
            await page.setViewportSize({ width: 1920, height: 1080 });
            await check('at 1920 px');
            await leave(page);
        }
        assert.deepEqual(found, []);
    },

    async a_full_list_page_weighs_less_than_30_kb() {
        const seller = await somebody();
        for (let i = 0; i < FULL_LIST; i++)
            await seller.list({ title: `Heavy ${i}: a night to remember`, venue: `Hall ${i}`, seat: `Row ${i}`, price: `${20 + i}`, faceValue: '90' });
        const html = await fetched('/');
        const files = [...html.text.matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map((match) => match[1]);
        assert.equal(files.length, 3);
        let bytes = html.bytes;
        for (const file of files) {
            const answer = await fetched(file);
            assert.match(answer.headers['cache-control'], /immutable/);
            bytes += answer.bytes;
        }
        console.log(`    the list page: ${bytes} bytes compressed, with style, script and icon`);
        assert.ok(bytes < LIST_WEIGHT_MAX, `${bytes} bytes`);
        const script = readFileSync(fileURLToPath(new URL('../../src/site/static/app.js', import.meta.url)));
        assert.ok(script.length < 15_000, `the script has ${script.length} bytes`);
    },

    every_pair_of_text_and_ground_has_enough_contrast() {
        const css = readFileSync(fileURLToPath(new URL('../../src/site/static/app.css', import.meta.url)), 'utf8');
        const blocks = [...css.matchAll(/:root \{([^}]*)\}/g)].map((match) => tokens_of(match[1]));
        const light = blocks[0];
        const dark = { ...light, ...blocks[1] };
        const posters = [...css.matchAll(/--poster: (#[0-9a-f]{6})/g)].map((match) => match[1]);
        assert.equal(posters.length, 6);
        for (const [scheme, token] of [['light', light], ['dark', dark]]) {
            const pairs = [['on-torch', 'torch'], ['on-torch', 'torch-hover'], ['night-soft', 'night'], ['paper', 'ink']];
            for (const ground of ['paper', 'surface', 'sunk'])
                pairs.push(['ink', ground], ['soft', ground], ['link', ground]);
            for (const kind of ['good', 'wait', 'bad', 'idle', 'concert', 'sports', 'theatre', 'comedy', 'festival', 'other'])
                pairs.push([kind, `${kind}-tint`], [kind, 'surface']);
            for (const [text, ground] of pairs)
                assert.ok(contrast(token[text], token[ground]) >= 4.5, `${scheme}: ${text} on ${ground}: ${contrast(token[text], token[ground])}`);
            for (const [mark, ground] of [['edge', 'surface'], ['edge', 'paper'], ['focus', 'paper'], ['focus', 'surface']])
                assert.ok(contrast(token[mark], token[ground]) >= 3, `${scheme}: ${mark} on ${ground}`);
        }
        for (const poster of posters) // under the brightest light that falls on it
            assert.ok(contrast('#ffffff', mixed('#ffffff', poster, 0x38 / 255)) >= 4.5, poster);
    },
};

function tokens_of(text) {
    return Object.fromEntries([...text.matchAll(/--([a-z-]+): (#[0-9a-f]{3,6});/g)]
        .map(([, name, hex]) => [name, hex.length === 4 ? `#${[...hex.slice(1)].map((c) => c + c).join('')}` : hex]));
}

const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

function mixed(over, under, share) {
    const [a, b] = [channels(over), channels(under)];
    return `#${a.map((value, i) => Math.round(value * share + b[i] * (1 - share)).toString(16).padStart(2, '0')).join('')}`;
}

function luminance(hex) {
    const [r, g, b] = channels(hex).map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
    const [darker, lighter] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (lighter + 0.05) / (darker + 0.05);
}

/* As a browser asks; the bytes of the body as they come over the wire. */
function fetched(path) {
    return new Promise((resolve, reject) => {
        http.get(shop.url + path, { headers: { 'Accept-Encoding': 'gzip' } }, (answer) => {
            const parts = [];
            answer.on('data', (part) => parts.push(part));
            answer.on('end', async () => {
                const body = Buffer.concat(parts);
                const packed = answer.headers['content-encoding'] === 'gzip';
                const { gunzipSync } = await import('node:zlib');
                resolve({ headers: answer.headers, bytes: body.length, text: String(packed ? gunzipSync(body) : body) });
            });
        }).on('error', reject);
    });
}

// ---- running ----

const tests = [
    ...machines.flatMap(([where, machine]) => Object.entries(flows)
        .map(([name, flow]) => [`${name} (${where})`, () => flow(machine)])),
    ...Object.entries(scripted),
    ...Object.entries(everywhere),
].filter(([name]) => wanted.length === 0 || wanted.some((part) => name.includes(part)));

let failed = 0;
console.log(`[==========] Running ${tests.length} test(s).`);
for (const [name, test] of tests) {
    faults.length = 0;
    const began = Date.now();
    try {
        await test();
        assert.deepEqual(faults, []);
        console.log(`[       OK ] ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    } catch (error) {
        failed += 1;
        console.log(`${error.stack}\n[  FAILED  ] ${name}`);
    }
}
if (failed > 0)
    console.log(`[  FAILED  ] ${failed} test(s), listed below:`);
await browser.close();
assert.equal(await shop.stop(), 0, 'the shop ended well');
process.exit(failed > 0 ? 1 : 0);
