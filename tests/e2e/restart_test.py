"""Ended, restarted, out of disk, started wrongly: nothing acknowledged is lost, and it says why."""

import datetime
import os
import random
import resource
import signal
import socket
import sqlite3
import threading
import time

from crash_test import Ear, buy, check_words, live, sell, settle
from shop import (
    Client,
    Failure,
    Program,
    Shop,
    check,
    check_equal,
    is_full,
    run,
    wait_until,
)

SLACK_SECONDS = 3  # on a machine that does other things as well; usually it takes 0.1


# ---- SIGTERM ----


def stopped_under_load_it_loses_nothing(binary):
    with Shop(binary, "--reservation", "2s", stripe_apart=True, log_level="warn") as shop:
        ear = Ear()
        sellers = [shop.sign_up(f"seller-{i}@example.com") for i in range(3)]
        buyers = [shop.sign_up(f"buyer-{i}@example.com") for i in range(8)]
        for _ in range(20 if is_full() else 3):
            acts = [(client, sell) for client in sellers] + [(client, buy) for client in buyers]
            threads = [threading.Thread(target=live, args=(ear, *act)) for act in acts]
            for thread in threads:
                thread.start()
            time.sleep(random.uniform(0.1, 1.0))
            shop.stop()
            for thread in threads:
                thread.join(60)
            if ear.problems:
                raise ear.problems[0]
            shop.check_store()
            shop.start()
            for client in sellers + buyers:
                client.move(shop.address)
            check_words(ear)
        settle(shop, buyers)
        print(f"{ear.answers} answers, {len(ear.orders)} orders")


def it_stops_in_time_whatever_holds_it_up(binary):
    """Stripe hangs, buyers wait for it, others are half-way through a request."""
    with Shop(binary) as shop:
        seller, buyer = shop.sign_up("seller@example.com"), shop.sign_up("buyer@example.com")
        order = buyer.order(seller.list_ticket()["id"])
        shop.fault(do="hang", path="/v1/payment_intents")
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(buyer.pay(order["id"])))
        waiting.start()
        wait_until(lambda: shop.control("GET", "requests"), "the call to Stripe is under way")
        host, _, port = shop.address.rpartition(":")
        halves = [socket.create_connection((host, int(port))) for _ in range(20)]
        for half in halves:
            half.sendall(b"POST /api/tickets HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{")
        shop.stop()
        waiting.join(10)
        check(not waiting.is_alive(), "a buyer still waits for the dead")
        check(answers, "the buyer has no answer")
        check(answers[0].status in (202, 503), f"{answers[0].status} {answers[0].text}")
        for half in halves:
            half.close()
        shop.start()
        buyer.move(shop.address)
        shop.control("DELETE", "faults")
        wait_until(
            lambda: buyer.see("/api/orders/" + order["id"])["status"] == "completed",
            "the payment goes on after the restart",
            60,
        )
        check_equal(shop.ledger()["captured"], 2000, "captured")
        shop.check_store()


# ---- reservations ----


def expire_across_a_restart(binary, away):
    with Shop(binary, "--reservation", "3s") as shop:
        seller, buyer = shop.sign_up("seller@example.com"), shop.sign_up("buyer@example.com")
        ticket = seller.list_ticket()["id"]
        order = buyer.order(ticket)
        deadline = datetime.datetime.fromisoformat(
            order["expiresAt"].replace("Z", "+00:00")
        ).timestamp()
        shop.stop()
        while time.time() < deadline - 3 + away:
            time.sleep(0.05)
        shop.start()
        seller.move(shop.address)
        buyer.move(shop.address)
        due = max(deadline, time.time())

        def is_available():
            seen = seller.see("/api/tickets/" + ticket)["status"]
            if seen == "reserved":
                return False
            check_equal(seen, "available", "the ticket")
            return True

        wait_until(is_available, "on sale again", 20)
        check(time.time() >= deadline, "on sale before its deadline")
        late = time.time() - due
        check(late < SLACK_SECONDS, f"on sale {late:.1f} s after its deadline")
        ended = buyer.see("/api/orders/" + order["id"])
        check_equal((ended["status"], ended["cancelReason"]), ("cancelled", "expired"), "the order")
        check_equal(buyer.pay(order["id"]).status, 409, "paying an expired order")
        buyer.order(ticket)
        shop.check_store()


def a_reservation_ends_in_time_after_a_restart(binary):
    expire_across_a_restart(binary, away=0)


def a_reservation_that_ended_meanwhile_ends_at_the_start(binary):
    expire_across_a_restart(binary, away=4)


