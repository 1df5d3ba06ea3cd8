"""Whatever strangers send, they get the right refusal, and the program goes on."""

import base64
import hashlib
import hmac
import itertools
import json
import os
import random
import re
import socket
import time

from shop import (
    PASSWORD,
    Client,
    Failure,
    Shop,
    Wire,
    check,
    check_equal,
    connect,
    is_full,
    request_bytes,
    run,
    wait_until,
)

CARD = "4242424242424242"
ID = "{id}"
NOBODY = "01a1fa29-cc1f-7efd-b850-72350d46f396"  # a good id of nothing
GROWTH_KIB_MAX = 64 * 1024

# Every path of the API: what may be done there.
PATHS = {
    "/api/users/signup": ["POST"],
    "/api/users/signin": ["POST"],
    "/api/users/signout": ["POST"],
    "/api/users/currentuser": ["GET", "PATCH"],
    "/api/tickets": ["GET", "POST"],
    "/api/tickets/{id}": ["GET", "PUT", "DELETE"],
    "/api/orders": ["GET", "POST"],
    "/api/orders/{id}": ["GET", "DELETE"],
    "/api/payments": ["GET", "POST"],
    "/api/payments/{id}": ["GET"],
    "/healthz": ["GET"],
}

# Those that read a body, with a good one.
BODIES = {
    ("POST", "/api/users/signup"): {"email": "new@example.com", "password": PASSWORD},
    ("POST", "/api/users/signin"): {"email": "new@example.com", "password": PASSWORD},
    ("PATCH", "/api/users/currentuser"): {"name": "Carol", "phone": "+4930123456"},
    ("POST", "/api/tickets"): {"title": "A seat", "price": 20, "startsAt": "2099-01-01T00:00:00Z"},
    ("PUT", "/api/tickets/{id}"): {"title": "A seat", "price": 20, "faceValue": "25.00"},
    ("POST", "/api/orders"): {"ticketId": NOBODY, "maxPrice": 20},
    ("POST", "/api/payments"): {"orderId": NOBODY, "token": "pm_card_visa"},
}
OPEN_TO_ALL = {"/api/users/signup", "/api/users/signin", "/api/users/signout", "/healthz"}

NOT_JSON = [
    b"{", b"}", b"{}{}", b"{} x", b"[", b"nonsense", b"\x00", b"{\x00}", b"{'a':1}", b'{"a"}',
    b'{"a":1,}', b'{a:1}', b'{"a":01}', b'{"a":+1}', b'{"a":.5}', b'{"a":1.}', b'{"a":0x10}',
    b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-}', b'{"a":1e}', b'{"a":"\n"}', b'{"a":"\x00"}',
    b'{"a":"\\x"}', b'{"a":"\\ud800"}', b'{"a":"\\udc00\\ud800"}', b'{"a":"\\u12"}', b'{"a":"',
    b'{"a":"\xff"}', b'{"a":"\xc0\xaf"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xf4\x90\x80\x80"}',
    b"\xef\xbb\xbf{}", b'{"\xff":1}', b"{}\x00", b'{/**/}', b'{"a":1 "b":2}', b'{"a":tru}',
    b'\xff\xfe{\x00}\x00', b'{"a":[}', b'{"a":"\\u0000"}' * 2, b'{"a":1,"a":2}',
    b"[" * 30000, b'{"a":' * 10000, b'{"a":' + b"[" * 20000 + b"]" * 20000 + b"}",
    b"[]", b'"text"', b"1", b"null", b"true",
]  # fmt: skip

# In the place of any one value, as bytes of JSON.
ABSURD = [
    b"true", b"[]", b"{}", b"[1]", b'{"$gt":""}', b"1e999", b"-1e999", b"1e-999",
    b"99999999999999999999", b"-99999999999999999999", b"0." + b"0" * 500 + b"1", b"1" * 5000,
    b'"\\u0000"', b'"\\u0007"', b'"' + b"x" * 60000 + b'"', b'"\\u202e"', b'"\\ud83d\\ude00"',
    b'"\' or 1=1 --"', b'"<script>alert(1)</script>"', b'"%s%n%p"', b'"../../etc/passwd"', b'""',
    b"null", b'" "', b"-0", b"0", b"-1", b"0.005",
]  # fmt: skip

