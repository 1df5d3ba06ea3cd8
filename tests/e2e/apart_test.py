"""The site apart: the same people, in front of a shop that is another process."""

import os
import re
import signal
import time

import pages_test
from pages_test import Browser, Page, people
from shop import PASSWORD, Client, Program, Shop, check, check_equal, run, wait_until

SERVICES = ["auth", "tickets", "orders", "expiration", "payments"]


class Apart(Shop):
    """A shop without pages at .api, and its site at .address."""

    def __init__(self, binary, *flags, site_flags=(), **options):
        super().__init__(binary, *flags, **options)
        self.site_flags = list(site_flags)
        self.site = self.api = None
        self.api_port = 0

    def arguments(self):
        serve, *settings = super().arguments()
        # The site passes on who asks; and looks for the shop where it once was.
        listen = ["--listen", f"127.0.0.1:{self.api_port}", "--trusted-proxy", "127.0.0.1"]
        return [serve, *SERVICES, *settings, *listen]

    def start(self):
        super().start()
        self.api = self.address
        self.api_port = int(self.api.rpartition(":")[2])
        if self.site is None:
            self.start_site()
        else:
            self.address = self.site_address

    def start_site(self):
        arguments = [
            "serve",
            "site",
            "--api-url", f"http://{self.api}",
            "--api-test-cards",
            "--listen", "127.0.0.1:0",
            "--admin-listen", "127.0.0.1:0",
            *self.site_flags,
        ]  # fmt: skip
        self.site = Program(self.binary, self.folder, "site", arguments, {})
        ready = self.site.await_line(r"usher: ready on http://(\S+) \(admin http://(\S+)\)\n")
        self.address = self.site_address = ready[1]
        self.site_admin = ready[2]

    def __exit__(self, kind, value, trace):
        if self.site is not None and self.site.process.poll() is None:
            self.site.kill()
        super().__exit__(kind, value, trace)


def a_session_begins_and_ends_where_the_api_is(binary):
    with Apart(binary) as shop:
        browser = Browser(shop)
        form = browser.open("/auth/signup").form("/auth/signup")
        answer = browser.ask("POST", "/auth/signup", browser.body(form, email="alice@example.com",
                                                                  password=PASSWORD, name=""))  # fmt: skip
        check_equal(answer.status, 303, answer.text)
        cookies = [c for c in answer.cookies if c.startswith("session=")]
        check_equal(len(cookies), 1, f"cookies {answer.cookies}")
        attributes = cookies[0].partition("; ")[2]
        check(re.fullmatch(r"Path=/; HttpOnly; SameSite=Lax; Max-Age=60\d{4}", attributes), attributes)
        check_equal(answer.header("Cache-Control"), "no-store", "nobody keeps a cookie")
        api = Client(shop.api, browser.cookies["session"])
        check_equal(
            api.see("/api/users/currentuser")["currentUser"]["email"],
            "alice@example.com",
            "whose it is",
        )
        browser.submit(browser.open("/auth/signout").form("/auth/signout"))
        check("session" not in browser.cookies, "the browser forgot it")
        check_equal(api.see("/api/users/currentuser")["currentUser"], None, "the API refuses it")


def an_order_is_cancelled_and_the_ticket_changed_and_withdrawn(binary):
    with Apart(binary) as shop:
        alice, bob, _ = people(shop)
        ticket = alice.sell("Opera", "20")
        order = bob.buy(ticket)
        page = bob.submit(bob.open(order).form(".*/cancel"))
        check_equal(page.status, 200, page.text)
        check("cancelled" in bob.open(order).text.lower(), "it says so")
        alice.submit(alice.open(ticket + "/edit").form(ticket + "/edit"), title="Ópera & <b>")
        check("Ópera & <b>" in bob.open(ticket).text, bob.open(ticket).text)
        check(ticket in bob.open("/?q=%C3%93pera+%26").links, "found by what it is called now")
        alice.submit(alice.open(ticket).form(ticket + "/withdraw"))
        check("Ópera" not in bob.open("/").text, "it is off the list")