def the_next_buyer_need_not_wait_for_the_timer(binary):
    """Overdue since a moment ago, while the program was away: it can be ordered at once."""
    with Shop(binary, "--reservation", "1s") as shop:
        seller, buyer = shop.sign_up("seller@example.com"), shop.sign_up("buyer@example.com")
        ticket = seller.list_ticket()["id"]
        buyer.order(ticket)
        shop.kill()
        time.sleep(1.1)
        shop.start()
        buyer.move(shop.address)
        buyer.order(ticket)
        shop.check_store()


# ---- the disk is full ----


def limit_files(program, size):
    """As if the disk had so much room for each file: writes beyond it fail."""
    hard = resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, (size, hard))


def ignore_size_signal():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def a_full_disk_is_503_and_passes(binary):
    with Shop(binary, before_exec=ignore_size_signal, log_level="warn") as shop:
        seller, buyer = shop.sign_up("seller@example.com"), shop.sign_up("buyer@example.com")
        kept = [seller.post("/api/tickets", {"title": "A seat", "price": 20}).json["id"]]
        refused = 0
        for _ in range(10 if is_full() else 3):
            room = os.path.getsize(shop.store + "-wal") + random.randrange(1_000_000)
            limit_files(shop.program, room)
            while True:
                answer = seller.post("/api/tickets", {"title": "A seat", "price": 20})
                if answer.status != 201:
                    break
                kept.append(answer.json["id"])
                check(len(kept) < 100_000, "the disk is never full")
            for _ in range(20):
                refused += 1
                check_equal(answer.status, 503, f"on a full disk: {answer.text}")
                answer.check_envelope("on a full disk")
                check(int(answer.header("Retry-After")) >= 1, "Retry-After")
                answer = buyer.post("/api/orders", {"ticketId": kept[-1]})
                if answer.status == 201:
                    raise Failure("an order on a full disk")
            # Reading goes on.
            check_equal(seller.get("/api/tickets/" + kept[-1]).status, 200, "reading")
            check_equal(Client(shop.address).get("/healthz").status, 200, "healthz")
            limit_files(shop.program, resource.RLIM_INFINITY)
            body = {"title": "With room", "price": 20}
            wait_until(lambda: seller.post("/api/tickets", body).status == 201, "room again", 10)
        order = buyer.order(kept[-1])
        check_equal(buyer.pay(order["id"]).status, 201, "paying afterwards")
        shop.kill()
        shop.start()
        for client in (seller, buyer):
            client.move(shop.address)
        for ticket in kept:
            check_equal(seller.get("/api/tickets/" + ticket).status, 200, "an acknowledged ticket")
        print(f"{len(kept)} acknowledged, {refused} refused")
        check_equal(shop.ledger()["captured"], 2000, "captured")
        shop.check_store()


def a_full_disk_under_a_payment_takes_no_money_twice(binary):
    """The disk fills up between the call to Stripe and the writing down of its answer, which is
    asked for again a minute later."""
    if not is_full():
        return
    with Shop(binary, "--answer-wait", "2s", before_exec=ignore_size_signal, stripe_apart=True,
              log_level="warn") as shop:  # fmt: skip
        seller, buyer = shop.sign_up("seller@example.com"), shop.sign_up("buyer@example.com")
        order = buyer.order(seller.list_ticket()["id"])
        shop.fault(do="hang", method="POST", path="/v1/payment_intents")
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(buyer.pay(order["id"])))
        waiting.start()
        wait_until(
            lambda: any(r["path"] == "/v1/payment_intents" for r in shop.control("GET", "requests")),
            "the call to Stripe is under way",
        )
        limit_files(shop.program, 0)
        shop.control("POST", "release")
        waiting.join(60)
        check(answers and answers[0].status in (202, 503), f"{answers and answers[0].text}")
        if answers[0].status == 503:
            answers[0].check_envelope("on a full disk")
        limit_files(shop.program, resource.RLIM_INFINITY)
        wait_until(
            lambda: buyer.see("/api/orders/" + order["id"])["status"] == "completed",
            "paid after all",
            90,
        )
        intents = shop.ledger()["payment_intents"]
        check_equal([i["captured"] for i in intents], [2000], "captured")
        shop.check_store()


# ---- wrong starts ----


def check_refuses(shop, status, words, *flags, environment=None):
    """It ends at once with a sentence, not with a crash or a listing."""
    program = Program(
        shop.binary, shop.folder, "wrong", shop.arguments() + list(flags),
        {**shop.environment(), **(environment or {})},
    )  # fmt: skip
    try:
        found = program.await_end()
    except Failure:
        program.kill()
        raise Failure(f"{flags} {environment} starts") from None
    lines = [line for line in program.log().splitlines() if line.startswith("usher: ")]
    check_equal(found, status, f"exit status of {flags} {environment}: {program.log()}")
    check_equal(len(lines), 1, f"sentences of {flags} {environment}: {program.log()}")
    for word in words:
        check(word in lines[0], f"{word!r} is not in {lines[0]!r}")
    check("ready on" not in program.log(), "ready and not ready")


