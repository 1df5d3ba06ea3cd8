"""People buy and sell with a browser that knows no JavaScript, on the real program."""

import gzip
import html.parser
import http.client
import re
import time
import urllib.parse

from shop import PASSWORD, Client, Shop, at_once, check, check_equal, connect, run, wait_until


class Page(html.parser.HTMLParser):
    """What a person sees and can fill in: texts, links, forms."""

    def __init__(self, answer, path):
        super().__init__()
        self.status = answer.status
        self.path = path
        self.source = answer.text
        self.forms = []
        self.links = []
        self.texts = []
        self.feed(answer.text)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "form":
            self.forms.append({"action": values["action"], "method": values["method"], "inputs": {}})
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "input" and self.forms and "name" in values:
            chosen = values.get("type") != "radio" or "checked" in values
            if chosen:
                self.forms[-1]["inputs"][values["name"]] = values.get("value", "")
        if tag in ("textarea", "select") and self.forms:
            self.forms[-1]["inputs"].setdefault(values["name"], "")
        if tag == "option" and "selected" in values:
            names = [n for n, v in self.forms[-1]["inputs"].items() if v == ""]
            self.forms[-1]["inputs"][names[-1]] = values["value"]

    def handle_data(self, data):
        self.texts.append(data)

    def form(self, action):
        """The form that goes there."""
        found = [f for f in self.forms if re.fullmatch(action, f["action"])]
        check(found, f"no form to {action} on {self.path}: {self.text}")
        return found[0]


class Browser:
    def __init__(self, shop):
        self.client = Client(shop.address)
        self.cookies = {}

    def headers(self):
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return headers

    def keep_cookies(self, answer):
        for cookie in answer.cookies:
            name, _, rest = cookie.partition("=")
            value = rest.partition(";")[0]
            if "Max-Age=0" in cookie:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    def ask(self, method, path, body=None):
        headers = self.headers()
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self.client.ask(method, path, body, headers)
        self.keep_cookies(answer)
        return answer

    def follow(self, answer, path):
        for _ in range(5):
            if answer.status != 303:
                return Page(answer, path)
            path = answer.header("Location")
            check(path.startswith("/") and not path.startswith("//"), f"sent to {path}")
            answer = self.ask("GET", path)
        check(False, f"sent around in circles: {path}")

    def open(self, path):
        return self.follow(self.ask("GET", path), path)

    def body(self, form, **typed):
        return urllib.parse.urlencode({**form["inputs"], **typed}).encode()

    def submit(self, form, **typed):
        answer = self.ask("POST", form["action"], self.body(form, **typed))
        return self.follow(answer, form["action"])

    def sign_up(self, email):
        form = self.open("/auth/signup").form("/auth/signup")
        page = self.submit(form, email=email, password=PASSWORD, name="")
        check("Welcome" in page.text, page.text)
        return self

    def sell(self, title, price):
        page = self.submit(self.open("/tickets/new").form("/tickets/new"), title=title, price=price)
        check_equal(page.status, 200, page.text)
        return page.path

    def buy(self, ticket):
        page = self.submit(self.open(ticket).form(ticket + "/order"))
        check(page.path.startswith("/orders/"), f"{page.path}: {page.text}")
        return page.path


def people(shop):
    return [Browser(shop).sign_up(f"{name}@example.com") for name in ("alice", "bob", "carol")]


def a_ticket_is_sold_from_the_listing_to_the_receipt(binary):
    with Shop(binary) as shop:
        alice, bob, _ = people(shop)
        ticket = alice.sell("Opera", "48,50")
        page = bob.open("/?q=opera")
        check(ticket in page.links, f"{ticket} in {page.links}")
        order = bob.buy(ticket)
        page = bob.open(order)
        check("$48.50" in page.text and "15 minutes" in page.text, page.text)
        page = bob.submit(bob.open(order + "/pay").form(order + "/pay"))
        check_equal(page.path, order, "where one is after paying")
        check("Receipt" in page.text and "pi_" in page.text, page.text)
        check("Sold" in alice.open("/selling").text, "alice sees her sale")
        check("Opera" not in bob.open("/").text, "it is off the list")
        shop.check_store()


