"""Killed at any moment, the program keeps every word it gave, and finishes what it began."""

import http.client
import itertools
import random
import threading
import time
import uuid

from shop import Failure, Shop, check, check_equal, is_full, run, wait_until

SELLERS = 3
BUYERS = 8
CARDS = ["pm_card_visa"] * 4 + ["tok_visa", "pm_card_visa_chargeDeclined"]


class Word:
    """What the program said about one thing, as far as it was heard.

    in_doubt: the last request about it got no answer, so it may have happened or not."""

    def __init__(self, owner, thing):
        self.owner = owner
        self.id = thing["id"]
        self.thing = thing
        self.said = thing["status"]
        self.in_doubt = False


class Ear:
    """Everybody's memory of what they were told."""

    def __init__(self):
        self.lock = threading.Lock()
        self.tickets = {}
        self.orders = {}
        self.unanswered = []  # (client, path, body, headers) that had an Idempotency-Key
        self.answers = 0
        self.problems = []

    def hear_ticket(self, owner, ticket):
        with self.lock:
            self.tickets[ticket["id"]] = Word(owner, ticket)

    def hear_order(self, owner, order):
        with self.lock:
            self.orders[order["id"]] = Word(owner, order)

    def tickets_of(self, owner):
        with self.lock:
            return [word for word in self.tickets.values() if word.owner is owner]

    def some_ticket(self):
        with self.lock:
            ids = [i for i, word in self.tickets.items() if word.said == "available"]
            return random.choice(ids[-30:]) if ids else None


class Cut(Exception):
    """No answer: the program is gone."""


def ask(ear, client, method, path, body=None, headers=None, word=None):
    """Expects an answer, of whatever status below 500; else what it was about is in doubt."""
    if word:
        word.in_doubt = True
    try:
        answer = client.ask(method, path, body, headers)
    except (OSError, http.client.HTTPException):
        if headers:
            ear.unanswered.append((client, path, body, headers))
        raise Cut from None
    if word:
        word.in_doubt = False
    ear.answers += 1
    if answer.status >= 500 and answer.status != 503:
        raise Failure(f"{method} {path}: {answer.status} {answer.text}")
    return answer


def with_key():
    return {"Idempotency-Key": str(uuid.uuid4())} if random.random() < 0.5 else None


def sell(ear, client):
    """Lists, edits, withdraws."""
    price = random.randrange(50, 100000) / 100
    body = {"title": f"Seat {random.randrange(1000)}", "price": price}
    mine = ear.tickets_of(client)
    if not mine or random.random() < 0.4:
        answer = ask(ear, client, "POST", "/api/tickets", body, with_key())
        if answer.status == 201:
            ear.hear_ticket(client, answer.json)
        return
    word = random.choice(mine[-10:])
    if random.random() < 0.9:
        answer = ask(ear, client, "PUT", "/api/tickets/" + word.id, body, None, word)
        if answer.status == 200:
            word.thing = answer.json
    else:
        answer = ask(ear, client, "DELETE", "/api/tickets/" + word.id, None, None, word)
        if answer.status == 204:
            word.said = "withdrawn"


def pay(ear, client, word):
    body = {"orderId": word.id, "token": random.choice(CARDS)}
    answer = ask(ear, client, "POST", "/api/payments", body, with_key(), word)
    if answer.status == 201:
        check_equal(answer.json["status"], "completed", "the charge of a 201")
        word.said = "completed"
    elif answer.status == 402:
        word.said = "cancelled"
    elif answer.status == 202:
        word.in_doubt = True


def buy(ear, client):
    """Orders; then pays, cancels, or forgets about it."""
    ticket = ear.some_ticket()
    if ticket is None:
        return
    answer = ask(ear, client, "POST", "/api/orders", {"ticketId": ticket}, with_key())
    if answer.status != 201:
        return
    ear.hear_order(client, answer.json)
    word = ear.orders[answer.json["id"]]
    choice = random.random()
    if choice < 0.6:
        pay(ear, client, word)
    elif choice < 0.8:
        answer = ask(ear, client, "DELETE", "/api/orders/" + word.id, None, None, word)
        if answer.status == 204:
            word.said = "cancelled"


def live(ear, client, act):
    """Does it again and again until the program is killed."""
    try:
        while True:
            act(ear, client)
    except Cut:
        pass
    except Exception as problem:  # pylint: disable=broad-except
        ear.problems.append(problem)


# ---- what must be true afterwards ----


def check_order(word):
    order = word.owner.see("/api/orders/" + word.id)
    for name in ("price", "ticket", "userId", "expiresAt", "createdAt"):
        check_equal(order[name], word.thing[name], f"{name} of the order {word.id}")
    if word.said in ("completed", "cancelled"):
        check_equal(order["status"], word.said, f"the order {word.id}")
    elif not word.in_doubt:
        lost = order["status"] == "cancelled" and order["cancelReason"] != "expired"
        check(order["status"] != "completed" and not lost, f"an order untouched became {order}")
    if order["status"] == "completed":
        ticket = word.owner.see("/api/tickets/" + order["ticket"]["id"])
        found = (ticket["status"], ticket["orderId"])
        check_equal(found, ("sold", word.id), f"the ticket of {order}")


