"""The part `live`: what it costs to tell ten thousand listeners that a ticket has changed."""

import json
import statistics
import subprocess

import loads
import servers
from report import number, row, say

LISTENERS = 10000
SOURCES = 20  # addresses that they come from
ROUNDS = 10
OTHER_CONNECTIONS = 256
TICKET = {"title": "Northern Lights Quartet", "venue": "Harbour Hall", "seat": "Row 4, Seat 12"}



def price_edits(path, seller, count):
    return [loads.change("PUT", path, seller, {**TICKET, "price": 50 + i}) for i in range(count)]


def measure(bench, listeners, rounds):
    """{"kib": of each listener, "cpu_us": of each delivery, "rounds": [{…_ms}]}"""
    usher = bench.start(servers.Usher(bench.options.program, bench.folder / "live",
                                      ["--connections", str(listeners + OTHER_CONNECTIONS)]))
    seller = loads.session_token()
    ticket, = bench.loader.create(usher, [loads.post("/api/tickets", seller,
                                                     {**TICKET, "price": 48.5})])
    changes = bench.folder / "changes"
    changes.write_bytes(b"".join(price_edits(f"/api/tickets/{ticket}", seller, rounds)))
    before_mib = usher.rss_mib()
    program = bench.options.load.parent / "bench_listen"
    run = subprocess.Popen([program, "127.0.0.1", str(usher.port), str(listeners), str(SOURCES),
                            f"/live/tickets/{ticket}", changes],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    began = run.stdout.readline()
    if not began:
        raise RuntimeError("not all listeners were let in")
    cpu_before = usher.cpu_us()
    run.stdin.write("\n")
    run.stdin.flush()
    told = [json.loads(run.stdout.readline() or "null") for _ in range(rounds)]
    cpu = usher.cpu_us() - cpu_before
    after_mib = usher.rss_mib()  # they are all still there, for a moment
    if run.wait() != 0:
        raise RuntimeError("not all listeners have heard")
    result = {"seconds": json.loads(began)["seconds"], "cpu_us": cpu / listeners / rounds,
              "kib": (after_mib - before_mib) * 1024 / listeners, "idle_mib": before_mib,
              "rounds": told}
    bench.stop()
    return result


def print_result(result, listeners):
    rounds = result["rounds"]
    print(f"\n### {listeners:,} listeners of one ticket (Server-Sent Events), {len(rounds)} edits of "
          "its price\n")
    row("what", "median", "least", "most")
    row("---", "--:", "--:", "--:")
    for label, field in [("edit sent to 200 received, ms", "answer_ms"),
                         ("from the 200 to the first listener, ms", "first_ms"),
                         ("to half of them, ms", "p50_ms"), ("to 99 %, ms", "p99_ms"),
                         ("to the last, ms", "last_ms")]:
        values = [measured[field] for measured in rounds]
        row(label, *[number(value, 1) for value in (statistics.median(values), min(values),
                                                    max(values))])
    print(f"\nResident memory of the server: {result['kib']:.1f} KiB for each listener (on top of "
          f"{result['idle_mib']:.1f} MiB). CPU of the server: {result['cpu_us']:.1f} µs for each "
          f"delivery. All of them came in within {result['seconds']:.1f} s. A first listener "
          "before the 200: both are sent after the commit, by different threads.")


def run(bench):
    listeners, rounds = (1000, 3) if bench.options.quick else (LISTENERS, ROUNDS)
    say(f"Live: {listeners} listeners, {rounds} rounds")
    print_result(measure(bench, listeners, rounds), listeners)
