/* The peer of the benchmarks: what Usher does on its two hottest paths, as such shops are usually
 * built.  A ticket from memory; an order and its event in one transaction of PostgreSQL.  It does
 * less than Usher: nobody is signed in, and no ticket is looked up or locked. */
"use strict";

const { randomUUID } = require("node:crypto");
const { createRequire } = require("node:module");
const require_npm = createRequire(`${__dirname}/npm/`);
const express = require_npm("express");
const { Pool } = require_npm("pg");

const ticket = JSON.parse(process.env.BENCH_TICKET);
const pool = new Pool({ max: 16 }); // PGHOST and so on say where
const app = express();

app.get("/api/tickets/:id", (request, response) => {
    if (request.params.id !== ticket.id) {
        response.status(404).json({ errors: [{ message: "Not found" }] });
        return;
    }
    response.json(ticket);
});

const insertOrder = {
    name: "insert order",
    text:
        "insert into orders (id, user_id, ticket_id, status, price, expires_at, version)" +
        " values ($1, $2, $3, $4, $5, $6, $7)",
};
const insertEvent = {
    name: "insert event",
    text: "insert into outbox (id, type, subject, data) values ($1, $2, $3, $4)",
};

async function saveOrder(order) {
    const client = await pool.connect();
    try {
        await client.query("begin");
        await client.query({
            ...insertOrder,
            values: [
                order.id,
                order.userId,
                order.ticketId,
                order.status,
                order.price,
                order.expiresAt,
                order.version,
            ],
        });
        await client.query({
            ...insertEvent,
            values: [randomUUID(), "OrderCreated", order.id, JSON.stringify(order)],
        });
        await client.query("commit");
    } catch (error) {
        await client.query("rollback");
        throw error;
    } finally {
        client.release();
    }
}

app.post("/api/orders", express.json(), async (request, response) => {
    const order = {
        id: randomUUID(),
        userId: ticket.userId,
        ticketId: request.body.ticketId,
        status: "created",
        price: 2000,
        expiresAt: new Date(Date.now() + 15 * 60 * 1000).toISOString(),
        version: 0,
    };
    await saveOrder(order);
    response.status(201).json(order);
});

const server = app.listen(0, "127.0.0.1", () => {
    console.log(server.address().port);
});