def a_form_that_is_sent_twice_does_its_work_once(binary):
    with Apart(binary) as shop:
        alice, _, _ = people(shop)
        form = alice.open("/tickets/new").form("/tickets/new")
        pages = [alice.submit(form, title="Opera", price="20") for _ in range(2)]
        check(pages[0].path.startswith("/tickets/"), pages[0].path)
        check_equal(pages[1].path, pages[0].path, "the same ticket")


def what_is_wrong_is_said_beside_what_was_typed(binary):
    with Apart(binary) as shop:
        alice, bob, _ = people(shop)
        form = alice.open("/tickets/new").form("/tickets/new")
        page = alice.submit(form, title="Opera", price="none")
        check_equal(page.status, 400, page.text)
        check("Opera" in page.source, "what was typed is kept")
        check_equal(bob.open("/orders/none").status, 404, "an order that is none")
        check_equal(bob.open("/nowhere").status, 404, "a page that is none")
        order = bob.buy(alice.sell("Opera", "20"))
        check_equal(alice.open(order).status, 403, "another's order")
        bob.cookies["session"] = "forged.token.here"
        check_equal(bob.open("/orders").path.partition("?")[0], "/auth/signin", "a forged session")
        bob.cookies["session"] = "%0d%0aX-Evil: 1"
        check_equal(bob.open("/").status, 200, "a cookie that is none")


