"""The part `pages`: the list and a ticket as people see them, and what the list weighs."""

import html.parser
import json
import re

import loads
import servers
from report import measured_cells, median, number, ratio, row, say

TICKETS = 20
FULL_LIST = 24  # what a page of the list shows
WEIGHT_MAX = 30_000
CONNECTIONS = 64
CATEGORIES = ["concert", "sports", "theatre", "comedy", "festival", "other"]
TITLES = ["Northern Lights Quartet", "City Rovers v United", "The Glass Garden",
          "Late Laughs: Open Mic Final", "Meadow Festival, three days", "Midnight Brass & Friends"]
VENUES = ["Harbour Hall", "Riverside Stadium", "Court Theatre", "The Cellar", "Long Meadow"]


def listing(i):
    return {"title": TITLES[i % len(TITLES)], "category": CATEGORIES[i % len(CATEGORIES)],
            "description": "Two seats side by side, sold because we moved away.",
            "venue": VENUES[i % len(VENUES)], "seat": f"Row {i + 1}, Seat {2 * i + 3}",
            "price": 18.5 + 7 * i, "faceValue": 20 + 7 * i,
            "startsAt": f"2099-{i % 12 + 1:02}-{i + 1:02}T19:30:00Z"}


# ---- what a page loads, and says ----

LOADS = {("script", "src"), ("link", "href"), ("img", "src"), ("source", "src"), ("iframe", "src"),
         ("video", "src"), ("audio", "src"), ("object", "data"), ("embed", "src"), ("use", "href"),
         ("image", "href"), ("input", "src")}


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.loaded = []
        self.words = []
        self.elements = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements += 1
        for name, value in attributes:
            if (tag, name) in LOADS:
                self.loaded.append(value)
            if name in ("srcset", "style", "background", "poster", "ping"):
                raise RuntimeError(f"<{tag} {name}> may load something: teach this program")

    def handle_data(self, data):
        self.words += data.split()


def other_hosts(urls):
    return [url for url in urls if re.match(r"[a-z][a-z0-9+.-]*:|//|\\", url.strip(), re.I)]


def check_file(path, text):
    """Style sheets and scripts load nothing from elsewhere either."""
    found = re.findall(r"url\(\s*[\"']?([^)\"']+)|@import\s+[\"']([^\"']+)", text)
    urls = [a or b for a, b in found if not (a or b).startswith("data:")]
    urls += re.findall(r"[\"'`]((?:https?:|wss?:)?//[\w.][^\"'`]*)", text)
    if other_hosts(urls):
        raise RuntimeError(f"{path} asks other hosts: {other_hosts(urls)}")
    if urls:
        raise RuntimeError(f"{path} loads {urls}, which is not weighed")


def weigh(usher):
    """[(what, bytes as sent to who accepts gzip)]: the page and all that it loads."""
    accept = {"Accept-Encoding": "gzip"}
    _, _, plain = servers.get(usher.port, "/")
    loaded = Page(plain.decode()).loaded
    if other_hosts(loaded):
        raise RuntimeError(f"the list page asks other hosts: {other_hosts(loaded)}")
    weights = [("HTML", len(servers.get(usher.port, "/", accept)[2]))]
    for path in loaded:
        status, headers, body = servers.get(usher.port, path, accept)
        assert status == 200, path
        _, _, text = servers.get(usher.port, path)
        if not path.endswith(".svg"):  # where xmlns looks like an address
            check_file(path, text.decode())
        weights.append((path.rsplit(".", 1)[1].upper(), len(body)))
    return weights


def alike(usher, react, path):
    """Of the words of Usher's page, how many the peer's has too, in order of appearance."""
    ours, theirs = [Page(servers.get(server.port, path)[2].decode()) for server in (usher, react)]
    same = sum(a == b for a, b in zip(ours.words, theirs.words))
    if same < 0.95 * len(ours.words) or abs(theirs.elements - ours.elements) > ours.elements / 20:
        say(f"{path}: React's page is not the same any more: {same} of {len(ours.words)} words, "
            f"{theirs.elements} of {ours.elements} elements. Bring bench/react.js up to date")
    return same / len(ours.words)


