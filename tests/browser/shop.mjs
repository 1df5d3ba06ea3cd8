// The real program and a real browser: what the tests of this folder and ./dev screenshots share.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SKIPPED = 77;
export const PASSWORD = 'correct horse battery';
export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1280, height: 800 };

const npm = fileURLToPath(new URL('../npm/', import.meta.url));
const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export function skip_unless_installed() {
    const browser = browsers.find(existsSync);
    const missing = !browser ? 'there is no Chromium'
        : ['playwright-core', 'axe-core'].every((name) => existsSync(join(npm, 'node_modules', name)))
            ? null : 'the npm packages are not installed: tools/npm_install';
    if (missing) {
        console.log(missing);
        process.exit(SKIPPED);
    }
    return browser;
}

const browser_path = skip_unless_installed();
const load = createRequire(join(npm, 'package.json'));
const { chromium } = load('playwright-core');
export const axe_source = load.resolve('axe-core');

export function launch_browser(environment = {}) {
    return chromium.launch({
        executablePath: browser_path,
        headless: true,
        args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
        env: { ...process.env, ...environment },
    });
}

// ---- the program ----

export class Shop {
    static async start(program, ...flags) {
        const shop = new Shop();
        shop.folder = mkdtempSync(join(tmpdir(), 'usher-browser-'));
        shop.process = spawn(program, [
            'serve', '--store', `sqlite:${join(shop.folder, 'usher.db')}`,
            '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0',
            '--stripe-sim-listen', '127.0.0.1:0', '--log-level', 'warn',
            '--signups', '100000', '--relocks', '100000', '--live-orders', '100000', '--payments', '100000', ...flags,
        ], {
            env: { PATH: process.env.PATH, USHER_TEST_FAST_PASSWORDS: 'yes' },
            stdio: ['ignore', 'ignore', 'pipe'],
        });
        const said = [];
        for await (const line of createInterface(shop.process.stderr)) {
            said.push(line);
            shop.url = line.match(/ready on (http:\/\/[0-9.]+:[0-9]+)/)?.[1];
            if (shop.url)
                break;
        }
        assert.ok(shop.url, `the shop did not start:\n${said.join('\n')}`);
        shop.process.stderr.resume();
        return shop;
    }

    async stop() {
        const ended = new Promise((resolve) => { this.process.once('exit', resolve); });
        if (this.process.exitCode === null) {
            this.process.kill('SIGTERM');
            await ended;
        }
        rmSync(this.folder, { recursive: true, force: true });
        return this.process.exitCode;
    }

    /* Asks the API as a program would. */
    async ask(method, path, { session, body, expect = [200, 201, 204] } = {}) {
        const answer = await fetch(this.url + path, {
            method,
            headers: {
                ...(body ? { 'Content-Type': 'application/json' } : {}),
                ...(session ? { Authorization: `Bearer ${session}` } : {}),
            },
            body: body && JSON.stringify(body),
        });
        const text = await answer.text();
        assert.ok(expect.includes(answer.status), `${method} ${path}: ${answer.status} ${text}`);
        return {
            status: answer.status,
            json: text ? JSON.parse(text) : null,
            session: answer.headers.get('set-cookie')?.match(/session=([^;]+)/)?.[1],
        };
    }

    async sign_up(email, name) {
        const { json, session } = await this.ask('POST', '/api/users/signup',
            { body: { email, password: PASSWORD, name } });
        return new Person(this, json, session);
    }

    async sign_in(email, password) {
        const { json, session } = await this.ask('POST', '/api/users/signin', { body: { email, password } });
        return new Person(this, json, session);
    }
}

/* Somebody with an account, by way of the API. */
export class Person {
    constructor(shop, user, session) {
        Object.assign(this, { shop, user, session });
    }

    ask(method, path, more = {}) {
        return this.shop.ask(method, path, { session: this.session, ...more });
    }

    async list(ticket) {
        const body = { title: 'A seat', price: '20.00', ...ticket };
        return (await this.ask('POST', '/api/tickets', { body })).json;
    }

    async order(ticket) {
        return (await this.ask('POST', '/api/orders', { body: { ticketId: ticket.id } })).json;
    }

    async pay(order, token = 'pm_card_visa') {
        const body = { orderId: order.id, token };
        return (await this.ask('POST', '/api/payments', { body, expect: [201, 202, 402] })).json;
    }

    cookie() {
        return { name: 'session', value: this.session, url: this.shop.url, httpOnly: true, sameSite: 'Lax' };
    }
}

export const days_from_now = (days) => {
    const when = new Date(Date.now() + days * 24 * 3600 * 1000);
    when.setUTCHours(19, 0, 0, 0);
    return when.toISOString();
};

export const LONG_TITLE = `${'The Extraordinarily Long Farewell Reunion Tour of the Philharmonic Brass and Percussion Society of Lower Riverside, featuring the Combined Choirs of All Saints and a Very Special Surprise Guest, '.slice(0, 180)}DonaudampfschifffahrtX`.slice(0, 200);
