// The simulator of Stripe, as Stripe's own client sees it: what it does, and that every object it
// answers with has the shape that the client's types name.  usage: node stripe_sim_test.mjs USHER
import assert from 'node:assert/strict';
import {
    checkSamples, checkTypes, client, control, declare, refused, runTests, sample, samples, start, stop,
    stripe,
} from './stripe_harness.mjs';

// ---- payments ----

const HOLD = {
    amount: 2000, currency: 'usd', capture_method: 'manual', confirm: true,
    payment_method: 'pm_card_visa', metadata: { order_id: 'o1' }, description: 'A ticket',
    transfer_group: 'order_o1', statement_descriptor_suffix: 'TICKET',
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
};

const hold = (more, options) => stripe.paymentIntents.create({ ...HOLD, ...more }, options);

const tests = {
    async a_hold_is_captured() {
        const held = sample('Stripe.PaymentIntent', 'a hold', await hold());
        assert.equal(held.status, 'requires_capture');
        assert.equal(held.amount_capturable, 2000);
        const paid = await stripe.paymentIntents.capture(held.id);
        sample('Stripe.PaymentIntent', 'a captured hold', paid);
        assert.equal(paid.status, 'succeeded');
        assert.equal(paid.metadata.order_id, 'o1');
        assert.match(paid.lastResponse.requestId, /^req_[A-Za-z0-9]{24}$/);
        assert.equal(paid.lastResponse.apiVersion, '2026-10-28.endive');
    },

    async a_hold_is_canceled() {
        const held = await hold();
        const canceled = await stripe.paymentIntents.cancel(held.id, { cancellation_reason: 'abandoned' });
        assert.equal(sample('Stripe.PaymentIntent', 'canceled', canceled).status, 'canceled');
        const again = await refused(stripe.paymentIntents.cancel(held.id), 'StripeInvalidRequestError',
            { code: 'payment_intent_unexpected_state' });
        assert.equal(again.payment_intent.status, 'canceled');
        await refused(stripe.paymentIntents.capture(held.id), 'StripeInvalidRequestError',
            { code: 'payment_intent_unexpected_state' });
    },

    async a_payment_is_made_step_by_step() {
        const method = await stripe.paymentMethods.create({
            type: 'card', card: { token: 'tok_mastercard' }, billing_details: { name: 'Alice' },
        });
        sample('Stripe.PaymentMethod', 'a card', method);
        assert.equal(method.card.brand, 'mastercard');
        assert.equal(method.billing_details.name, 'Alice');
        sample('Stripe.PaymentMethod', 'retrieved', await stripe.paymentMethods.retrieve(method.id));
        const intent = await stripe.paymentIntents.create(
            { amount: 500, currency: 'eur', payment_method_types: ['card'] });
        sample('Stripe.PaymentIntent', 'a new one', intent);
        assert.equal(intent.status, 'requires_payment_method');
        const paid = await stripe.paymentIntents.confirm(intent.id, { payment_method: method.id });
        assert.equal(paid.status, 'succeeded');
        const read = await stripe.paymentIntents.retrieve(intent.id, { expand: ['latest_charge'] });
        sample('Stripe.PaymentIntent', 'with its charge', read);
        assert.equal(read.latest_charge.payment_method_details.card.last4, '4444');
        const charge = await stripe.charges.retrieve(read.latest_charge.id);
        assert.equal(sample('Stripe.Charge', 'a charge', charge).captured, true);
    },

    async a_decline_tells_why() {
        const error = await refused(
            hold({ payment_method: 'pm_card_visa_chargeDeclinedInsufficientFunds' }), 'StripeCardError',
            { statusCode: 402, code: 'card_declined', decline_code: 'insufficient_funds' });
        sample('Stripe.PaymentIntent', 'a declined one', error.payment_intent);
        sample('Stripe.PaymentMethod', 'of the error', error.payment_method);
        assert.equal(error.payment_intent.status, 'requires_payment_method');
        assert.equal(error.payment_intent.last_payment_error.decline_code, 'insufficient_funds');
        const charge = await stripe.charges.retrieve(error.charge);
        assert.equal(sample('Stripe.Charge', 'a failed one', charge).status, 'failed');
        assert.equal(charge.outcome.type, 'issuer_declined');
    },

    async authentication_redirects() {
        const asked = await stripe.paymentIntents.create({
            ...HOLD, automatic_payment_methods: undefined, payment_method_types: ['card'],
            payment_method: 'pm_card_threeDSecure2Required', return_url: 'http://127.0.0.1/back',
        });
        sample('Stripe.PaymentIntent', 'to be authenticated', asked);
        assert.equal(asked.status, 'requires_action');
        const { url, return_url } = asked.next_action.redirect_to_url;
        assert.equal(return_url, 'http://127.0.0.1/back');
        assert.match(await (await fetch(url)).text(), /Confirm the payment/);
        const answer = await fetch(url, {
            method: 'POST', redirect: 'manual', body: new URLSearchParams({ decision: 'ok' }),
        });
        assert.equal(answer.status, 303);
        const held = await stripe.paymentIntents.retrieve(asked.id);
        assert.equal(held.status, 'requires_capture');
        const sdk = await hold({ payment_method: 'pm_card_threeDSecure2Required' });
        sample('Stripe.PaymentIntent', 'to be authenticated by Stripe.js', sdk);
        assert.equal(sdk.next_action.type, 'use_stripe_sdk');
    },

    async refunds_are_made_and_listed() {
        const paid = await hold({ capture_method: 'automatic' });
        const refund = await stripe.refunds.create(
            { payment_intent: paid.id, amount: 500, reason: 'requested_by_customer', metadata: { a: 'b' } });
        sample('Stripe.Refund', 'a refund', refund);
        assert.equal(refund.status, 'succeeded');
        await stripe.refunds.create({ payment_intent: paid.id });
        await refused(stripe.refunds.create({ payment_intent: paid.id }), 'StripeInvalidRequestError',
            { code: 'charge_already_refunded' });
        const { data } = await stripe.refunds.list({ payment_intent: paid.id });
        assert.deepEqual(data.map((r) => r.amount), [1500, 500]);
        const failing = await hold({ capture_method: 'automatic', payment_method: 'pm_card_refundFail' });
        const failed = await stripe.refunds.create({ payment_intent: failing.id });
        await control('POST', `/_sim/refunds/${failed.id}/fail`);
        const read = await stripe.refunds.retrieve(failed.id);
        assert.equal(sample('Stripe.Refund', 'a failed one', read).status, 'failed');
        const waiting = await hold({ capture_method: 'automatic', payment_method: 'pm_card_pendingRefund' });
        const pending = await stripe.refunds.create({ payment_intent: waiting.id });
        assert.equal(sample('Stripe.Refund', 'a pending one', pending).status, 'pending');
    },

    async lists_page_by_themselves() {
        await control('POST', '/_sim/reset');
        for (let i = 0; i < 5; i += 1)
            await hold({ amount: 100 + i });
        const amounts = [];
        for await (const intent of stripe.paymentIntents.list({ limit: 2 }))
            amounts.push(intent.amount);
        assert.deepEqual(amounts, [104, 103, 102, 101, 100]);
        const future = Math.floor(Date.now() / 1000) + 1000;
        const none = await stripe.paymentIntents.list({ created: { gte: future } });
        assert.equal(sample('Stripe.ApiList<Stripe.PaymentIntent>', 'no intents', none).data.length, 0);
    },

    async events_tell_what_happened() {
        await control('POST', '/_sim/reset');
        const held = await hold({ payment_method: 'pm_card_createDispute' }, { idempotencyKey: 'create-1' });
        await stripe.paymentIntents.capture(held.id);
        const { data } = await stripe.events.list({ limit: 100 });
        data.reverse();
        assert.deepEqual(data.map((event) => event.type), [
            'payment_intent.created', 'charge.succeeded', 'payment_intent.amount_capturable_updated',
            'charge.captured', 'charge.dispute.created', 'charge.dispute.funds_withdrawn',
            'payment_intent.succeeded',
        ]);
        data.forEach((event) => { sample('Stripe.Event', event.type, event); });
        assert.equal(data[0].request.idempotency_key, 'create-1');
        const some = await stripe.events.list({ types: ['charge.captured', 'charge.succeeded'] });
        assert.equal(some.data.length, 2);
        assert.equal((await stripe.events.retrieve(data[6].id)).data.object.status, 'succeeded');
    },

    // ---- errors and keys ----

    async errors_are_of_the_class_that_stripe_means() {
        await refused(client('sk_live_x').paymentIntents.list(), 'StripeAuthenticationError', { statusCode: 401 });
        await refused(stripe.paymentIntents.retrieve('pi_none'), 'StripeInvalidRequestError',
            { statusCode: 404, code: 'resource_missing', param: 'intent' });
        await refused(hold({ amount: 10 }), 'StripeInvalidRequestError', { code: 'amount_too_small' });
        await refused(hold({ colour: 'red' }), 'StripeInvalidRequestError',
            { code: 'parameter_unknown', param: 'colour' });
        await refused(hold({ payment_method: 'pm_none' }), 'StripeInvalidRequestError',
            { code: 'resource_missing', param: 'payment_method' });
        await refused(stripe.rawRequest('GET', '/v1/nothing'), 'StripeInvalidRequestError', { statusCode: 404 });
        for (const [status, type] of [[429, 'StripeRateLimitError'], [503, 'StripeAPIError'],
            [409, 'StripeAPIError'], [403, 'StripePermissionError']]) {
            await control('POST', '/_sim/faults', { do: 'status', status });
            await refused(hold(), type, { statusCode: status });
        }
    },

    async a_key_gives_the_same_answer_twice() {
        const first = await hold({}, { idempotencyKey: 'twice' });
        const second = await hold({}, { idempotencyKey: 'twice' });
        assert.equal(second.id, first.id);
        const { headers } = second.lastResponse;
        assert.equal(headers['idempotent-replayed'], 'true');
        assert.equal(headers['original-request'], first.lastResponse.requestId);
        assert.equal(second.lastResponse.idempotencyKey, 'twice');
        await refused(hold({ amount: 3000 }, { idempotencyKey: 'twice' }), 'StripeIdempotencyError');
    },

    async a_lost_answer_is_found_again_by_its_key() {
        await control('POST', '/_sim/reset');
        // The client may ask again by itself when the connection ends: so every answer is lost.
        for (const [key, fault] of [['lost', 'drop'], ['cut', 'truncate'], ['broken', 'bad_json']]) {
            await control('POST', '/_sim/faults', { do: fault, when: 'after', forever: true });
            await assert.rejects(hold({}, { idempotencyKey: key }));
            await control('DELETE', '/_sim/faults');
            const found = await hold({}, { idempotencyKey: key });
            assert.equal(found.status, 'requires_capture');
            assert.equal(found.lastResponse.headers['idempotent-replayed'], 'true');
        }
        const ledger = await control('GET', '/_sim/ledger');
        assert.equal(ledger.held, 6000);
        assert.equal(ledger.payment_intents.length, 3);
    },

    async a_key_under_way_is_in_use_until_it_is_released() {
        await control('POST', '/_sim/faults', { do: 'hang', key: 'hangs' });
        const first = hold({}, { idempotencyKey: 'hangs' });
        for (;;) {
            const { length } = (await control('GET', '/_sim/requests')).filter((r) => r.key === 'hangs');
            if (length > 0)
                break;
        }
        await refused(hold({}, { idempotencyKey: 'hangs' }), 'StripeAPIError',
            { statusCode: 409, code: 'idempotency_key_in_use' });
        await control('POST', '/_sim/release');
        assert.equal((await first).status, 'requires_capture');
    },

    async what_was_acknowledged_survives_a_kill() {
        const held = await hold({}, { idempotencyKey: 'kept' });
        await stop('SIGKILL');
        await start();
        assert.equal((await stripe.paymentIntents.retrieve(held.id)).status, 'requires_capture');
        const again = await hold({}, { idempotencyKey: 'kept' });
        assert.equal(again.id, held.id);
    },

    // ---- shapes ----

    async every_answer_has_the_shape_that_the_types_name() {
        assert.ok(samples.length > 15);
        await checkSamples();
    },

    async the_check_of_shapes_sees_a_fault() {
        const [, , json] = samples.find(([type]) => type === 'Stripe.PaymentIntent');
        const { status, ...rest } = JSON.parse(json);
        const faults = [rest, { ...rest, status, more: 1 }, { ...rest, status, amount: '2000' }];
        const [code, output] = await checkTypes("import Stripe from 'stripe';\n" + faults.map((fault, at) =>
            declare('Stripe.PaymentIntent', 'faulty', JSON.stringify(fault), at)).join(''));
        assert.notEqual(code, 0);
        assert.equal(output.match(/error TS/g).length, 3, output);
    },
};

await runTests(tests);
