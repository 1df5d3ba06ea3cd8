"""Stories about the real program, told in plain text: usage: run.py PROGRAM STORY.txt...

The first line says in a sentence what the story shows.  Then, one line each:

    with --reservation 2s              flags of `usher serve`; before anything else
    header If-Match: "v0"              goes with the next request
    alice POST /api/tickets title=Concert price=20  201  ticket = id  status == available
    bob+carol POST /api/orders ticketId=$ticket     201+409
    bob until GET /api/orders/$order                200  status == cancelled
    restart                            SIGTERM, and start again with the same data
    kill                               the same with SIGKILL
    told $order OrderCreated OrderUpdated           all events of a thing, in their order

Who asks has signed up when first mentioned, as alice@example.com with $password; alice/phone is
another session of hers.  nobody is not signed in, stripe asks the control API of the simulated
Stripe, admin the admin listener.  Several, joined by +, ask at the same time: their statuses are
compared in any order, and the checks are of the answer with the lowest.  `until` asks again until
all of it is true, for 20 s.

A request: name=value is a text of the JSON body, name:=value is JSON (numbers, objects), x*200 is
200 times x, body="…" is the body as it stands.  $name is what `name = path` took from an answer,
also $alice (her id), $alice_session (her token), $soon (in 2 s) and $password; $$ is a dollar.

Checks come behind the status: "text" is somewhere in the body; `path == value` (also !=, >, <)
with a path such as errors.0.field, 0.id, *.price (of all, joined by commas) or count (of a list);
absent is the value of what is not there; a path that begins with a capital is a header, Link.url
the next page of a list.

Every answer is also held against api/openapi.yaml, every event against api/asyncapi.yaml, and
`usher check` has the last word."""

import datetime
import json
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, "../e2e"), os.path.join(HERE, "../contract")]

# pylint: disable=wrong-import-position
from openapi import Judge
from shop import CONTROL_TOKEN, PASSWORD, Client, Failure, Shop, at_once, check, request_bytes

UNTIL_SECONDS = 20
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
TOKEN = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s"])+')
OPERATORS = {
    "==": lambda found, value: found == value,
    "!=": lambda found, value: found != value,
    ">": lambda found, value: float(found) > float(value),
    "<": lambda found, value: float(found) < float(value),
}


class Request:
    """A line that asks, in its parts."""

    def __init__(self, tokens):
        self.who = tokens.pop(0).split("+")
        self.until = tokens[0] == "until" and bool(tokens.pop(0))
        check(len(tokens) >= 2 and tokens[0] in METHODS, "not a line of a story")
        self.method, self.path = tokens.pop(0), tokens.pop(0)
        self.members = []
        while tokens and not re.fullmatch(r"\d{3}(\+\d{3})*", tokens[0]):
            name, colon, value = re.fullmatch(r"(\w+)(:?)=(.*)", tokens.pop(0), re.S).groups()
            self.members.append((name, colon, value))
        check(tokens, "no status")
        self.statuses = sorted(int(status) for status in tokens.pop(0).split("+"))
        self.checks = []
        while tokens:
            alone = tokens[0].startswith('"')
            self.checks.append([tokens.pop(0) for _ in range(1 if alone else 3)])

    def body(self, fill):
        """The JSON body, or None; bytes if it is given as it stands."""
        if not self.members:
            return None
        if self.members[0][0] == "body":
            return unquote(fill(self.members[0][2])).encode()
        members = {}
        for name, colon, value in self.members:
            value = fill(value)
            many = re.fullmatch(r"(.)\*(\d+)", value)
            text = many[1] * int(many[2]) if many else unquote(value)
            members[name] = json.loads(value) if colon else text
        return members