def a_double_click_pays_once(binary):
    with Shop(binary) as shop:
        alice, bob, _ = people(shop)
        order = bob.buy(alice.sell("Opera", "20"))
        form = bob.open(order + "/pay").form(order + "/pay")
        body = bob.body(form)
        headers = {**bob.headers(), "Content-Type": "application/x-www-form-urlencoded"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = (
            f"POST {order}/pay HTTP/1.1\r\nHost: shop.example\r\n{lines}"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        for answer in at_once(shop.address, [request] * 20):
            check_equal((answer.status, answer.header("Location")), (303, order), answer.text)
        intents = shop.ledger()["payment_intents"]
        check_equal([i["captured"] for i in intents], [2000], "what was captured")
        check("Receipt" in bob.open(order).text, "paid")
        shop.check_store()


def of_two_buyers_one_is_told_that_the_other_was_faster(binary):
    with Shop(binary) as shop:
        alice, bob, carol = people(shop)
        ticket = alice.sell("Opera", "20")
        forms = [b.open(ticket).form(ticket + "/order") for b in (bob, carol)]
        pages = [b.submit(f) for b, f in zip((bob, carol), forms)]
        check(pages[0].path.startswith("/orders/"), pages[0].path)
        check_equal(pages[1].status, 409, pages[1].text)
        check("faster" in pages[1].text, pages[1].text)
        bob.submit(bob.open(pages[0].path).form(".*/cancel"))
        carol.buy(ticket)


def a_raised_price_is_shown_before_it_is_paid(binary):
    with Shop(binary) as shop:
        alice, bob, _ = people(shop)
        ticket = alice.sell("Opera", "20")
        form = bob.open(ticket).form(ticket + "/order")
        alice.submit(alice.open(ticket + "/edit").form(ticket + "/edit"), price="25")
        page = bob.submit(form)
        check_equal(page.status, 409, page.text)
        check("changed to 25" in page.text and "$25.00" in page.text, page.text)
        page = bob.submit(page.form(ticket + "/order"))
        check(page.path.startswith("/orders/") and "$25.00" in page.text, page.text)


def a_declined_card_is_explained_and_the_ticket_for_sale_again(binary):
    with Shop(binary) as shop:
        alice, bob, carol = people(shop)
        ticket = alice.sell("Opera", "20")
        order = bob.buy(ticket)
        form = bob.open(order + "/pay").form(order + "/pay")
        page = bob.submit(form, token="pm_card_visa_chargeDeclined")
        check_equal(page.path, order, "where one is then")
        check("declined" in page.text, page.text)
        carol.buy(ticket)


def a_payment_that_takes_long_is_followed_to_its_end(binary):
    with Shop(binary, "--answer-wait", "1s") as shop:
        alice, bob, _ = people(shop)
        order = bob.buy(alice.sell("Opera", "20"))
        shop.fault(do="delay", ms=3000, path="/v1/payment_intents")
        page = bob.submit(bob.open(order + "/pay").form(order + "/pay"))
        check("under way" in page.text, page.text)
        wait_until(lambda: "Receipt" in bob.open(order).text, "the receipt")


def signing_in_brings_one_back(binary):
    with Shop(binary) as shop:
        people(shop)
        visitor = Browser(shop)
        page = visitor.open("/orders")
        check_equal(page.path.partition("?")[0], "/auth/signin", "where strangers are sent")
        page = visitor.submit(page.form("/auth/signin"), email="bob@example.com", password="wrong")
        check_equal(page.status, 401, page.text)
        check("bob@example.com" in page.source, "the address is kept")
        page = visitor.submit(
            page.form("/auth/signin"), email="bob@example.com", password=PASSWORD
        )
        check_equal(page.path, "/orders", "where one is then")
        visitor.submit(page.form("/auth/signout"))
        check("session" not in visitor.cookies, "signed out")


# ---- live ----


def fetch(shop, cookie=None):
    """The list as it is sent to who can unpack it."""
    connection = http.client.HTTPConnection(shop.address, timeout=30)
    headers = {"Accept-Encoding": "br, gzip", **({"Cookie": cookie} if cookie else {})}
    connection.request("GET", "/", headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def visitors_get_pages_packed_and_nobody_who_has_secrets_does(binary):
    with Shop(binary) as shop:
        alice, _, _ = people(shop)
        alice.sell("Opera", "20")
        answer, body = fetch(shop)
        check_equal(answer.getheader("Content-Encoding"), "gzip", "of a visitor's page")
        check("Accept-Encoding" in answer.getheader("Vary"), "caches are told that it depends")
        plain = Browser(shop).open("/").source
        check_equal(gzip.decompress(body).decode(), plain, "it is the same page")
        check(len(body) < len(plain.encode()) / 2, "it is smaller")
        cookie = "; ".join(f"{name}={value}" for name, value in alice.cookies.items())
        answer, body = fetch(shop, cookie)
        check_equal(answer.getheader("Content-Encoding"), None, "of the page of who has signed in")
        check(b"/selling" in body, "she has signed in")


class Listener:
    """Reads an event stream until it has what it waits for."""

    def __init__(self, shop, path):
        self.socket = connect(shop.address)
        self.socket.settimeout(30)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: shop.example\r\n\r\n".encode())
        self.seen = b""
        self.wait_for(b"retry:")

    def wait_for(self, text):
        while text not in self.seen:
            chunk = self.socket.recv(65536)
            check(chunk, f"the stream ended before {text}")
            self.seen += chunk

    def close(self):
        self.socket.close()


def listeners_hear_of_locks_and_sales_and_of_nothing_else(binary):
    with Shop(binary) as shop:
        alice, bob, _ = people(shop)
        ticket = alice.sell("Opera", "20")
        other = alice.sell("Match", "20")
        one = Listener(shop, "/live" + ticket)
        every = Listener(shop, "/live")
        quiet = Listener(shop, "/live" + other)
        order = bob.buy(ticket)
        for listener in (one, every):
            listener.wait_for(b'"status":"reserved"')
        bob.submit(bob.open(order + "/pay").form(order + "/pay"))
        for listener in (one, every):
            listener.wait_for(b'"status":"sold"')
        bob.buy(other)
        quiet.wait_for(b'"status":"reserved"')
        check(b"sold" not in quiet.seen, "of another ticket")
        every.wait_for(other.rpartition("/")[2].encode())
        began = time.monotonic()
        shop.stop()
        check(time.monotonic() - began < 5, "listeners do not hold up the end")


def many_listeners_hear_it_soon_and_cost_little(binary):
    """Their number is small here; bench/ has ten thousand."""
    count = 500
    with Shop(binary) as shop:
        alice, bob, _ = people(shop)
        ticket = alice.sell("Opera", "20")
        before = shop.program.resident_kib()
        listeners = [Listener(shop, "/live" + ticket) for _ in range(count)]
        each_kib = (shop.program.resident_kib() - before) / count
        began = time.monotonic()
        bob.buy(ticket)
        for listener in listeners:
            listener.wait_for(b'"status":"reserved"')
        took = time.monotonic() - began
        print(f"{count} listeners: {each_kib:.1f} KiB each, all have heard after {took * 1000:.0f} ms")
        check(took < 5, "the last one heard it late")
        for listener in listeners:
            listener.close()
        check_equal(bob.open("/").status, 200, "the shop goes on")


if __name__ == "__main__":
    run(
        a_ticket_is_sold_from_the_listing_to_the_receipt,
        a_double_click_pays_once,
        of_two_buyers_one_is_told_that_the_other_was_faster,
        a_raised_price_is_shown_before_it_is_paid,
        a_declined_card_is_explained_and_the_ticket_for_sale_again,
        a_payment_that_takes_long_is_followed_to_its_end,
        signing_in_brings_one_back,
        visitors_get_pages_packed_and_nobody_who_has_secrets_does,
        listeners_hear_of_locks_and_sales_and_of_nothing_else,
        many_listeners_hear_it_soon_and_cost_little,
    )