BAD_PRICES = [
    b"0.005", b"1e999", b"99999999999999999999", b"-0", b"0", b"-1", b"-20", b"0.49", b"1000000",
    b"20.001", b"1e-2", b"true", b"[]", b"{}", b"[20]", b'"abc"', b'"20.001"', b'"-20"', b'"NaN"',
    b'"Infinity"', b'"1e999"', b'"0x20"', b'"20,00"', b'"20 000"', b'"\\u0662\\u0660"', b'""',
    b"null", b'" "', b"0.500000000000000000000000000001", b"999999.999", b'"$20"', b'"+"',
]  # fmt: skip
GOOD_PRICES = [b"0.5", b"0.50", b"20", b"20.0", b"2e1", b'"20.00"', b'"0.50"', b"999999.99"]

NOT_IDS = [
    "1", "0", "-1", "abc", "null", "undefined", NOBODY[:-1], NOBODY + "0", "x" * 500, "%27", "..%2f",
    "%2e%2e%2fhealthz", "{id}", NOBODY.replace("-", ""), NOBODY.replace("a", "g"), "%F0%9F%98%80",
    "1%20or%201=1", ";ls", "*", "~", "%25s",
]  # fmt: skip

# HTTP enough to be answered in the envelope.
BAD_HTTP = [
    b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    b"POST /api/tickets HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    b"POST /api/tickets HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /api/tickets?q=%ff HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /api/tickets?q=%zz HTTP/1.1\r\nHost: a\r\n\r\n",
]  # fmt: skip

# Not even that: libmicrohttpd refuses it in its own words, or hangs up.
NOT_HTTP = [
    b"\r\n\r\n\r\n\r\nX", b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9,
    b"POST /api/tickets HTTP/1.1\r\nHost: a\r\nContent-Length: -2\r\n\r\n{}",
    b"POST /api/tickets HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n{}",
    b"POST /api/tickets HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
]  # fmt: skip


class Target:
    """A shop to be mistreated: what it is asked, and that it stands afterwards."""

    def __init__(self, binary, *flags):
        self.shop = Shop(binary, *flags, log_level="debug")
        self.secrets = [PASSWORD, CARD, "@example.com"]

    def __enter__(self):
        self.shop.__enter__()
        self.alice = self.shop.sign_up("alice@example.com")
        self.bob = self.shop.sign_up("bob@example.com")
        self.ticket = self.alice.list_ticket()
        self.order = self.bob.order(self.alice.list_ticket()["id"])
        self.secrets += [self.alice.token, self.bob.token]
        self.wire = None
        self.resident = self.shop.program.resident_kib()
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                self.check_stands()
        finally:
            self.shop.__exit__(kind, value, trace)

    def send(self, data):
        """On the connection of before if it still stands; the answer, or None."""
        for _ in range(2):
            if self.wire is None:
                self.wire = Wire(connect(self.shop.address))
            try:
                self.wire.connection.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it may have answered before
            answer = self.wire.answer(head_only=data.startswith(b"HEAD "))
            if answer is not None:
                if answer.header("Connection").lower() == "close":
                    self.hang_up()
                return answer
            self.hang_up()
        return None

    def hang_up(self):
        if self.wire is not None:
            self.wire.close()
        self.wire = None

    def ask(self, method, path, token=None, body=None, headers=None):
        answer = self.send(request_bytes(method, path, token, body, headers))
        check(answer is not None, f"{method} {path}: no answer to {str(body)[:100]}")
        return answer

    def refused(self, statuses, method, path, token=None, body=None, headers=None):
        answer = self.ask(method, path, token, body, headers)
        what = f"{method} {path} {str(body)[:100]} {str(headers or '')[:100]}"
        check(answer.status in statuses, f"{what}: {answer.status} {answer.text[:200]}")
        if method != "HEAD":
            answer.check_envelope(what)
        return answer

    def own(self, path):
        """A path of something that is there."""
        thing = self.order if path.startswith("/api/orders") else self.ticket
        return path.replace(ID, thing["id"])

    def check_stands(self):
        self.hang_up()
        answer = Client(self.shop.address).get("/healthz")
        check_equal(answer.status, 200, "healthz afterwards")
        seen = self.alice.see("/api/tickets/" + self.ticket["id"])
        check_equal(seen["userId"], self.alice.user, "the seller of the ticket")
        grown = self.shop.program.resident_kib() - self.resident
        print(f"grown by {grown} KiB", flush=True)
        if not any(name.endswith("SAN_OPTIONS") for name in os.environ):
            check(grown < GROWTH_KIB_MAX, f"grown by {grown} KiB")
        self.shop.stop()
        log = self.shop.program.log()
        for secret in self.secrets:
            check(secret not in log, f"{secret!r} is in the log")
        for level in ("error", "assert"):
            check(f'"level":"{level}"' not in log, f"{level} in the log: {log[-2000:]}")
        self.shop.check_store()