def unquote(text):
    if len(text) < 2 or not (text[0] == text[-1] == '"'):
        return text
    return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def plain(value):
    """As a story writes it."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def look_up(answer, path):
    if path == "Link.url":
        path_of_link = re.match(r'<([^>]+)>; rel="next"', answer.header("Link"))
        return path_of_link[1] if path_of_link else "absent"
    if path[0].isupper():
        return answer.header(path) or "absent"
    try:
        node = answer.json
        for step in path.split("."):
            if step == "*":
                rest = path.partition("*.")[2]
                return ",".join(plain(item[rest]) for item in node)
            if step == "count" and isinstance(node, list):
                return str(len(node))
            node = node[int(step)] if isinstance(node, list) else node[step]
        return plain(node)
    except (KeyError, IndexError, ValueError, TypeError):
        return "absent"


class Story:
    """The people, the names and the program of one file."""

    def __init__(self, shop, judge):
        self.shop = shop
        self.judge = judge
        self.people = {}
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
        self.names = {"password": PASSWORD, "soon": soon.isoformat()}
        self.headers = {}

    def fill(self, text):
        def value(found):
            if found[0] == "$$":
                return "$"
            check(found[1] in self.names, f"nothing is called {found[0]}")
            return self.names[found[1]]

        return re.sub(r"\$\$|\$([a-z]\w*)", value, text)

    # ---- people ----

    def person(self, who):
        if who not in self.people:
            self.people[who] = self.introduce(who)
        return self.people[who]

    def introduce(self, who):
        name, _, session = who.partition("/")
        if name == "stripe":
            return Client(self.shop.stripe_address, CONTROL_TOKEN)
        if name == "admin":
            return Client(self.shop.admin)
        if name == "nobody":
            return self.shop.visitor()
        email = f"{name}@example.com"
        if not session:
            client = self.shop.sign_up(email)
            self.names[name], self.names[name + "_session"] = client.user, client.token
            return client
        self.person(name)
        client = self.shop.visitor()
        answer = client.post("/api/users/signin", {"email": email, "password": PASSWORD})
        check(answer.status == 200, f"sign-in of {who}: {answer.text}")
        client.token = re.search(r"session=([^;]+)", answer.header("Set-Cookie"))[1]
        return client

    def move(self):
        """The program listens elsewhere after a restart."""
        for who, client in self.people.items():
            special = {"stripe": self.shop.stripe_address, "admin": self.shop.admin}
            client.move(special.get(who, self.shop.address))

    # ---- asking ----

    def ask(self, request):
        """All answers, the one with the lowest status first."""
        path, body = self.fill(request.path), request.body(self.fill)
        people = [self.person(who) for who in request.who]
        wire = [
            request_bytes(request.method, path, each.token, body, self.headers) for each in people
        ]
        answers = at_once(people[0].address, wire)
        check(all(answers), "no answer")
        for answer in answers:
            if request.who[0] not in ("stripe", "admin") and request.method != "HEAD":
                found = self.judge.answer_faults(request.method, path, answer)
                check(not found, "api/openapi.yaml: " + "; ".join(found) + "\n" + answer.text)
        return sorted(answers, key=lambda answer: answer.status)

    def verify(self, request, answers):
        answer = answers[0]
        got = f"got {[each.status for each in answers]} {answer.text}"
        check(
            [each.status for each in answers] == request.statuses,
            f"expected {request.statuses}\n{got}",
        )
        for parts in request.checks:
            if len(parts) == 1:
                text = unquote(self.fill(parts[0]))
                check(text in answer.text, f'expected "{text}" in the body\n{got}')
                continue
            path, operator, value = parts
            if operator == "=":
                self.names[path] = look_up(answer, value)
                check(self.names[path] != "absent", f"expected {value}\n{got}")
                continue
            found = look_up(answer, path)
            value = unquote(self.fill(value))
            check(OPERATORS[operator](found, value), f"{path} is {found}, not {value}\n{got}")

    def request(self, tokens):
        request = Request(tokens)
        end = time.monotonic() + (UNTIL_SECONDS if request.until else 0)
        while True:
            try:
                self.verify(request, self.ask(request))
                break
            except Failure:
                if time.monotonic() >= end:
                    raise
            time.sleep(0.03)
        self.headers = {}

    # ---- the other lines ----

    def events(self):
        done = self.shop.run("events")
        check(done.returncode == 0, f"usher events: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def told(self, tokens):
        subject = self.fill(tokens[0])
        found = [event["type"] for event in self.events() if event["subject"] == subject]
        check(found == tokens[1:], f"expected {tokens[1:]}\ngot {found}")

    def line(self, text):
        tokens = TOKEN.findall(text)
        if tokens[0] == "header":
            name, _, value = text.partition(" ")[2].partition(":")
            self.headers[name.strip()] = self.fill(value.strip())
        elif tokens[0] == "told":
            self.told(tokens[1:])
        elif tokens[0] in ("restart", "kill"):
            self.shop.stop() if tokens[0] == "restart" else self.shop.kill()
            self.shop.start()
            self.move()
        else:
            self.request(tokens)


def read(path):
    """The numbered lines that say something, without the title; and the flags."""
    with open(path, encoding="utf-8") as file:
        lines = list(enumerate(file.read().splitlines(), 1))
    check(lines and lines[0][1].endswith("."), "the first line is not a sentence")
    lines = [(n, text.strip()) for n, text in lines[1:] if not text.lstrip().startswith("#")]
    lines = [(n, text) for n, text in lines if text]
    flags = [flag for _, text in lines if text.startswith("with ") for flag in text.split()[1:]]
    return [(n, text) for n, text in lines if not text.startswith("with ")], flags


def tell(binary, path, answers, events):
    """Runs a story; returns what went wrong, or None.  The other two are judges."""
    lines, flags = read(path)
    with Shop(binary, *flags) as shop:
        story = Story(shop, answers)
        for number, text in lines:
            try:
                story.line(text)
            except Exception as problem:  # pylint: disable=broad-except
                what = problem if isinstance(problem, Failure) else repr(problem)
                log = "".join(shop.program.log().splitlines(keepends=True)[-5:])
                return f"{path}:{number}: {text}\n{what}\nthe end of the log:\n{log}"
        shop.check_store()
        faults = [fault for event in story.events() for fault in events.event_faults(event)]
    return f"{path}: api/asyncapi.yaml: {faults}" if faults else None


def main():
    judges = Judge("openapi.yaml"), Judge("asyncapi.yaml")
    failed = 0
    for path in sys.argv[2:]:
        began = time.monotonic()
        fault = tell(os.path.abspath(sys.argv[1]), path, *judges)
        if fault is None:
            print(f"ok  {os.path.basename(path)} ({time.monotonic() - began:.1f} s)", flush=True)
        else:
            failed += 1
            print(f"FAILED\n{fault}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
