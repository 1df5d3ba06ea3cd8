"""Two hundred buyers at once: exactly one gets the ticket, and nobody twice."""

import json
import os
import subprocess

from shop import Shop, check_equal, is_full, run

BUYERS = 200


def storm(binary, rounds, tickets):
    program = os.environ.get("USHER_STORM") or os.path.join(os.path.dirname(binary), "tests/storm")
    # A log line for each of 200,000 requests is no part of this.
    with Shop(binary, log_level="warn") as shop:
        seller = shop.sign_up("seller@example.com")
        buyers = [shop.sign_up(f"buyer-{i}@example.com") for i in range(BUYERS)]
        for client in [seller, *buyers]:
            client.close()
        tokens = "".join(client.token + "\n" for client in [seller, *buyers])
        done = subprocess.run(
            [program, shop.address, str(rounds), str(tickets)],
            input=tokens, capture_output=True, text=True, check=False,
        )  # fmt: skip
        check_equal(done.returncode, 0, f"storm: {done.stderr}")
        print(done.stdout.strip(), flush=True)
        count = json.loads(done.stdout)
        check_equal(count["won"] + count["refused"], count["orders"], "orders answered")
        if tickets == 1:
            check_equal(count["won"], rounds, "orders won")
            check_equal(count["refused"], rounds * (BUYERS - 1), "orders refused")

        # What was acknowledged is what there is: no order that nobody was told of.
        orders = [order for buyer in buyers for order in buyer.all("/api/orders")]
        statuses = [order["status"] for order in orders]
        check_equal(len(orders), count["won"], "orders")
        check_equal(statuses.count("completed"), count["paid"], "completed orders")
        check_equal(statuses.count("cancelled"), count["cancelled"], "cancelled orders")
        ledger = shop.ledger()
        check_equal(ledger["captured"], 2000 * count["paid"], "captured")
        check_equal((ledger["refunded"], ledger["held"]), (0, 0), "refunded and held")
        shop.check_store()
        shop.stop()


def one_of_two_hundred_gets_the_ticket(binary):
    storm(binary, 1000 if is_full() else 50, 1)


def each_of_many_tickets_goes_to_one_buyer(binary):
    storm(binary, 300 if is_full() else 20, 64)


if __name__ == "__main__":
    run(one_of_two_hundred_gets_the_ticket, each_of_many_tickets_goes_to_one_buyer)