def with_value(body, name, value):
    """The body as JSON, with one value replaced by bytes."""
    mark = "the place for it"
    return json.dumps({**body, name: mark}).encode().replace(json.dumps(mark).encode(), value)


def what_is_not_json_is_400(binary):
    with Target(binary) as target:
        for method, path in BODIES:
            for body in NOT_JSON:
                target.refused({400}, method, target.own(path), target.alice.token, body)


def no_value_is_too_absurd(binary):
    """Each value of each body in turn: accepted or refused, but decided; nothing breaks."""
    with Target(binary, "--signin-failures", "100000") as target:
        for (method, path), body in BODIES.items():
            for name in body:
                for value in ABSURD:
                    raw = with_value(body, name, value)
                    token = None if path in OPEN_TO_ALL else target.alice.token
                    answer = target.ask(method, target.own(path), token, raw)
                    what = f"{method} {path} {raw[:100]}: {answer.status} {answer.text[:200]}"
                    known = {200, 201, 400, 401, 403, 404, 409}
                    check(answer.status in known, what)
                    if answer.status >= 400:
                        answer.check_envelope(what)


def only_good_prices_are_taken(binary):
    with Target(binary) as target:
        for name, value in itertools.product(["price", "faceValue"], BAD_PRICES):
            body = with_value({"title": "A seat", "price": 20}, name, value)
            left_out = name == "faceValue" and value in (b'""', b"null", b'" "')
            cheap = name == "faceValue" and value in (b"0.49", b"1e-2", b"0")
            if left_out or cheap:
                continue
            answer = target.refused({400}, "POST", "/api/tickets", target.alice.token, body)
            field = answer.json["errors"][0].get("field")
            check(field in (name, None), f"the field at fault in {body}: {field}")
        for value in GOOD_PRICES:
            body = with_value({"title": "A seat"}, "price", value)
            answer = target.ask("POST", "/api/tickets", target.alice.token, body)
            check_equal(answer.status, 201, f"{body}: {answer.text}")
            check(isinstance(answer.json["price"], (int, float)), answer.text)


def what_is_not_there_is_404(binary):
    with Target(binary) as target:
        for path, methods in PATHS.items():
            if ID not in path:
                continue
            for method, name in itertools.product(methods, NOT_IDS + [NOBODY]):
                body = BODIES.get((method, path))
                target.refused({404}, method, path.replace(ID, name), target.alice.token, body)
        for path in ("/nothing", "/api", "/api/", "/api/nothing", "/api/tickets/a/b", "//", "/api//"):
            target.refused({404}, "GET", path)
        for name in NOT_IDS + [NOBODY]:
            for path, key in (("/api/orders", "ticketId"), ("/api/payments", "orderId")):
                body = {**BODIES["POST", path], key: name}
                target.refused({400, 404}, "POST", path, target.alice.token, body)