def another_site_cannot_send_its_forms(binary):
    with Apart(binary) as shop:
        alice, _, _ = people(shop)
        body = alice.body(alice.open("/tickets/new").form("/tickets/new"), title="Opera", price="20")
        headers = {
            **alice.headers(),
            "Sec-Fetch-Site": "cross-site",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        answer = alice.client.ask("POST", "/tickets/new", body, headers)
        check_equal(answer.status, 403, answer.text)
        check("Opera" not in alice.open("/").text, "nothing was listed")


def while_the_api_is_away_pages_say_so_and_then_go_on(binary):
    with Apart(binary) as shop:
        alice, bob, _ = people(shop)
        ticket = alice.sell("Opera", "20")
        form = bob.open(ticket).form(ticket + "/order")
        shop.stop()
        for path in ("/", ticket, "/orders", "/selling", "/account"):
            answer = bob.ask("GET", path)
            check_equal(answer.status, 503, path)
            check(answer.header("Retry-After"), "when to try again")
            check("text/html" in answer.header("Content-Type"), "a page")
            check("Please try again" in Page(answer, path).text, answer.text)
        answer = bob.ask("POST", form["action"], bob.body(form))
        check_equal((answer.status, answer.header("Set-Cookie")), (503, ""), answer.text)
        page = bob.open("/auth/signup")
        page = bob.submit(page.form("/auth/signup"), email="dan@example.com", password=PASSWORD)
        check_equal(page.status, 503, page.text)
        check("dan@example.com" in page.source, "what was typed is kept")
        check_equal(bob.open("/static/" + style_of(bob)).status, 200, "files are still there")
        ready = Client(shop.site_admin).get("/readyz")
        check_equal((ready.status, ready.json["parts"]["api"]), (200, "away"), ready.text)

        shop.start()
        page = bob.submit(form)
        check(page.path.startswith("/orders/"), f"{page.path}: {page.text}")
        bob.submit(bob.open(page.path + "/pay").form(page.path + "/pay"))
        check("Receipt" in bob.open(page.path).text, "paid")
        ready = Client(shop.site_admin).get("/readyz")
        check_equal((ready.status, ready.json["parts"]["api"]), (200, "ok"), ready.text)
        metrics = Client(shop.site_admin).get("/metrics").text
        check("usher_api_away 0" in metrics and "usher_api_calls 0" in metrics, metrics)
        shop.check_store()


def style_of(browser):
    source = browser.ask("GET", "/auth/signin").text
    return re.search(r'"/static/([^"?]+\.css[^"]*)"', source)[1]


def is_stopped(pid):
    """Each of its threads."""
    states = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/stat", encoding="utf-8") as stat:
            states.append(stat.read().rpartition(") ")[2][0])
    return set(states) == {"T"}


def an_api_that_hangs_holds_up_neither_others_nor_the_end(binary):
    with Apart(binary) as shop:
        _, bob, _ = people(shop)
        shop.program.process.send_signal(signal.SIGSTOP)
        try:
            wait_until(lambda: is_stopped(shop.program.process.pid), "the shop hangs")
            began = time.monotonic()
            answer = bob.ask("GET", "/")
            took = time.monotonic() - began
            check_equal(answer.status, 503, answer.text)
            check(8 < took < 13, f"its patience is 10 s for a page, not for each ask: {took:.1f} s")
            left = Client(shop.address)
            left.connection.request("GET", "/", headers={"Accept": "text/html"})
            metrics = Client(shop.site_admin)
            wait_until(lambda: "usher_api_calls 1" in metrics.get("/metrics").text, "it is asked")
            check_equal(Client(shop.address).get("/healthz").status, 200, "others are served")
            metrics.close()
            shop.site.stop()
            check_equal(left.connection.getresponse().status, 503, "who was waiting")
        finally:
            shop.program.process.send_signal(signal.SIGCONT)


def the_api_knows_visitors_from_each_other(binary):
    with Apart(binary, site_flags=["--trusted-proxy", "127.0.0.1"], log_level="info") as shop:
        shop.flags = ["--signups", "1"]
        shop.stop()
        shop.start()
        statuses = []
        for number, address in enumerate(("192.0.2.1", "192.0.2.2", "192.0.2.1")):
            visitor = Browser(shop)
            form = visitor.open("/auth/signup").form("/auth/signup")
            headers = {
                **visitor.headers(),
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Forwarded-For": address,
            }
            body = visitor.body(form, email=f"u{number}@example.com", password=PASSWORD, name="")
            statuses.append(visitor.client.ask("POST", "/auth/signup", body, headers).status)
        check_equal(statuses, [303, 303, 429], "one sign-up from each address")


def a_request_has_the_same_id_on_both_sides_and_no_secret_in_the_logs(binary):
    with Apart(binary) as shop:
        alice, _, _ = people(shop)
        form = alice.open("/tickets/new").form("/tickets/new")
        headers = {
            **alice.headers(),
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Request-Id": "from-the-browser-7",
        }
        body = alice.body(form, title="Opera", price="20")
        answer = alice.client.ask("POST", "/tickets/new", body, headers)
        check_equal((answer.status, answer.header("X-Request-Id")), (303, "from-the-browser-7"), "")
        for program in (shop.site, shop.program):
            wait_until(lambda p=program: "from-the-browser-7" in p.log(), f"log of {program.name}")
            check(alice.cookies["session"] not in program.log(), f"a token in {program.name}.log")


def it_serves_pages_and_nothing_else(binary):
    with Apart(binary) as shop:
        visitor = Client(shop.address)
        for path in ("/live", "/api/tickets", "/api/users/currentuser"):
            answer = visitor.get(path)
            check_equal(answer.status, 404, path)
            answer.check_envelope(path)
        check_equal(visitor.ask("HEAD", "/").status, 200, "HEAD")
        check_equal([f for f in os.listdir(shop.folder) if "site" in f], ["site.log"], "the site keeps nothing")


if __name__ == "__main__":
    pages_test.Shop = Apart
    run(
        pages_test.a_ticket_is_sold_from_the_listing_to_the_receipt,
        pages_test.a_double_click_pays_once,
        pages_test.of_two_buyers_one_is_told_that_the_other_was_faster,
        pages_test.a_raised_price_is_shown_before_it_is_paid,
        pages_test.a_declined_card_is_explained_and_the_ticket_for_sale_again,
        pages_test.a_payment_that_takes_long_is_followed_to_its_end,
        pages_test.signing_in_brings_one_back,
        pages_test.visitors_get_pages_packed_and_nobody_who_has_secrets_does,
        a_session_begins_and_ends_where_the_api_is,
        an_order_is_cancelled_and_the_ticket_changed_and_withdrawn,
        a_form_that_is_sent_twice_does_its_work_once,
        what_is_wrong_is_said_beside_what_was_typed,
        another_site_cannot_send_its_forms,
        while_the_api_is_away_pages_say_so_and_then_go_on,
        an_api_that_hangs_holds_up_neither_others_nor_the_end,
        the_api_knows_visitors_from_each_other,
        a_request_has_the_same_id_on_both_sides_and_no_secret_in_the_logs,
        it_serves_pages_and_nothing_else,
    )