def check_ticket(word):
    ticket = word.owner.see("/api/tickets/" + word.id)
    check(ticket["version"] >= word.thing["version"], f"{ticket} was {word.thing}")
    if word.in_doubt:
        word.thing, word.in_doubt = ticket, False
        word.said = "withdrawn" if ticket["status"] == "withdrawn" else word.said
    for name in ("title", "price"):
        check_equal(ticket[name], word.thing[name], f"{name} of the ticket {word.id}")
    check_equal(ticket["status"] == "withdrawn", word.said == "withdrawn", f"withdrawn: {ticket}")


def check_words(ear):
    for word in ear.orders.values():
        check_order(word)
    for word in ear.tickets.values():
        check_ticket(word)


def unless_away(answer):
    return None if answer.status == 503 else answer


def ask_again(ear):
    """With the same key: it happens now, or it had happened; never twice."""
    for client, path, body, headers in ear.unanswered:
        first = wait_until(lambda: unless_away(client.post(path, body, headers)), "no longer 503")
        check(first.status < 500, f"again {path}: {first.status} {first.text}")
        second = client.post(path, body, headers)
        if first.status not in (202, 401, 429):
            found = (second.status, second.text, second.header("Idempotency-Replayed"))
            check_equal(found, (first.status, first.text, "true"), f"{path} replayed")
        if path == "/api/orders" and first.status == 201:
            ear.hear_order(client, first.json)
            ear.orders[first.json["id"]].in_doubt = True
        elif path == "/api/tickets" and first.status == 201:
            ear.hear_ticket(client, first.json)
    ear.unanswered.clear()


def unsettled(shop, buyers):
    """What still moves."""
    orders = [order for buyer in buyers for order in buyer.all("/api/orders")]
    charges = [charge for buyer in buyers for charge in buyer.all("/api/payments")]
    live_orders = [o for o in orders if o["status"] not in ("completed", "cancelled")]
    live_charges = [c for c in charges if c["status"] == "created"]
    price = {o["id"]: round(o["price"] * 100) if o["status"] == "completed" else 0 for o in orders}
    wrong_money = []
    paid = dict.fromkeys(price, 0)
    for intent in shop.ledger()["payment_intents"]:
        paid[intent["order_id"]] += intent["captured"] - intent["refunded"]
        if intent["held"] != 0 or intent["captured"] not in (0, intent["amount"]):
            wrong_money.append(intent)
    wrong_money += [i for i, money in paid.items() if money != price[i]]
    return live_orders + live_charges + wrong_money


def settle(shop, buyers):
    """Nothing is stuck: all orders end, all money is where it belongs."""
    left = []

    def is_settled():
        left[:] = unsettled(shop, buyers)
        return not left

    try:
        wait_until(is_settled, "everything settled", 120)
    except Failure:
        raise Failure(f"stuck: {left[:5]}") from None
    shop.check_store()


def one_life(shop, ear, sellers, buyers):
    """Load, and a kill at a random moment; in some lives Stripe dies as well."""
    for client in sellers + buyers:
        client.move(shop.address)
    acts = [(client, sell) for client in sellers] + [(client, buy) for client in buyers]
    threads = [threading.Thread(target=live, args=(ear, client, act)) for client, act in acts]
    for thread in threads:
        thread.start()
    time.sleep(random.uniform(0.02, 1.0))
    if random.random() < 0.3:
        shop.stripe.kill()
        time.sleep(random.uniform(0, 0.1))
    shop.kill()
    for thread in threads:
        thread.join(60)
        check(not thread.is_alive(), "a client hangs though the program is dead")
    if ear.problems:
        raise ear.problems[0]


def killed_at_any_moment_it_keeps_its_word(binary):
    lives = 50 if is_full() else 5
    flags = ["--reservation", "5s" if is_full() else "2s"]
    ear = Ear()
    numbers = itertools.count()
    with Shop(binary, *flags, stripe_apart=True, log_level="warn") as shop:
        sellers = [shop.sign_up(f"seller-{next(numbers)}@example.com") for _ in range(SELLERS)]
        buyers = [shop.sign_up(f"buyer-{next(numbers)}@example.com") for _ in range(BUYERS)]
        for number in range(1, lives + 1):
            one_life(shop, ear, sellers, buyers)
            shop.start()
            for client in sellers + buyers:
                client.move(shop.address)
            shop.check_store()
            check_words(ear)
            ask_again(ear)
            if number % 3 == 0 or number == lives:
                settle(shop, buyers)
                check_words(ear)
        orders = [word.said for word in ear.orders.values()]
        print(f"{lives} lives, {ear.answers} answers, {len(ear.tickets)} tickets, "
              f"{len(orders)} orders, {orders.count('completed')} paid, "
              f"{orders.count('cancelled')} cancelled")  # fmt: skip
        shop.stop()


if __name__ == "__main__":
    run(killed_at_any_moment_it_keeps_its_word)
