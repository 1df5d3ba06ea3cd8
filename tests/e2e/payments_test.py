"""Fifty payments at once are one payment, whatever Stripe does meanwhile."""

import itertools
import random

from shop import Shop, at_once, check, check_equal, is_full, request_bytes, run, wait_until

AT_ONCE = 50

numbers = itertools.count()


class Sale:
    """A ticket, ordered and not yet paid."""

    def __init__(self, shop, price=20):
        self.shop = shop
        self.price = price
        number = next(numbers)
        self.seller = shop.sign_up(f"seller-{number}@example.com")
        self.buyer = shop.sign_up(f"buyer-{number}@example.com")
        self.ticket = self.seller.list_ticket(price)
        self.order = self.buyer.order(self.ticket["id"])

    def payment(self, token="pm_card_visa", headers=None):
        body = {"orderId": self.order["id"], "token": token}
        return request_bytes("POST", "/api/payments", self.buyer.token, body, headers)

    def intents(self):
        """Of this order, as Stripe sees them."""
        return [
            intent
            for intent in self.shop.ledger()["payment_intents"]
            if intent["order_id"] == self.order["id"]
        ]

    def official(self):
        return (
            self.buyer.see("/api/orders/" + self.order["id"])["status"],
            self.buyer.see("/api/tickets/" + self.ticket["id"])["status"],
        )

    def check_paid_once(self):
        wait_until(lambda: self.official() == ("completed", "sold"), "completed and sold")
        intents = self.intents()
        check_equal(len(intents), 1, "PaymentIntents of the order")
        money = [intents[0][name] for name in ("captured", "refunded", "held")]
        check_equal(money, [self.price * 100, 0, 0], "captured, refunded, held")
        charges = self.buyer.all("/api/payments")
        check_equal([c["status"] for c in charges], ["completed"], "charges")
        self.shop.check_store()

    def check_unpaid(self):
        for intent in self.intents():
            kept = intent["captured"] - intent["refunded"]
            check_equal((kept, intent["held"]), (0, 0), "money kept and held")



def check_all_the_same(answers):
    check_equal({a.status for a in answers}, {201}, f"answers, e.g. {answers[0].text}")
    check_equal(len({a.json["id"] for a in answers}), 1, "different charges")


def with_slow_stripe(shop):
    """So slow that all fifty arrive before the first is done."""
    shop.fault(do="delay", ms=700, method="POST", path="/v1/payment_intents")


def fifty_identical_payments_are_one(binary):
    with Shop(binary) as shop:
        for _ in range(10 if is_full() else 2):
            sale = Sale(shop)
            with_slow_stripe(shop)
            check_all_the_same(at_once(shop.address, [sale.payment()] * AT_ONCE))
            sale.check_paid_once()


def fifty_payments_with_one_key_are_one(binary):
    with Shop(binary) as shop:
        for _ in range(10 if is_full() else 2):
            sale = Sale(shop)
            payment = sale.payment(headers={"Idempotency-Key": sale.order["id"]})
            answers = at_once(shop.address, [payment] * AT_ONCE)
            check_all_the_same(answers)
            check_equal(len({a.text for a in answers}), 1, "different answers")
            sale.check_paid_once()
            again = at_once(shop.address, [payment])[0]
            check_equal(again.header("Idempotency-Replayed"), "true", "Idempotency-Replayed")
            check_equal(again.text, answers[0].text, "the answer when asked again")