def bad_queries_are_400(binary):
    bad = {
        "limit": ["0", "-1", "101", "1e1", "abc", "99999999999999999999", "1.5", "%00"],
        "cursor": ["x", "AAAA", "x" * 513, "%27", "AAABofopyIcBofopyId"],
    }
    tickets = {
        **bad,
        "minPrice": ["NaN", "-1", "1e999", "0x1", "20.001", "abc", "99999999999999999999"],
        "maxPrice": ["NaN", "-1", "1e999", "abc"], "sort": ["nonsense", "price;drop", "PRICE"],
        "status": ["nonsense", "1"], "category": ["nonsense"], "q": ["x" * 101, "%ff", "%00", "%"],
        "from": ["yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "1", "2026"],
        "to": ["99999-01-01T00:00:00Z", "x"],
    }  # fmt: skip
    with Target(binary) as target:
        for path, names in (("tickets", tickets), ("orders", bad), ("payments", bad)):
            for name, values in names.items():
                for value in values:
                    where = f"/api/{path}?{name}={value}"
                    target.refused({400}, "GET", where, target.bob.token)
        for query in ("&".join(["limit=1"] * 100), "=" * 500, "limit=1&limit=2", "&" * 60):
            answer = target.ask("GET", "/api/tickets?" + query)
            check(answer.status in (200, 400), f"{query[:50]}: {answer.status}")
        for count in range(1, 2030, 29):
            answer = target.ask("GET", "/api/tickets?" + "&" * count)
            check(answer.status in (200, 400, 431), f"{count} &: {answer.status}")
            if answer.status != 200:
                answer.check_envelope(f"{count} &")


def other_methods_are_405(binary):
    with Target(binary) as target:
        for path, methods in PATHS.items():
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
                if method in methods:
                    continue
                answer = target.refused({405}, method, target.own(path), target.alice.token, b"")
                allowed = set(re.split(r",\s*", answer.header("Allow")))
                check(set(methods) <= allowed, f"{method} {path}: Allow: {allowed}")
                check(method not in allowed, f"{method} {path}: Allow: {allowed}")
            for method in ("BREW", "get", "PROPFIND"):
                target.refused({405, 501}, method, target.own(path), target.alice.token, b"")


def other_types_are_415(binary):
    types = [
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json",
        "application/jsonx", "application/xml", "", "application/", "*/*", "text/json",
    ]  # fmt: skip
    with Target(binary) as target:
        for (method, path), body in BODIES.items():
            for kind in types:
                raw = json.dumps(body).encode()
                head = {"Content-Type": kind}
                target.refused({415}, method, target.own(path), target.alice.token, raw, head)


def strangers_are_401_and_others_403(binary):
    with Target(binary) as target:
        for path, methods in PATHS.items():
            for method in methods:
                body = BODIES.get((method, path))
                private = path.startswith(("/api/orders", "/api/payments"))
                if path in OPEN_TO_ALL or (method == "GET" and not private):
                    continue
                target.refused({401}, method, target.own(path), None, body)
                target.refused({401}, method, target.own(path), None, b"{" if body else None)
        carol = target.shop.sign_up("carol@example.com")
        for method, path in (("GET", "/api/orders/{id}"), ("DELETE", "/api/orders/{id}"),
                             ("PUT", "/api/tickets/{id}"), ("DELETE", "/api/tickets/{id}")):  # fmt: skip
            target.refused({403}, method, target.own(path), carol.token, BODIES.get((method, path)))
        body = {"orderId": target.order["id"], "token": "pm_card_visa"}
        target.refused({403}, "POST", "/api/payments", carol.token, body)
        body = {"ticketId": target.ticket["id"]}
        target.refused({403}, "POST", "/api/orders", target.alice.token, body)


def huge_requests_are_refused(binary):
    with Target(binary) as target:
        for method, path in BODIES:
            for size in (64 * 1024 + 1, 1 << 20):
                body = b'{"a":"' + b"x" * (size - 8) + b'"}'
                target.refused({413}, method, target.own(path), target.alice.token, body)
                target.hang_up()
            for size, statuses in ((1 << 32, {413}), ((1 << 63) - 1, {400, 413})):
                head = {"Content-Length": str(size)}
                target.refused(statuses, method, target.own(path), target.alice.token, b"{", head)
                target.hang_up()
            chunks = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
            head = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
            start = request_bytes(method, target.own(path), target.alice.token, None, head)
            answer = target.send(start + chunks * 4 + b"0\r\n\r\n")
            check(answer is not None and answer.status == 413, f"{method} {path}: chunks")
            target.hang_up()
        target.refused({414}, "GET", "/api/tickets?q=" + "x" * 3000)
        target.refused({431}, "GET", "/api/tickets", None, None, {"X-Much": "x" * 9000})
        much = {f"X-{i}": "x" * 150 for i in range(60)}
        target.refused({431}, "GET", "/api/tickets", None, None, much)
        many = {f"X-{i}": "x" for i in range(2000)}  # more than the library has room for
        answer = target.ask("GET", "/api/tickets", None, None, many)
        check_equal(answer.status, 431, "too many headers")
        # The greatest that is still fine.
        body = {"title": "x" * 200, "price": 20, "description": "y" * 5000}
        raw = json.dumps(body).encode()
        raw += b" " * (64 * 1024 - len(raw))
        answer = target.ask("POST", "/api/tickets", target.alice.token, raw)
        check_equal(answer.status, 201, f"64 KiB: {answer.text}")


def card_numbers_are_refused_anywhere(binary):
    """…and stand in no log and no store."""
    shapes = [CARD, "4242 4242 4242 4242", "4242-4242-4242-4242", "my card is " + CARD + "!",
              "378282246310005", "5555 5555 5555 4444"]  # fmt: skip
    with Target(binary) as target:
        target.secrets += shapes
        token = target.alice.token
        for (method, path), body in BODIES.items():
            for shape in shapes:
                for name in [*body, "number", "nobody_reads_this"]:
                    bad = {**body, name: shape}
                    target.refused({400}, method, target.own(path), token, bad)
                target.refused({400}, method, target.own(path), token, {**body, "deep": [[shape]]})
            bad = {**body, "number": int(CARD)}
            target.refused({400}, method, target.own(path), token, bad)
            escaped = with_value(body, "name", b'"\\u0034' + CARD[1:].encode() + b'"')
            target.refused({400}, method, target.own(path), token, escaped)
            headers = {"Idempotency-Key": CARD}
            target.refused({400}, method, target.own(path), token, body, headers)
        for query in (CARD, "4242+4242+4242+4242", "4242%204242%204242%204242", "%34" + CARD[1:]):
            target.refused({400}, "GET", "/api/tickets?q=" + query)
            target.refused({400}, "GET", "/api/tickets?nobody=" + query)
        target.refused({400, 404}, "GET", "/api/tickets/" + CARD)
        target.refused({400, 404}, "GET", "/" + CARD)
        answer = target.ask("POST", "/api/tickets", token, {"title": "A seat", "price": 20},
                            {"X-Request-Id": CARD})  # fmt: skip
        check(CARD not in answer.header("X-Request-Id"), "a card's number as X-Request-Id")
        for name in os.listdir(target.shop.folder):
            with open(os.path.join(target.shop.folder, name), "rb") as file:
                content = file.read()
            for shape in shapes:
                check(shape.encode() not in content, f"{shape} is in {name}")


def bad_idempotency_keys_are_400(binary):
    with Target(binary) as target:
        token = target.alice.token
        body = {"title": "A seat", "price": 20}
        for key in ("", "x" * 256, "\x7f", "caf\xe9", "a\tb", "\xff" * 10):
            target.refused({400}, "POST", "/api/tickets", token, body, {"Idempotency-Key": key})
        target.hang_up()
        for key in ("x", "~" * 255, "' or 1=1 --", "a b"):
            head = {"Idempotency-Key": key}
            first = target.ask("POST", "/api/tickets", token, body, head)
            again = target.ask("POST", "/api/tickets", token, body, head)
            check_equal((first.status, again.status), (201, 201), f"the key {key!r}")
            check_equal(again.json["id"], first.json["id"], f"the key {key!r}")
            check_equal(again.header("Idempotency-Replayed"), "true", f"the key {key!r}")
            target.refused({422}, "POST", "/api/tickets", token, {**body, "price": 21}, head)
            answer = target.ask("POST", "/api/tickets", target.bob.token, body, head)
            check(answer.json["id"] != first.json["id"], "another caller's answer")


def other_sites_are_403(binary):
    with Target(binary) as target:
        evil = [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://shop.example.evil.example"},
            {"Origin": "http://shop.example:1"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://shop.example"},
        ]
        cookie = {"Cookie": "session=" + target.alice.token}
        for path, methods in PATHS.items():
            for method, head in itertools.product(methods, evil):
                if method == "GET":
                    continue
                body = BODIES.get((method, path), {})
                target.refused({403}, method, target.own(path), None, body, {**cookie, **head})
        title = {"title": "From the site", "price": 20}
        for head in ({}, {"Origin": "http://shop.example"}, {"Sec-Fetch-Site": "same-origin"}):
            answer = target.ask("POST", "/api/tickets", None, title, {**cookie, **head})
            check_equal(answer.status, 201, f"from the site itself, {head}")


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(head, payload, key):
    text = encode(json.dumps(head, separators=(",", ":")).encode()) + "." + encode(payload)
    return text + "." + encode(hmac.new(key, text.encode(), hashlib.sha256).digest())


def bad_tokens_sign_nobody_in(binary):
    with Target(binary) as target:
        with open(target.shop.store + ".jwt-key", "rb") as file:
            key = file.read().strip()
        head, payload, mac = target.alice.token.split(".")
        plain = base64.urlsafe_b64decode(payload + "==")
        claims = json.loads(plain)
        hs256 = {"alg": "HS256", "typ": "JWT"}
        check_equal(signed(hs256, plain, key), target.alice.token, "a token made by the test")

        def claim(**changes):
            return json.dumps({**claims, **changes}, separators=(",", ":")).encode()

        bob = target.bob.user
        bad = {
            "empty": "", "nonsense": "nonsense", "dots": "..", "spaces": " . . ",
            "no mac": f"{head}.{payload}.", "two parts": f"{head}.{payload}",
            "alg none": encode(b'{"alg":"none","typ":"JWT"}') + f".{payload}.",
            "alg none, with mac": signed({"alg": "none", "typ": "JWT"}, plain, key),
            "another key": signed(hs256, plain, b"x" * 32), "no key": signed(hs256, plain, b""),
            "expired": signed(hs256, claim(exp=int(time.time()) - 1), key),
            "expired long ago": signed(hs256, claim(exp=0), key),
            "before time": signed(hs256, claim(exp=-1), key),
            "beyond time": signed(hs256, claim(exp=1 << 62), key),
            "user tampered with": f"{head}.{encode(claim(sub=bob))}.{mac}",
            "exp tampered with": f"{head}.{encode(claim(exp=1 << 40))}.{mac}",
            "another's mac": f"{head}.{payload}.{target.bob.token.split('.')[2]}",
            "padded": target.alice.token + "=", "longer": target.alice.token + "A",
            "other end": target.alice.token[:-1] + ("B" if mac[-1] != "B" else "C"),
            "long": "x" * 4000, "high": "\xff\xfe", "quoted": '"' + target.alice.token,
        }  # fmt: skip
        for name, token in bad.items():
            target.secrets += [token] if len(token) > 20 else []
            for head in ({"Authorization": "Bearer " + token}, {"Cookie": "session=" + token}):
                answer = target.ask("GET", "/api/orders", None, None, head)
                check_equal(answer.status, 401, f"{name}: {answer.text}")
                answer.check_envelope(name)
                answer = target.ask("GET", "/api/users/currentuser", None, None, head)
                check_equal(answer.json, {"currentUser": None}, name)

        carol = target.shop.sign_up("carol@example.com")
        check_equal(carol.get("/api/orders").status, 200, "signed in")
        check_equal(carol.post("/api/users/signout", {}).status, 200, "signing out")
        check_equal(carol.get("/api/orders").status, 401, "a revoked session")


def pipelined_requests_are_answered_in_order(binary):
    with Target(binary) as target:
        wire = Wire(connect(target.shop.address))
        count = 200 if is_full() else 50
        requests, expected = [], []
        for i in range(count):
            requests += [
                request_bytes("POST", "/api/tickets", target.alice.token,
                              {"title": f"Seat {i}", "price": 20}),
                request_bytes("GET", f"/api/tickets/{target.ticket['id']}"),
                request_bytes("GET", "/nothing"),
                request_bytes("POST", "/api/tickets", None, {"title": "x"}),
            ]  # fmt: skip
            expected += [201, 200, 404, 401]
        wire.connection.sendall(b"".join(requests))
        answers = [wire.answer() for _ in expected]
        check_equal([a.status for a in answers], expected, "the order of answers")
        titles = [a.json["title"] for a in answers[::4]]
        check_equal(titles, [f"Seat {i}" for i in range(count)], "the order of titles")
        wire.close()


def slow_clients_hold_nobody_up(binary):
    halves = [
        b"", b"G", b"GET / HTTP/1.1\r\n", b"POST /api/tickets HTTP/1.1\r\nHost: a\r\nX: ",
        request_bytes("POST", "/api/tickets", None, b"{", {"Content-Length": "100"}),
    ]  # fmt: skip
    with Target(binary) as target:
        slow = []
        for i in range(500):
            connection = connect(target.shop.address)
            connection.sendall(halves[i % len(halves)])
            if i % 7 == 0:
                connection.shutdown(socket.SHUT_WR)
            slow.append(connection)
        began = time.monotonic()
        for _ in range(200):
            target.alice.list_ticket()
        check(time.monotonic() - began < 30, "others wait for the slow ones")
        # Those that have begun and do not go on are hung up on.
        begun = [slow[i] for i in (1, 2, 3)]
        for connection in begun:
            connection.settimeout(40)
            last = b"".join(iter(lambda c=connection: c.recv(4096), b""))
            check(not last or last.startswith(b"HTTP/1.1 408"), f"at the end: {last[:100]}")
        for connection in slow:
            connection.close()
        wait_until(lambda: Client(target.shop.address).get("/healthz").status == 200, "healthz")


def answer_to(address, data, count=1, patience=2.0):
    """The last of so many; None if it hangs up, or waits for more."""
    wire = Wire(connect(address))
    wire.connection.settimeout(patience)
    try:
        wire.connection.sendall(data)
        wire.connection.shutdown(socket.SHUT_WR)
        for _ in range(count - 1):
            wire.answer()
        return wire.answer()
    except OSError:
        return None
    finally:
        wire.close()


def heads_of_any_shape_are_survived(binary):
    """The HTTP library has so much room for a head and for what it makes of it: at the edge of
    that it behaves in ways of its own."""

    def arguments(n):
        return "&" * n, {}

    def headers(n):
        return "", {f"X-{i}": "x" for i in range(n)}

    def cookie(n):
        return "", {"Cookie": "a" * 8 * n}

    def cookies(n):
        return "", {"Cookie": "a=b; " * n}

    def all_of_them(n):
        return "&" * (n // 2), {"Cookie": "a;" * n, **{f"X-{i}": "x" for i in range(n // 10)}}

    step = 3 if is_full() else 37
    with Target(binary) as target:
        for shape in (arguments, headers, cookie, cookies, all_of_them):
            for count in range(1, 1900, step):
                query, head = shape(count)
                for before in (b"", request_bytes("GET", "/api/tickets?limit=1")):
                    data = request_bytes("GET", "/api/tickets?" + query, None, None, head)
                    answer = answer_to(target.shop.address, before + data, 2 if before else 1, 0.2)
                    what = f"{shape.__name__} {count}"
                    known = (200, 400, 414, 431)
                    check(answer is None or answer.status in known, f"{what}: {answer}")
                check(target.shop.program.process.poll() is None, f"{what}: it is dead")


def bad_http_is_400(binary):
    with Target(binary) as target:
        for data in BAD_HTTP:
            answer = answer_to(target.shop.address, data)
            check(answer is not None, f"no answer to {data!r}")
            check_equal(answer.status, 400, f"to {data!r}")
            answer.check_envelope(f"{data!r}")


def nonsense_is_survived(binary):
    """On every listener: the shop, the admin's, the simulated Stripe's."""
    with Target(binary) as target:
        shop = target.shop
        for address in (shop.address, shop.admin, shop.stripe_address):
            noise = [random.randbytes(random.randrange(1, 5000)) for _ in range(100)]
            for data in BAD_HTTP + NOT_HTTP + noise:
                answer = answer_to(address, data)
                if answer is not None:
                    check(400 <= answer.status <= 505, f"to {data[:80]!r}: {answer.status}")
            check(Client(address).get("/healthz").status in (200, 401), f"{address} afterwards")


if __name__ == "__main__":
    run(
        what_is_not_json_is_400,
        no_value_is_too_absurd,
        only_good_prices_are_taken,
        what_is_not_there_is_404,
        bad_queries_are_400,
        other_methods_are_405,
        other_types_are_415,
        strangers_are_401_and_others_403,
        huge_requests_are_refused,
        card_numbers_are_refused_anywhere,
        bad_idempotency_keys_are_400,
        other_sites_are_403,
        bad_tokens_sign_nobody_in,
        pipelined_requests_are_answered_in_order,
        slow_clients_hold_nobody_up,
        heads_of_any_shape_are_survived,
        bad_http_is_400,
        nonsense_is_survived,
    )
