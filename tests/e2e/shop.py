"""The real program, started and asked from outside: what the tests of this folder share.

Every test starts its own on free ports, in a temporary folder, and ends it by its pid."""

import ctypes
import http.client
import json
import os
import random
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

CONTROL_TOKEN = "control-token-of-the-tests"
STOP_SECONDS_MAX = 10  # the contract's
PASSWORD = "correct horse battery"


class Failure(Exception):
    """What a test expected and did not find."""


def check(condition, what):
    if not condition:
        raise Failure(what)


def check_equal(found, expected, what):
    if found != expected:
        raise Failure(f"{what}: {found!r}, expected {expected!r}")


def wait_until(condition, what, seconds=30.0):
    """Asks again and again; returns what the condition returned."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Failure(f"after {seconds} s still not: {what}")
        time.sleep(0.02)


# ---- the program ----


class Program:
    """One process of usher, from its ready line to its end."""

    def __init__(self, binary, folder, name, arguments, environment, before_exec=None):
        self.log_path = os.path.join(folder, name + ".log")
        self.name = name
        with open(self.log_path, "ab") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(
                [binary, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.environ.get("PATH", ""), **sanitizers(), **environment},
                cwd=folder,
                preexec_fn=before_program(before_exec),
            )

    def log(self):
        """What it said since it was started."""
        with open(self.log_path, "rb") as log:
            log.seek(self.log_start)
            return log.read().decode("utf-8", "replace")

    def await_line(self, pattern, seconds=30.0):
        def line():
            found = re.search(pattern, self.log())
            if not found and self.process.poll() is not None:
                raise Failure(f"{self.name} ended with {self.process.returncode}:\n{self.log()}")
            return found

        return wait_until(line, f"{pattern!r} in the log of {self.name}", seconds)

    def await_end(self, seconds=STOP_SECONDS_MAX):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} did not end within {seconds} s") from None

    def stop(self):
        """SIGTERM: it must end in time, and well."""
        self.process.send_signal(signal.SIGTERM)
        check_equal(self.await_end(), 0, f"exit status of {self.name}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def resident_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


def before_program(then):
    """It dies with the test that started it, even if that is killed."""

    def prepare():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if then is not None:
            then()

    return prepare


def sanitizers():
    return {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}


class Shop:
    """`usher serve` with its simulated Stripe, in a folder of its own.

    stripe_apart: the simulator is a process of its own, which outlives the shop."""

    def __init__(self, binary, *flags, stripe_apart=False, before_exec=None, log_level="info"):
        self.binary = binary
        self.flags = list(flags)
        self.folder = tempfile.mkdtemp(prefix="usher-e2e-")
        self.store = os.path.join(self.folder, "usher.db")
        self.stripe_apart = stripe_apart
        self.stripe_port = 0
        self.before_exec = before_exec
        self.log_level = log_level
        self.program = None
        self.stripe = None
        self.address = self.admin = self.stripe_address = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, trace):
        for program in (self.program, self.stripe):
            if program is not None and program.process.poll() is None:
                program.kill()
        if kind is None or not os.environ.get("USHER_E2E_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print("kept:", self.folder, file=sys.stderr)

    def environment(self):
        environment = {
            "USHER_TEST_FAST_PASSWORDS": "yes",
            "STRIPE_SIM_CONTROL_TOKEN": CONTROL_TOKEN,
        }
        if self.stripe_apart:
            environment["STRIPE_KEY"] = "sk_test_of_the_tests"
            environment["USHER_STRIPE_URL"] = f"http://{self.stripe_address}"
        return environment

    def arguments(self):
        return [
            "serve",
            "--store", "sqlite:" + self.store,
            "--listen", "127.0.0.1:0",
            "--admin-listen", "127.0.0.1:0",
            "--stripe-sim-listen", "127.0.0.1:0",
            "--log-level", self.log_level,
            "--live-orders", "100000",
            "--relocks", "100000",
            "--signups", "100000",
            "--payments", "100000",
            *([] if self.stripe_apart else ["--stripe-sim-control"]),
            *self.flags,
        ]  # fmt: skip

    def start_stripe(self):
        """On the same port every time: the shop knows it by that."""
        arguments = [
            "stripe-sim",
            "--store", "sqlite:" + os.path.join(self.folder, "stripe.db"),
            "--stripe-sim-listen", f"127.0.0.1:{self.stripe_port}",
            "--stripe-sim-control",
            "--log-level", self.log_level,
        ]  # fmt: skip
        environment = {"STRIPE_SIM_CONTROL_TOKEN": CONTROL_TOKEN}
        self.stripe = Program(self.binary, self.folder, "stripe", arguments, environment)
        ready = self.stripe.await_line(r"stripe simulator ready on http://(\S+)")
        self.stripe_address = ready[1]
        self.stripe_port = int(self.stripe_address.rpartition(":")[2])

    def start(self):
        if self.stripe_apart and (self.stripe is None or self.stripe.process.poll() is not None):
            self.start_stripe()
        self.program = self.launch()
        ready = self.program.await_line(
            r"usher: ready on http://(\S+) \(admin http://(\S+?)"
            r"(?:, stripe simulator http://(\S+))?\)\n"
        )
        self.address, self.admin = ready[1], ready[2]
        if not self.stripe_apart:
            self.stripe_address = ready[3]

    def launch(self):
        """Starts it, whether or not it will ever be ready."""
        return Program(
            self.binary, self.folder, "usher", self.arguments(), self.environment(), self.before_exec
        )

    def stop(self):
        self.program.stop()

    def kill(self):
        self.program.kill()

    def run(self, *arguments):
        """Another command of the program, on the same store."""
        return subprocess.run(
            [self.binary, *arguments, "--store", "sqlite:" + self.store],
            capture_output=True,
            text=True,
            timeout=120,
            env={"PATH": os.environ.get("PATH", ""), **sanitizers()},
            check=False,
        )

    def check_store(self):
        """The promises that `usher check` knows."""
        done = self.run("check")
        check_equal((done.returncode, done.stdout), (0, "nothing is wrong\n"), "usher check")

    # ---- people ----

    def visitor(self):
        return Client(self.address)

    def sign_up(self, email):
        client = self.visitor()
        answer = client.post("/api/users/signup", {"email": email, "password": PASSWORD})
        check_equal(answer.status, 201, f"sign-up: {answer.text}")
        client.token = re.search(r"session=([^;]+)", answer.header("Set-Cookie"))[1]
        client.user = answer.json["id"]
        return client

    # ---- the simulated Stripe ----

    def control(self, method, path, body=None):
        client = Client(self.stripe_address, CONTROL_TOKEN)
        answer = client.ask(method, "/_sim/" + path, body)
        check(answer.status < 300, f"{method} /_sim/{path}: {answer.status} {answer.text}")
        client.close()
        return answer.json if answer.text else None

    def fault(self, **fault):
        return self.control("POST", "faults", fault)

    def ledger(self):
        return self.control("GET", "ledger")


# ---- asking ----


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # names in small letters
        self.cookies = []  # as they are set
        self.text = body.decode("utf-8", "replace")

    def header(self, name):
        return self.headers.get(name.lower(), "")

    @property
    def json(self):
        return json.loads(self.text)

    def check_envelope(self, what):
        """Every error is {"errors":[{"message", "field"?}, …]} and nothing else."""
        check_equal(
            self.header("Content-Type"), "application/json; charset=utf-8", f"{what}: its type"
        )
        try:
            body = json.loads(self.text)
        except ValueError:
            raise Failure(f"{what}: not JSON: {self.text[:200]!r}") from None
        check(isinstance(body, dict) and set(body) == {"errors"}, f"{what}: {self.text[:200]}")
        check(isinstance(body["errors"], list) and body["errors"], f"{what}: {self.text[:200]}")
        for error in body["errors"]:
            check(set(error) <= {"message", "field"}, f"{what}: {error}")
            check(isinstance(error.get("message"), str) and error["message"], f"{what}: {error}")
            check(isinstance(error.get("field", ""), str), f"{what}: {error}")


class Client:
    """One keep-alive connection, signed in if it has a token."""

    def __init__(self, address, token=None):
        self.address = address
        self.token = token
        self.user = None
        self.connection = http.client.HTTPConnection(address, timeout=60)

    def close(self):
        self.connection.close()

    def move(self, address):
        """To where the program listens after a restart."""
        self.close()
        self.address = address
        self.connection = http.client.HTTPConnection(address, timeout=60)

    def ask(self, method, path, body=None, headers=None):
        """Raises OSError or HTTPException if there is no whole answer."""
        head = {"Authorization": "Bearer " + self.token} if self.token else {}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            head["Content-Type"] = "application/json"
        try:
            self.connection.request(method, path, body, {**head, **(headers or {})})
            response = self.connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        names = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(response.status, names, content)
        answer.cookies = response.headers.get_all("Set-Cookie") or []
        return answer

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, body, headers=None):
        return self.ask("POST", path, body, headers)

    def list_ticket(self, price=20, title="A seat"):
        answer = self.post("/api/tickets", {"title": title, "price": price})
        check_equal(answer.status, 201, f"listing: {answer.text}")
        return answer.json

    def order(self, ticket_id):
        answer = self.post("/api/orders", {"ticketId": ticket_id})
        check_equal(answer.status, 201, f"ordering: {answer.text}")
        return answer.json

    def pay(self, order_id, token="pm_card_visa", headers=None):
        return self.post("/api/payments", {"orderId": order_id, "token": token}, headers)

    def see(self, path):
        answer = self.get(path)
        check_equal(answer.status, 200, f"{path}: {answer.text}")
        return answer.json

    def all(self, path):
        """A list, page by page."""
        rows, path = [], path + ("&" if "?" in path else "?") + "limit=100"
        while path:
            answer = self.get(path)
            check_equal(answer.status, 200, f"{path}: {answer.text}")
            rows += answer.json
            link = re.match(r'<([^>]+)>; rel="next"', answer.header("Link"))
            path = link[1] if link else None
        return rows


# ---- bytes ----


def connect(address):
    host, _, port = address.rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def request_bytes(method, path, token=None, body=None, headers=None):
    """As they go over the wire; body is JSON, or bytes as they are."""
    lines = [f"{method} {path} HTTP/1.1", "Host: shop.example"]
    if token:
        lines.append("Authorization: Bearer " + token)
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    names = {name.lower() for name in headers or {}}
    if body is not None and "content-type" not in names:
        lines.append("Content-Type: application/json")
    if body is not None and "content-length" not in names:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


class Wire:
    """Reads answers off a raw connection, one after the other."""

    def __init__(self, connection):
        self.connection = connection
        self.seen = b""

    def close(self):
        self.connection.close()

    def more(self):
        chunk = self.connection.recv(65536)
        self.seen += chunk
        return bool(chunk)

    def answer(self, head_only=False):
        """None if the other side hangs up without one."""
        while b"\r\n\r\n" not in self.seen:
            try:
                if not self.more():
                    check(not self.seen, f"half an answer: {self.seen[:200]!r}")
                    return None
            except ConnectionResetError:
                return None
        head, _, self.seen = self.seen.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        status = int(lines[0].split(" ")[1])
        size = 0 if head_only or status == 304 else int(headers.get("content-length", 0))
        while len(self.seen) < size:
            check(self.more(), "half a body")
        body, self.seen = self.seen[:size], self.seen[size:]
        return Answer(status, headers, body)


def at_once(address, requests):
    """Sends all requests, each on its own connection, before any answer is read."""
    wires = [Wire(connect(address)) for _ in requests]
    for wire, request in zip(wires, requests):
        wire.connection.sendall(request[:-1])
    for wire, request in zip(wires, requests):
        wire.connection.sendall(request[-1:])
    answers = [None] * len(wires)
    selector = selectors.DefaultSelector()
    for i, wire in enumerate(wires):
        selector.register(wire.connection, selectors.EVENT_READ, i)
    left = len(wires)
    while left:
        ready = selector.select(60)
        check(ready, f"{left} of {len(wires)} have no answer after 60 s")
        for key, _ in ready:
            answers[key.data] = wires[key.data].answer()
            selector.unregister(key.fileobj)
            wires[key.data].close()
            left -= 1
    return answers


# ---- running tests ----


def is_full():
    """Whether the long counts are wanted, of `./dev test --all`."""
    return os.environ.get("USHER_E2E") == "full" or "--full" in sys.argv


def run(*tests):
    """main: FILE PROGRAM [--full] [--seed N] [NAME…]; names choose among the tests."""
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    binary = os.path.abspath(arguments[0])
    seed = int(os.environ.get("USHER_SEED") or random.SystemRandom().randrange(1 << 32))
    random.seed(seed)
    print(f"seed {seed} (USHER_SEED={seed} repeats its choices)")
    failed = 0
    for test in tests:
        if arguments[1:] and test.__name__ not in arguments[1:]:
            continue
        began = time.monotonic()
        try:
            test(binary)
            print(f"[       OK ] {test.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        except Failure as failure:
            failed += 1
            print(f"[  FAILED  ] {test.__name__}: {failure}", flush=True)
        except Exception as problem:  # pylint: disable=broad-except
            failed += 1
            print(f"[  FAILED  ] {test.__name__}: {type(problem).__name__}: {problem}", flush=True)
            import traceback

            traceback.print_exc()
    sys.exit(1 if failed else 0)