# ---- the runs ----


def measure(bench):
    on_server, on_load = servers.processors()
    usher = bench.start(servers.Usher(bench.options.program, bench.folder / "pages",
                                      ["--http-threads", "1"], processors=on_server))
    seller = loads.session_token()
    ids = bench.loader.create(usher, [loads.post("/api/tickets", seller, listing(i))
                                      for i in range(TICKETS)])
    tickets = [json.loads(servers.get(usher.port, f"/api/tickets/{id}")[2]) for id in ids]
    tickets.sort(key=lambda ticket: ticket["id"], reverse=True)  # newest first
    concert = next(ticket for ticket in tickets if ticket["category"] == "concert")
    paths = {"the list page": "/", "a ticket page": f"/tickets/{concert['id']}"}
    answers = {path: servers.get(usher.port, path)[1:] for path in paths.values()}
    compared = [usher, bench.start(servers.Nginx(bench.folder / "nginx-pages", answers,
                                                 in_files=True, processors=on_server))]
    result = {"pages": {}}
    if bench.express_is_there:
        react = bench.start(servers.React(tickets, processors=on_server))
        compared.append(react)
        result["alike"] = min(alike(usher, react, path) for path in paths.values())
    for what, path in paths.items():
        for server in compared:
            loads.wrk(server, path, CONNECTIONS, 1, on_load)
        rounds = []
        for i in range(bench.rounds):
            say(f"Pages, {what}: round {i + 1} of {bench.rounds}")
            rounds.append({server.name: loads.wrk(server, path, CONNECTIONS, bench.seconds, on_load)
                           for server in compared})
        result["pages"][what] = rounds, len(answers[path][1])
    bench.loader.create(usher, [loads.post("/api/tickets", seller, listing(i))
                                for i in range(FULL_LIST + 1 - TICKETS)])
    result["weights"] = weigh(usher)
    bench.stop()
    return result


# ---- the report ----


def print_speed(what, rounds, size):
    print(f"\n### {what[0].upper() + what[1:]} ({size:,} bytes of HTML), {CONNECTIONS} keep-alive "
          "connections, `wrk -t1`, one processor each\n")
    row("server", "pages/s", "CPU µs/page", "p50 ms", "p99 ms", "CPU: Usher against it",
        "pages/s: Usher against it")
    row("---", "--:", "--:", "--:", "--:", "--:", "--:")
    for name in sorted(rounds[0], key=lambda name: median(rounds, name, "cpu_us")):
        label = {"nginx": "nginx, the same bytes", "React": "Express + React"}.get(name, name)
        row(label, *measured_cells(rounds, name),
            *["" if name == "Usher" else number(ratio(rounds, "Usher", name, field), 3) + "×"
              for field in ("cpu_us", "per_second")])
    if "React" in rounds[0]:
        less, more = ratio(rounds, "React", "Usher", "cpu_us"), \
            ratio(rounds, "Usher", "React", "per_second")
        print(f"\nAgainst Express + React: {less:.1f}× less CPU for a page, {more:.1f}× the pages.")


def print_weight(weights):
    total = sum(size for _, size in weights)
    print(f"\n### Weight of a full list page ({FULL_LIST} tickets), bytes as sent to who accepts gzip\n")
    row(*[what for what, _ in weights], "all", f"must be below {WEIGHT_MAX:,}")
    row(*["--:"] * (len(weights) + 1), "---")
    row(*[number(size, 0) for _, size in weights], number(total, 0),
        "met" if total < WEIGHT_MAX else "**not met**")
    print("\nNothing is asked of any other host.")


def run(bench):
    result = measure(bench)
    for what, (rounds, size) in result["pages"].items():
        print_speed(what, rounds, size)
    if "alike" in result:
        print(f"\nReact's pages have {100 * result['alike']:.0f} % of the words of Usher's.")
    print_weight(result["weights"])
