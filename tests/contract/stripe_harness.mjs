// A simulator of Stripe under test, Stripe's own client of it, and what the client's types say of the
// objects that it answers with.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const npm = fileURLToPath(new URL('../npm/', import.meta.url));
const SKIPPED = 77;
if (!existsSync(join(npm, 'node_modules/stripe'))) {
    console.log('the npm packages are not installed: tools/npm_install');
    process.exit(SKIPPED);
}
export const Stripe = createRequire(join(npm, 'package.json'))('stripe');

const CONTROL = 'control-token-of-the-tests-0123456789';
export const WEBHOOK_SECRET = 'whsec_of_the_tests_0123456789';
const folder = mkdtempSync(join(tmpdir(), 'stripe-sim-'));

// ---- the program under test ----

let program;
let webhookUrl;
export let address; // http://127.0.0.1:port
export let stripe;

export async function start(webhooks) {
    webhookUrl = webhooks ?? webhookUrl;
    program = spawn(
        process.argv[2],
        ['stripe-sim', '--stripe-sim-listen', '127.0.0.1:0', '--stripe-sim-control',
            ...webhookUrl ? ['--stripe-sim-webhook-url', webhookUrl] : [],
            '--store', `sqlite:${join(folder, 'sim.db')}`],
        {
            env: {
                ...process.env, STRIPE_SIM_CONTROL_TOKEN: CONTROL,
                STRIPE_WEBHOOK_SECRET: webhookUrl ? WEBHOOK_SECRET : '',
            },
            stdio: ['ignore', 'ignore', 'pipe'],
        });
    program.log = '';
    const lines = createInterface(program.stderr);
    await new Promise((resolve) => {
        lines.on('line', (line) => {
            program.log += `${line}\n`;
            address = line.match(/ready on (http:\/\/[0-9.]+:[0-9]+)/)?.[1] ?? address;
            if (line.includes('ready on'))
                resolve();
        });
        lines.once('close', resolve);
    });
    assert.ok(address, 'the simulator started');
    stripe = client();
}

export function stop(signal) {
    if (!program || program.exitCode !== null || program.signalCode !== null)
        return undefined;
    const ended = new Promise((resolve) => { program.once('exit', resolve); });
    program.kill(signal);
    return ended;
}

// All that it has written anywhere: its log, its store.
export function written() {
    const files = ['sim.db', 'sim.db-wal'].filter((name) => existsSync(join(folder, name)));
    return [program.log, ...files.map((name) => readFileSync(join(folder, name), 'latin1'))].join('\n');
}

export function client(key = 'sk_test_sim') {
    const { hostname, port } = new URL(address);
    return new Stripe(key, {
        host: hostname, port, protocol: 'http', maxNetworkRetries: 0, timeout: 5000, telemetry: false,
    });
}

export async function control(method, path, body) {
    const answer = await fetch(address + path, {
        method,
        headers: { authorization: `Bearer ${CONTROL}` },
        body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
}

// ---- what the types say ----

export const samples = []; // [type, what it is, JSON]

export function sample(type, what, object) {
    samples.push([type, what, JSON.stringify(object, null, 1)]);
    return object;
}

async function run(command, args) {
    const child = spawn(command, args, { cwd: folder });
    let output = '';
    child.stdout.on('data', (data) => { output += data; });
    child.stderr.on('data', (data) => { output += data; });
    const code = await new Promise((resolve) => { child.once('close', resolve); });
    return [code, output];
}

export async function checkTypes(program_text) {
    writeFileSync(join(folder, 'samples.ts'), program_text);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({
        compilerOptions: {
            strict: true, noEmit: true, skipLibCheck: true, module: 'nodenext', target: 'es2022',
            moduleResolution: 'nodenext', types: ['node'],
        },
        files: ['samples.ts'],
    }));
    if (!existsSync(join(folder, 'node_modules')))
        symlinkSync(join(npm, 'node_modules'), join(folder, 'node_modules'));
    return run(join(npm, 'node_modules/.bin/tsc'), ['-p', folder]);
}

export const declare = (type, what, json, at) => `// ${what}\nexport const sample${at}: ${type} = ${json};\n`;

export async function checkSamples() {
    const [code, output] = await checkTypes("import Stripe from 'stripe';\n"
        + samples.map(([type, what, json], at) => declare(type, what, json, at)).join(''));
    assert.equal(code, 0, output);
}

export async function refused(promise, type, members) {
    const error = await promise.then(() => assert.fail(`expected ${type}`), (e) => e);
    assert.equal(error.constructor.name, type, error.message);
    for (const [name, value] of Object.entries(members ?? {}))
        assert.deepEqual(error[name], value, name);
    return error;
}

// ---- running them ----

async function runAll(tests, webhooks) {
    const names = Object.keys(tests);
    const failed = [];
    console.log(`[==========] Running ${names.length} test(s).`);
    await start(webhooks);
    for (const name of names) {
        console.log(`[ RUN      ] ${name}`);
        try {
            await tests[name]();
            console.log(`[       OK ] ${name}`);
        } catch (error) {
            failed.push(name);
            console.log(`${error.stack}\n[  FAILED  ] ${name}`);
            if (program.exitCode !== null || program.signalCode !== null) {
                console.log(`The simulator has ended:\n${program.log}`);
                break;
            }
        }
    }
    if (failed.length > 0)
        console.log(`[  FAILED  ] ${failed.length} test(s), listed below:\n${failed.join('\n')}`);
    return failed.length > 0 ? 1 : 0;
}

export async function runTests(tests, webhooks) {
    try {
        process.exitCode = await runAll(tests, webhooks);
    } finally {
        await stop('SIGTERM');
        rmSync(folder, { recursive: true, force: true });
    }
}
