// The simulator of Stripe where more than a payment happens: hosted checkout, webhooks, disputes,
// connected accounts and the balance, by Stripe's own client.  usage: node stripe_money_test.mjs USHER
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import {
    WEBHOOK_SECRET, address, checkSamples, client, control, refused, runTests, sample, start, stop,
    stripe, written,
} from './stripe_harness.mjs';

// ---- the shop's end of webhooks ----

const heard = []; // { header, body, type, headers }
let answerWith = () => 200;
const wake = [];

const shop = createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
        const body = Buffer.concat(parts).toString();
        const { type } = JSON.parse(body);
        const status = answerWith(type);
        heard.push({ header: request.headers['stripe-signature'], body, type, status, headers: request.headers });
        response.writeHead(status).end(status === 200 ? '' : 'no');
        wake.splice(0).forEach((resolve) => resolve());
    });
});
shop.listen(0, '127.0.0.1');
await once(shop, 'listening');
const WEBHOOKS = `http://127.0.0.1:${shop.address().port}/api/payments/webhook`;

async function hear(predicate) {
    const deadline = Date.now() + 10000;
    for (;;) {
        const found = heard.find(predicate);
        if (found)
            return found;
        assert.ok(Date.now() < deadline, `heard only ${heard.map((h) => h.type)}`);
        await Promise.race([new Promise((resolve) => { wake.push(resolve); }),
            new Promise((resolve) => { setTimeout(resolve, 100); })]);
    }
}

const verify = ({ body, header }, secret = WEBHOOK_SECRET) =>
    stripe.webhooks.constructEvent(body, header, secret, 300);

async function fresh() {
    await control('POST', '/_sim/reset');
    await control('POST', '/_sim/webhooks', { mode: 'send' });
    answerWith = () => 200;
    heard.length = 0;
}

// ---- payments ----

const HOLD = {
    amount: 2000, currency: 'usd', capture_method: 'manual', confirm: true,
    payment_method: 'pm_card_visa', metadata: { order_id: 'o1' }, transfer_group: 'order_o1',
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
};
const hold = (more, options) => stripe.paymentIntents.create({ ...HOLD, ...more }, options);
const paid = (more) => hold({ capture_method: 'automatic', ...more });

const now = () => Math.floor(Date.now() / 1000);
const SESSION = {
    mode: 'payment',
    line_items: [{
        quantity: 1,
        price_data: { currency: 'usd', unit_amount: 2005, product_data: { name: 'Row <7> & seat "9"' } },
    }],
    payment_intent_data: {
        capture_method: 'manual', metadata: { order_id: 'o1', charge_id: 'c1' },
        transfer_group: 'order_o1', description: 'A ticket',
    },
    client_reference_id: 'o1', metadata: { order_id: 'o1' },
    success_url: 'http://127.0.0.1:9/back?session={CHECKOUT_SESSION_ID}',
    cancel_url: 'http://127.0.0.1:9/orders/o1',
};
const session = (more, options) => stripe.checkout.sessions.create(
    { ...SESSION, expires_at: now() + 31 * 60, ...more }, options);

const CARDS = {
    visa: '4242 4242 4242 4242', declined: '4000 0000 0000 0002', bank: '4000 0000 0000 3220',
    bankThenDeclined: '4000 0084 0000 1629', disputed: '4000-0000-0000-0259',
};

function submit(url, fields) {
    return fetch(url, {
        method: 'POST', redirect: 'manual',
        body: new URLSearchParams({
            number: CARDS.visa, expiry: '12 / 34', cvc: '123', name: 'Alice', email: 'alice@example.com',
            ...fields,
        }),
    });
}