def of_fifty_cards_one_pays(binary):
    tokens = ["pm_card_visa", "pm_card_mastercard", "tok_visa", "tok_amex", "pm_card_discover"]
    with Shop(binary) as shop:
        for _ in range(10 if is_full() else 2):
            sale = Sale(shop)
            with_slow_stripe(shop)
            requests = [sale.payment(tokens[i % len(tokens)]) for i in range(AT_ONCE)]
            answers = at_once(shop.address, requests)
            paid = [a for a in answers if a.status == 201]
            check_equal({a.status for a in answers}, {201, 409}, "answers")
            check_equal(len({a.json["id"] for a in paid}), 1, "charges")
            check_equal(len(paid), AT_ONCE // len(tokens), "those who paid with the same card")
            for answer in answers:
                if answer.status == 409:
                    answer.check_envelope("a second payment")
            sale.check_paid_once()


def fifty_payments_of_a_bad_card_take_nothing(binary):
    with Shop(binary) as shop:
        sale = Sale(shop)
        with_slow_stripe(shop)
        answers = at_once(shop.address, [sale.payment("pm_card_visa_chargeDeclined")] * AT_ONCE)
        check_equal({a.status for a in answers}, {402}, f"answers, e.g. {answers[0].text}")
        check_equal(sale.official(), ("cancelled", "available"), "order and ticket")
        sale.check_unpaid()
        shop.check_store()


CREATE = {"method": "POST", "path": "/v1/payment_intents"}
CAPTURE = {"method": "POST", "path": "/v1/payment_intents/*/capture"}
FAULTS = [
    {"do": "delay", "ms": 300},
    {"do": "drop", "when": "before"},
    {"do": "drop", "when": "after"},
    {"do": "drop", "when": "before", "times": 2},
    {"do": "drop", "when": "after", "times": 2},
    {"do": "status", "status": 500},
    {"do": "status", "status": 500, "when": "after"},
    {"do": "status", "status": 429},
    {"do": "status", "status": 409, "code": "lock_timeout"},
    {"do": "truncate"},
    {"do": "truncate", "when": "after"},
    {"do": "bad_json", "when": "after"},
]


def a_payment_survives_every_fault_of_stripe(binary):
    """The buyer is told it is paid, or that it is in progress and then is; never charged twice."""
    with Shop(binary) as shop:
        for where in (CREATE, CAPTURE):
            for fault in FAULTS if is_full() else random.sample(FAULTS, 4):
                what = f"{fault} at {where['path']}"
                sale = Sale(shop)
                shop.fault(**fault, **where)
                answers = at_once(shop.address, [sale.payment()] * 10)
                statuses = {a.status for a in answers}
                check(statuses <= {201, 409}, f"{what}: {statuses} {answers[0].text}")
                check(201 in statuses, f"{what}: {answers[0].text}")
                sale.check_paid_once()
                shop.control("DELETE", "faults")


def a_payment_that_hangs_ends_when_stripe_answers(binary):
    for where in (CREATE, CAPTURE):
        with Shop(binary, "--answer-wait", "1s") as shop:
            sale = Sale(shop)
            shop.fault(do="hang", **where)
            answers = at_once(shop.address, [sale.payment()] * 5)
            check_equal({a.status for a in answers}, {202}, "while Stripe hangs")
            check(answers[0].header("Location").startswith("/api/payments/"), "Location")
            shop.control("POST", "release")
            where_it_is = answers[0].header("Location")
            wait_until(
                lambda: sale.buyer.see(where_it_is)["status"] == "completed", "completed", 60
            )
            sale.check_paid_once()


def without_stripe_nothing_is_taken(binary):
    """It is away for as long as the order lives: the order ends, and no money is anywhere."""
    with Shop(binary, "--reservation", "2s", "--answer-wait", "1s") as shop:
        sale = Sale(shop)
        shop.fault(do="drop", when="after", forever=True, path="/v1/payment_intents*")
        answer = sale.buyer.pay(sale.order["id"])
        check(answer.status in (202, 409, 503), f"without Stripe: {answer.status} {answer.text}")
        wait_until(lambda: sale.official() == ("cancelled", "available"), "on sale again")
        shop.control("DELETE", "faults")
        wait_until(
            lambda: all(c["status"] != "created" for c in sale.buyer.all("/api/payments")),
            "the charge has ended",
            60,
        )
        wait_until(lambda: all(i["held"] == 0 for i in sale.intents()), "nothing is held", 60)
        sale.check_unpaid()
        shop.check_store()


if __name__ == "__main__":
    run(
        fifty_identical_payments_are_one,
        fifty_payments_with_one_key_are_one,
        of_fifty_cards_one_pays,
        fifty_payments_of_a_bad_card_take_nothing,
        a_payment_survives_every_fault_of_stripe,
        a_payment_that_hangs_ends_when_stripe_answers,
        without_stripe_nothing_is_taken,
    )