def a_sample_shop_starts_again_with_its_data(binary):
    """Sample data are for an empty shop; a shop that has them, or others, is left as it is."""
    with Shop(binary, "--sample-data") as shop:
        tickets = shop.visitor().ask("GET", "/api/tickets").json
        check(len(tickets) > 5, f"sample tickets: {tickets}")
        shop.stop()
        shop.start()
        check_equal(shop.visitor().ask("GET", "/api/tickets").json, tickets, "after a restart")


def a_store_that_is_wrong_is_told_of(binary):
    """`usher check` is not silent by habit: it names what must never be."""
    with Shop(binary) as shop:
        seller, buyer = shop.sign_up("seller@example.com"), shop.sign_up("buyer@example.com")
        ticket = seller.post("/api/tickets", {"title": "A seat", "price": 20}).json["id"]
        check_equal(buyer.post("/api/orders", {"ticketId": ticket}).status, 201, "the order")
        shop.check_store()
        shop.stop()
        store = sqlite3.connect(shop.store)
        with store:
            store.execute("update tickets set status = 'available', order_id = null")
        store.close()
        told = shop.run("check")
        check_equal(told.returncode, 1, f"exit status: {told.stdout}")
        check("1 live orders that do not hold their ticket" in told.stdout, told.stdout)


def wrong_starts_end_with_a_sentence(binary):
    with Shop(binary) as shop:
        check_refuses(shop, 1, ["another usher is serving"])
        shop.stop()
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            taken = f"127.0.0.1:{other.getsockname()[1]}"
            for flag in ("--listen", "--admin-listen", "--stripe-sim-listen"):
                check_refuses(shop, 1, [taken, "in use"], flag, taken)

        check_refuses(shop, 2, ["nowhere/usher.db"], "--store", "sqlite:nowhere/usher.db")
        folder = os.path.join(shop.folder, "folder")
        os.mkdir(folder)
        check_refuses(shop, 1, [folder], "--store", "sqlite:" + folder)
        nonsense = os.path.join(shop.folder, "nonsense.db")
        with open(nonsense, "wb") as file:
            file.write(b"this is not a database, however long one looks at it. " * 100)
        check_refuses(shop, 1, [nonsense], "--store", "sqlite:" + nonsense)

        for flags in (["--listen", "nonsense"], ["--listen", "127.0.0.1:99999"], ["--nonsense"],
                      ["--reservation", "0s"], ["--reservation", "soon"], ["--live-orders", "-1"],
                      ["--store", "nonsense"], ["--store", "oracle:x"], ["--currency", "doubloons"],
                      ["--listen"], ["--log-level", "loud"], ["nonsense"]):  # fmt: skip
            check_refuses(shop, 2, [], *flags)
        for name, value in (("JWT_KEY", "short"), ("USHER_RESERVATION", "x"), ("STRIPE_KEY", "x"),
                            ("USHER_BASE_URL", "ftp://x")):  # fmt: skip
            check_refuses(shop, 2, [], environment={name: value})
        check_refuses(shop, 2, [], "--stripe-sim-control",
                      environment={"STRIPE_SIM_CONTROL_TOKEN": ""})  # fmt: skip

        shop.start()  # nothing of all this has hurt it
        shop.stop()


def a_store_of_a_newer_version_is_left_alone(binary):
    with Shop(binary) as shop:
        shop.stop()
        with sqlite3.connect(shop.store) as store:
            tables = [row[0] for row in store.execute("select name from sqlite_master")]
            check("migrations" in tables, f"where migrations are noted: {tables}")
            columns = [row[1] for row in store.execute("pragma table_info(migrations)")]
            row = list(store.execute("select * from migrations where service = 'orders'"))[-1]
            newer = dict(zip(columns, row))
            newer["number"] += 1000
            names, marks = ",".join(newer), ",".join("?" * len(newer))
            store.execute(f"insert into migrations ({names}) values ({marks})", list(newer.values()))
        store.close()
        check_refuses(shop, 1, [shop.store, "newer version", "orders"])


if __name__ == "__main__":
    run(
        stopped_under_load_it_loses_nothing,
        it_stops_in_time_whatever_holds_it_up,
        a_reservation_ends_in_time_after_a_restart,
        a_reservation_that_ended_meanwhile_ends_at_the_start,
        the_next_buyer_need_not_wait_for_the_timer,
        a_full_disk_is_503_and_passes,
        a_full_disk_under_a_payment_takes_no_money_twice,
        a_sample_shop_starts_again_with_its_data,
        a_store_that_is_wrong_is_told_of,
        wrong_starts_end_with_a_sentence,
        a_store_of_a_newer_version_is_left_alone,
    )