/* What is told before it is written down: our answer arrives before the simulator has taken it in. */
async function eventually(check) {
    const end = Date.now() + 10000;
    for (;;) {
        try {
            return await check();
        } catch (error) {
            if (Date.now() > end)
                throw error;
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
    }
}

const tests = {
    // ---- hosted checkout ----

    async a_session_is_paid_on_its_page() {
        await fresh();
        const made = sample('Stripe.Checkout.Session', 'an open one', await session());
        assert.equal(made.status, 'open');
        assert.equal(made.payment_status, 'unpaid');
        assert.equal(made.payment_intent, null);
        assert.equal(made.amount_total, 2005);
        assert.match(made.id, /^cs_test_/);
        const page = await (await fetch(made.url)).text();
        assert.match(page, /Row &lt;7&gt; &amp; seat &quot;9&quot;/);
        assert.match(page, /20\.05 USD/);
        const answer = await submit(made.url);
        assert.equal(answer.status, 303);
        assert.equal(answer.headers.get('location'), `http://127.0.0.1:9/back?session=${made.id}`);
        const done = sample('Stripe.Checkout.Session', 'a complete one',
            await stripe.checkout.sessions.retrieve(made.id, { expand: ['payment_intent'] }));
        assert.equal(done.status, 'complete');
        assert.equal(done.payment_status, 'unpaid'); // until it is captured
        assert.equal(done.url, null);
        assert.equal(done.customer_details.email, 'alice@example.com');
        const intent = sample('Stripe.PaymentIntent', 'of a session', done.payment_intent);
        assert.equal(intent.status, 'requires_capture');
        assert.deepEqual(intent.metadata, { order_id: 'o1', charge_id: 'c1' });
        assert.equal(intent.transfer_group, 'order_o1');
        await stripe.paymentIntents.capture(intent.id);
        assert.equal((await stripe.checkout.sessions.retrieve(made.id)).payment_status, 'paid');
        const { data } = await stripe.events.list();
        assert.deepEqual(data.map((event) => event.type).reverse(), [
            'payment_intent.created', 'charge.succeeded', 'payment_intent.amount_capturable_updated',
            'checkout.session.completed', 'charge.captured', 'payment_intent.succeeded']);
        data.forEach((event) => { sample('Stripe.Event', event.type, event); });
    },

    async another_card_may_be_tried_while_it_is_open() {
        const made = await session({ customer_email: 'bob@example.com' });
        const declined = await submit(made.url, { number: CARDS.declined });
        assert.equal(declined.status, 402);
        assert.match(await declined.text(), /role="alert">Your card was declined/);
        assert.equal((await stripe.checkout.sessions.retrieve(made.id)).status, 'open');
        const asked = await submit(made.url, { number: CARDS.bank });
        assert.equal(asked.status, 303);
        const bank = new URL(asked.headers.get('location'), made.url).href;
        assert.match(await (await fetch(bank)).text(), /20\.05 USD/);
        const refusedByBank = await fetch(bank,
            { method: 'POST', redirect: 'manual', body: new URLSearchParams({ decision: 'fail' }) });
        const back = new URL(refusedByBank.headers.get('location'), made.url).href;
        assert.match(await (await fetch(back)).text(), /unable to authenticate/);
        const again = await submit(made.url, { number: CARDS.bank });
        const passed = await fetch(new URL(again.headers.get('location'), made.url),
            { method: 'POST', redirect: 'manual', body: new URLSearchParams({ decision: 'ok' }) });
        const onward = await fetch(new URL(passed.headers.get('location'), made.url), { redirect: 'manual' });
        assert.equal(onward.headers.get('location'), `http://127.0.0.1:9/back?session=${made.id}`);
        const done = await stripe.checkout.sessions.retrieve(made.id);
        assert.equal(done.status, 'complete');
        const list = await stripe.paymentIntents.list();
        assert.equal(list.data.filter((intent) => intent.id === done.payment_intent).length, 1);
        // Whoever comes back to the page goes on to the shop, and pays nothing again.
        assert.equal((await submit(made.url)).status, 303);
        const charges = await stripe.charges.list({ payment_intent: done.payment_intent });
        assert.deepEqual(charges.data.map((charge) => charge.status), ['succeeded', 'failed']);
    },

    async an_expired_session_cannot_be_paid() {
        const made = await session();
        await submit(made.url, { number: CARDS.declined });
        const gone = await stripe.checkout.sessions.expire(made.id);
        assert.equal(sample('Stripe.Checkout.Session', 'an expired one', gone).status, 'expired');
        assert.equal((await stripe.paymentIntents.retrieve(gone.payment_intent)).status, 'canceled');
        const answer = await submit(made.url);
        assert.equal(answer.status, 410);
        assert.match(await answer.text(), /has expired/);
        const error = await refused(stripe.checkout.sessions.expire(made.id), 'StripeInvalidRequestError');
        assert.match(error.message, /status of `expired`/);
        const late = await session();
        await control('POST', '/_sim/clock', { advanceMs: 32 * 60 * 1000 });
        assert.equal((await stripe.checkout.sessions.retrieve(late.id)).status, 'expired');
        assert.equal((await stripe.events.list({ type: 'checkout.session.expired' })).data.length, 2);
        await control('POST', '/_sim/reset');
    },

    async a_complete_session_is_not_expired_and_its_hold_can_be_canceled() {
        const made = await session();
        await submit(made.url);
        const error = await refused(stripe.checkout.sessions.expire(made.id), 'StripeInvalidRequestError');
        assert.match(error.message, /status of `complete`/);
        const { payment_intent } = await stripe.checkout.sessions.retrieve(made.id);
        assert.equal((await stripe.paymentIntents.cancel(payment_intent)).status, 'canceled');
    },

    async an_open_sessions_intent_ends_with_the_session_alone() {
        const made = await session();
        await submit(made.url, { number: CARDS.declined });
        const { payment_intent } = await stripe.checkout.sessions.retrieve(made.id);
        await refused(stripe.paymentIntents.cancel(payment_intent), 'StripeInvalidRequestError');
    },

    async what_a_session_asks_for_is_checked() {
        const strange = (more, members) => refused(session(more), 'StripeInvalidRequestError', members);
        await strange({ expires_at: now() + 29 * 60 }, { param: 'expires_at' });
        await strange({ expires_at: now() + 25 * 3600 }, { param: 'expires_at' });
        await strange({ colour: 'red' }, { code: 'parameter_unknown' });
        await strange({ success_url: 'javascript:alert(1)' }, { code: 'url_invalid' });
        await strange({ cancel_url: 'http://a"b/' }, { code: 'url_invalid' });
        await strange({ line_items: undefined }, { param: 'line_items' });
        await strange({ mode: 'subscription' }, { param: 'mode' });
        await strange({ line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: 10, product_data: { name: 'x' } } }] },
            { code: 'amount_too_small' });
        const first = await session({ expires_at: now() + 40 * 60 }, { idempotencyKey: 'session-1' });
        const listed = await stripe.checkout.sessions.list({ limit: 3 });
        sample('Stripe.ApiList<Stripe.Checkout.Session>', 'sessions', listed);
        assert.equal(listed.data[0].id, first.id);
        const items = await stripe.checkout.sessions.listLineItems(first.id);
        assert.equal(items.data[0].description, 'Row <7> & seat "9"');
        assert.equal(items.data[0].amount_total, 2005);
        const { price, ...item } = items.data[0];
        sample("Omit<Stripe.LineItem, 'price'>", 'a line item', item);
        const { unit_amount_decimal, ...rest } = price;
        assert.equal(String(unit_amount_decimal), '2005');
        sample("Omit<Stripe.Price, 'unit_amount_decimal'>", 'its price', rest);
    },

    async the_page_is_safe() {
        const made = await session({ line_items: [{ quantity: 2, price_data: { currency: 'usd', unit_amount: 100,
            product_data: { name: '<script>alert(1)</script>', description: '"><img src=x>' } } }] });
        const answer = await submit(made.url, { number: '4242 4242 4242 4241', name: '"><script>', cvc: '1', expiry: '13/34' });
        const page = await answer.text();
        assert.equal(answer.status, 400);
        assert.ok(!page.includes('<script') && !page.includes('<img') && !page.includes('4241'), page);
        assert.equal(page.match(/aria-invalid="true"/g).length, 3);
        const policy = answer.headers.get('content-security-policy');
        assert.match(policy, /default-src 'none'/);
        assert.match(policy, /form-action 'self' http:\/\/127\.0\.0\.1:9$/);
        assert.equal(answer.headers.get('cache-control'), 'no-store');
        assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
        assert.equal((await fetch(new URL('/c/style.css', made.url))).headers.get('content-type'), 'text/css; charset=utf-8');
        const mixedUp = await (await submit(made.url, { name: '4242424242424242' })).text();
        assert.match(mixedUp, /a card&#39;s number, not a name/);
        const real = await submit(made.url, { number: '4000 0000 0000 0028' });
        assert.equal(real.status, 402);
        assert.match(await real.text(), /non test card/);
        assert.equal((await stripe.checkout.sessions.retrieve(made.id)).payment_intent, null);
    },

    async card_numbers_are_written_nowhere() {
        const made = await session();
        for (const number of Object.values(CARDS))
            await submit(made.url, { number });
        await submit(made.url, { number: '4000000000000028', name: '4242424242424242' });
        await control('GET', '/_sim/requests');
        const all = written();
        for (const number of [...Object.values(CARDS), '4000000000000028'])
            assert.ok(!all.includes(number) && !all.includes(number.replaceAll(/[ -]/g, '')), number);
    },

    // ---- intents ----

    async metadata_is_merged() {
        const held = await hold();
        const more = await stripe.paymentIntents.update(held.id,
            { metadata: { seat: '"9"', order_id: 'o2' }, description: 'Another' });
        assert.deepEqual(more.metadata, { order_id: 'o2', seat: '"9"' });
        assert.equal(more.description, 'Another');
        const less = await stripe.paymentIntents.update(held.id, { metadata: { seat: '' } });
        assert.deepEqual(less.metadata, { order_id: 'o2' });
        const caught = await stripe.paymentIntents.capture(held.id, { metadata: { captured_by: 'us' } });
        assert.deepEqual(caught.metadata, { order_id: 'o2', captured_by: 'us' });
        const none = await stripe.paymentIntents.update(held.id, { metadata: '' });
        assert.deepEqual(none.metadata, {});
        await refused(stripe.paymentIntents.update(held.id, { amount: 5000 }), 'StripeInvalidRequestError',
            { code: 'payment_intent_unexpected_state' });
    },

    // ---- webhooks ----

    async webhooks_are_believed_by_stripes_own_verifier() {
        await fresh();
        const held = await hold({}, { idempotencyKey: 'webhook-1' });
        const told = await hear(({ type }) => type === 'payment_intent.amount_capturable_updated');
        const event = verify(told);
        assert.equal(event.data.object.id, held.id);
        assert.equal(event.request.idempotency_key, 'webhook-1');
        assert.equal(event.livemode, false);
        assert.equal(told.headers['content-type'], 'application/json; charset=utf-8');
        assert.equal(told.headers.authorization, undefined);
        sample('Stripe.Event', 'a webhook', JSON.parse(told.body));
        assert.throws(() => verify({ ...told, body: told.body.replace('2000', '2001') }));
        assert.throws(() => verify(told, 'whsec_another'));
        await eventually(async () => {
            const { data } = await stripe.events.list();
            assert.equal(data.find(({ id }) => id === event.id).pending_webhooks, 0);
        });
    },

    async what_does_not_arrive_is_sent_again() {
        await fresh();
        answerWith = () => 500;
        await hold();
        await hear(({ type }) => type === 'payment_intent.created');
        assert.equal((await stripe.events.list({ delivery_success: false })).data.length, 3);
        assert.equal((await stripe.events.list({ delivery_success: true })).data.length, 0);
        answerWith = () => 200;
        await hear((_, at) => at >= 2);
        await control('POST', '/_sim/clock', { advanceMs: 6000 });
        const again = await hear(({ type, status }) => type === 'payment_intent.created' && status === 200);
        verify(again);
        await control('POST', '/_sim/reset');
    },

    async webhooks_get_lost_and_are_doubled_as_asked() {
        await fresh();
        await control('POST', '/_sim/webhooks', { mode: 'drop', types: 'charge.*' });
        await hold();
        await hear(({ type }) => type === 'payment_intent.amount_capturable_updated');
        assert.equal(heard.filter(({ type }) => type.startsWith('charge.')).length, 0);
        await eventually(async () => assert.deepEqual(
            (await stripe.events.list({ delivery_success: false })).data.map(({ type }) => type), ['charge.succeeded']));
        heard.length = 0;
        await control('POST', '/_sim/webhooks', { mode: 'duplicate', copies: 5, types: '*.created' });
        await hold();
        await hear(() => heard.length === 7);
        const copies = heard.filter(({ type }) => type === 'payment_intent.created');
        assert.equal(new Set(copies.map(({ body }) => JSON.parse(body).id)).size, 1);
        heard.length = 0;
        await control('POST', '/_sim/webhooks', { mode: 'reissue', types: 'payment_intent.created' });
        await hold();
        await hear(() => heard.length === 4);
        const twins = heard.filter(({ type }) => type === 'payment_intent.created').map((told) => verify(told));
        assert.equal(new Set(twins.map(({ id }) => id)).size, 2);
        assert.deepEqual(twins[0].data, twins[1].data);
    },

    async webhooks_are_held_and_let_go_in_any_order() {
        const order = ['payment_intent.created', 'charge.succeeded', 'payment_intent.amount_capturable_updated'];
        const orders = new Set();
        for (const [mode, seed] of [['hold', 0], ['reverse', 0], ['shuffle', 1], ['shuffle', 1], ['shuffle', 2], ['shuffle', 5]]) {
            await fresh();
            await control('POST', '/_sim/webhooks', { mode, seed });
            await hold();
            assert.equal(heard.length, 0);
            assert.deepEqual((await control('GET', '/_sim/webhooks')).map(({ state }) => state), ['held', 'held', 'held']);
            assert.deepEqual(await control('POST', '/_sim/flush'), { released: 3 });
            await hear(() => heard.length === 3);
            const types = heard.map(({ type }) => type);
            if (mode !== 'shuffle')
                assert.deepEqual(types, mode === 'hold' ? order : order.toReversed());
            else
                orders.add(`${seed} ${types}`);
        }
        assert.equal(orders.size, 3, [...orders].join('\n')); // the same for the same seed
    },

    async webhooks_are_forged_stale_and_of_the_wrong_mode_as_asked() {
        const first = async (plan) => {
            await fresh();
            await control('POST', '/_sim/webhooks', plan);
            await hold();
            return hear(({ type }) => type === 'charge.succeeded');
        };
        assert.throws(() => verify({ body: '{}', header: '' }));
        const forged = await first({ mode: 'bad_signature' });
        assert.throws(() => verify(forged), /No signatures found/);
        const stale = await first({ mode: 'age', ageMs: 301000 });
        assert.throws(() => verify(stale), /Timestamp outside/);
        verify(await first({ mode: 'age', ageMs: 290000 }));
        assert.equal(verify(await first({ mode: 'live' })).livemode, true);
    },

    async a_secret_is_rolled_with_both_signing_for_a_while() {
        await fresh();
        await control('POST', '/_sim/webhook_endpoints/we_configured/roll',
            { secret: 'whsec_the_second_one', keepMs: 3600000 });
        await hold();
        const told = await hear(({ type }) => type === 'charge.succeeded');
        verify(told);
        verify(told, 'whsec_the_second_one');
        heard.length = 0;
        await control('POST', '/_sim/clock', { advanceMs: 3600001 });
        await hold();
        const later = await hear(({ type }) => type === 'charge.succeeded');
        verify(later, 'whsec_the_second_one');
        assert.throws(() => verify(later));
        await control('POST', '/_sim/webhook_endpoints/we_configured/roll', { secret: WEBHOOK_SECRET });
    },

    async endpoints_are_made_and_taken_away() {
        await fresh();
        const made = await stripe.webhookEndpoints.create({ url: WEBHOOKS, enabled_events: ['refund.created'] });
        sample('Stripe.WebhookEndpoint', 'a new one', made);
        assert.match(made.secret, /^whsec_/);
        const { id } = await paid();
        await stripe.refunds.create({ payment_intent: id });
        await hear(({ type }) => type === 'charge.refunded');
        await hear(() => heard.filter(({ type }) => type === 'refund.created').length === 2);
        const [one, other] = heard.filter(({ type }) => type === 'refund.created');
        const mine = [one, other].filter((told) => {
            try { return verify(told, made.secret); } catch { return false; }
        });
        assert.equal(mine.length, 1);
        const disabled = await stripe.webhookEndpoints.update(made.id, { disabled: true });
        assert.equal(sample('Stripe.WebhookEndpoint', 'disabled', disabled).status, 'disabled');
        assert.equal((await stripe.webhookEndpoints.list()).data.length, 2);
        const gone = await stripe.webhookEndpoints.del(made.id);
        assert.equal(sample('Stripe.DeletedWebhookEndpoint', 'gone', gone).deleted, true);
        await refused(stripe.webhookEndpoints.retrieve(made.id), 'StripeInvalidRequestError', { statusCode: 404 });
    },

    async webhooks_survive_a_kill() {
        await fresh();
        answerWith = () => 500;
        await hold();
        await hear(() => heard.length === 3);
        await stop('SIGKILL');
        answerWith = () => 200;
        await start();
        await control('POST', '/_sim/flush');
        await hear(() => heard.filter(({ status }) => status === 200).length >= 3);
        assert.equal(new Set(heard.filter(({ status }) => status === 200).map((told) => verify(told).id)).size, 3);
    },

    // ---- disputes and refunds ----

    async a_dispute_is_lost_or_won() {
        await fresh();
        const bought = await paid({ payment_method: 'pm_card_createDispute' });
        const [dispute] = (await stripe.disputes.list({ payment_intent: bought.id })).data;
        sample('Stripe.Dispute', 'a new one', dispute);
        assert.equal(dispute.status, 'needs_response');
        assert.equal(dispute.is_charge_refundable, false);
        assert.equal(dispute.balance_transactions[0].net, -3500);
        await refused(stripe.refunds.create({ payment_intent: bought.id }), 'StripeInvalidRequestError',
            { code: 'charge_disputed' });
        const answered = await stripe.disputes.update(dispute.id,
            { evidence: { uncategorized_text: 'winning_evidence' } });
        assert.equal(sample('Stripe.Dispute', 'a won one', answered).status, 'won');
        assert.equal(answered.balance_transactions.length, 2);
        await stripe.refunds.create({ payment_intent: bought.id });
        const lost = await paid({ payment_method: 'pm_card_createDisputeProductNotReceived' });
        const [other] = (await stripe.disputes.list({ charge: lost.latest_charge })).data;
        assert.equal(other.reason, 'product_not_received');
        assert.equal((await stripe.disputes.close(other.id)).status, 'lost');
        await refused(stripe.disputes.close(other.id), 'StripeInvalidRequestError');
        const ledger = await control('GET', '/_sim/ledger');
        assert.equal(ledger.disputed, 2000);
        assert.deepEqual(ledger.disputes.map(({ status }) => status), ['won', 'lost']);
        const types = (await stripe.events.list({ type: 'charge.dispute.*' })).data;
        types.forEach((event) => { sample('Stripe.Event', event.type, event); });
        assert.deepEqual(types.map(({ type }) => type.slice(15)).reverse(), [
            'created', 'funds_withdrawn', 'closed', 'funds_reinstated', 'created', 'funds_withdrawn', 'closed']);
    },

    async an_inquiry_withdraws_nothing_until_it_escalates() {
        const { id, latest_charge } = await paid({ payment_method: 'pm_card_createDisputeInquiry' });
        const [inquiry] = (await stripe.disputes.list({ payment_intent: id })).data;
        sample('Stripe.Dispute', 'an inquiry', inquiry);
        assert.equal(inquiry.status, 'warning_needs_response');
        assert.equal(inquiry.is_charge_refundable, true);
        assert.deepEqual(inquiry.balance_transactions, []);
        await control('POST', `/_sim/disputes/${inquiry.id}/escalate`);
        const chargeback = await stripe.disputes.retrieve(inquiry.id);
        assert.equal(chargeback.status, 'needs_response');
        assert.equal(chargeback.balance_transactions.length, 1);
        await control('POST', `/_sim/disputes/${inquiry.id}/win`);
        const { disputed } = await stripe.charges.retrieve(latest_charge);
        assert.equal(disputed, true);
        const later = await paid();
        const opened = await control('POST', `/_sim/charges/${later.latest_charge}/dispute`, { reason: 'duplicate' });
        assert.equal(opened.reason, 'duplicate');
    },

    // ---- the balance ----

    async every_movement_is_in_the_balance() {
        await fresh();
        const bought = await paid();
        const { balance_transaction } = await stripe.charges.retrieve(bought.latest_charge);
        const movement = await stripe.balanceTransactions.retrieve(balance_transaction);
        sample('Stripe.BalanceTransaction', 'of a charge', movement);
        assert.deepEqual([movement.amount, movement.fee, movement.net, movement.status], [2000, 88, 1912, 'pending']);
        const refund = await stripe.refunds.create({ payment_intent: bought.id, amount: 500 });
        assert.equal((await stripe.balanceTransactions.retrieve(refund.balance_transaction)).net, -500);
        const balance = sample('Stripe.Balance', 'the balance', await stripe.balance.retrieve());
        assert.equal(balance.pending[0].amount, 1912);
        assert.equal(balance.available[0].amount, -500);
        await control('POST', '/_sim/clock', { advanceMs: 2 * 24 * 3600 * 1000 + 1000 });
        assert.equal((await stripe.balance.retrieve()).available[0].amount, 1412);
        const { data } = await stripe.balanceTransactions.list({ source: refund.id });
        assert.equal(data.length, 1);
        await control('POST', `/_sim/refunds/${refund.id}/fail`);
        assert.equal((await stripe.balance.retrieve()).available[0].amount, 1912);
        await control('POST', '/_sim/reset');
    },

    // ---- connected accounts ----

    async a_seller_is_onboarded_and_paid() {
        await fresh();
        const account = await stripe.accounts.create({
            type: 'express', country: 'US', email: 'bob@example.com', metadata: { user_id: 'u1' },
            capabilities: { transfers: { requested: true } },
        }, { idempotencyKey: 'account-1' });
        sample('Stripe.Account', 'a new one', account);
        assert.equal(account.capabilities.transfers, 'inactive');
        assert.equal(account.payouts_enabled, false);
        assert.equal(account.requirements.disabled_reason, 'requirements.past_due');
        const bought = await paid();
        const transfer = { amount: 1800, currency: 'usd', destination: account.id, source_transaction: bought.latest_charge };
        await refused(stripe.transfers.create(transfer), 'StripeInvalidRequestError',
            { code: 'insufficient_capabilities_for_transfer' });

        const link = await stripe.accountLinks.create({
            account: account.id, type: 'account_onboarding',
            refresh_url: 'http://127.0.0.1:9/refresh', return_url: 'http://127.0.0.1:9/return',
        });
        sample('Stripe.AccountLink', 'a link', link);
        const page = await (await fetch(link.url)).text();
        const form = page.match(/name="form" value="([^"]+)"/)[1];
        const second = await fetch(link.url, { redirect: 'manual' });
        assert.equal(second.headers.get('location'), 'http://127.0.0.1:9/refresh'); // it works once
        const decide = (fields) => fetch(link.url, { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) });
        assert.equal((await decide({ form: 'x', decision: 'complete' })).headers.get('location'), 'http://127.0.0.1:9/refresh');
        assert.equal((await decide({ form, decision: 'complete' })).headers.get('location'), 'http://127.0.0.1:9/return');
        const told = verify(await hear(({ type }) => type === 'account.updated'));
        assert.equal(told.account, account.id);
        sample('Stripe.Event', 'account.updated', told);
        const ready = sample('Stripe.Account', 'an onboarded one', await stripe.accounts.retrieve(account.id));
        assert.equal(ready.capabilities.transfers, 'active');
        assert.equal(ready.payouts_enabled && ready.details_submitted, true);
        assert.equal(ready.requirements.disabled_reason, null);

        const sent = await stripe.transfers.create(transfer, { idempotencyKey: 'transfer:o1' });
        sample('Stripe.Transfer', 'a transfer', sent);
        assert.equal(sent.transfer_group, 'order_o1');
        const replayed = await stripe.transfers.create(transfer, { idempotencyKey: 'transfer:o1' });
        assert.equal(replayed.id, sent.id);
        const error = await refused(stripe.transfers.create({ ...transfer, amount: 300 }), 'StripeInvalidRequestError');
        assert.match(error.message, /must not exceed the source amount of \$20\.00.*amounting to \$18\.00/);

        const reversal = await stripe.transfers.createReversal(sent.id, { amount: 800, metadata: { why: 'refund' } });
        sample('Stripe.TransferReversal', 'a reversal', reversal);
        await control('POST', `/_sim/accounts/${account.id}/payout`);
        await refused(stripe.transfers.createReversal(sent.id), 'StripeInvalidRequestError', { code: 'balance_insufficient' });
        const after = sample('Stripe.Transfer', 'partly reversed', await stripe.transfers.retrieve(sent.id));
        assert.equal(after.amount_reversed, 800);
        assert.equal(after.reversed, false);
        assert.equal(after.reversals.data[0].id, reversal.id);
        assert.equal((await stripe.transfers.retrieveReversal(sent.id, reversal.id)).amount, 800);
        assert.equal((await stripe.transfers.listReversals(sent.id)).data.length, 1);
        assert.equal((await stripe.transfers.list({ transfer_group: 'order_o1' })).data.length, 1);
        assert.equal((await stripe.transfers.list({ destination: 'acct_none' })).data.length, 0);
        const ledger = await control('GET', '/_sim/ledger');
        assert.equal(ledger.transferred, 1000);
        assert.deepEqual(ledger.transfers.map(({ amount, reversed }) => [amount, reversed]), [[1800, 800]]);
        for (const type of ['transfer.created', 'transfer.reversed'])
            sample('Stripe.Event', type, (await stripe.events.list({ type })).data[0]);
        await control('POST', `/_sim/accounts/${account.id}/restrict`);
        const stopped = sample('Stripe.Account', 'a restricted one', await stripe.accounts.retrieve(account.id));
        assert.equal(stopped.requirements.disabled_reason, 'rejected.other');
        assert.equal(stopped.capabilities.transfers, 'inactive');
    },

    async a_transfer_without_a_source_needs_available_money() {
        await fresh();
        const account = await stripe.accounts.create({ country: 'DE', default_currency: 'eur',
            controller: { stripe_dashboard: { type: 'none' }, fees: { payer: 'application' }, losses: { payments: 'application' }, requirement_collection: 'application' },
            capabilities: { transfers: { requested: true } } });
        sample('Stripe.Account', 'by controller', account);
        await control('POST', `/_sim/accounts/${account.id}/onboard`);
        await paid();
        const transfer = { amount: 1000, currency: 'usd', destination: account.id };
        await refused(stripe.transfers.create(transfer), 'StripeInvalidRequestError', { code: 'balance_insufficient' });
        await paid({ payment_method: 'pm_card_bypassPending' });
        assert.equal((await stripe.transfers.create(transfer)).source_transaction, null);
        const held = await hold();
        await refused(stripe.transfers.create({ ...transfer, source_transaction: held.latest_charge }), 'StripeInvalidRequestError',
            { param: 'source_transaction' });
        await refused(client('sk_live_x').accounts.list(), 'StripeAuthenticationError');
        assert.match(address, /^http/);
    },

    // ---- shapes ----

    async every_answer_has_the_shape_that_the_types_name() {
        await checkSamples();
    },
};

await runTests(tests, WEBHOOKS);
shop.closeAllConnections();
shop.close();
