"""The loads: GETs by wrk, and requests that are each sent once by bench_load."""

import base64
import dataclasses
import hashlib
import hmac
import json
import os
import re
import struct
import subprocess
import time
import uuid

from servers import KEY


@dataclasses.dataclass
class Measured:
    per_second: float
    cpu_us: float
    p50_ms: float
    p99_ms: float


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def session_token():
    """Somebody who has signed in, as src/base/token.c writes it."""
    payload = json.dumps({"sub": str(uuid.uuid4()), "sid": str(uuid.uuid4()),
                          "exp": int(time.time()) + 86400}, separators=(",", ":"))
    text = base64url(b'{"alg":"HS256","typ":"JWT"}') + b"." + base64url(payload.encode())
    mac = hmac.new(KEY.encode(), text, hashlib.sha256).digest()
    return (text + b"." + base64url(mac)).decode()


def change(method, path, token, record):
    body = json.dumps(record).encode()
    head = (f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n")
    request = head.encode() + body
    return struct.pack("<I", len(request)) + request


def post(path, token, record):
    return change("POST", path, token, record)


# ---- wrk ----

UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def wrk_ms(text, percentile):
    number, unit = re.search(rf"^\s*{percentile}%\s+([\d.]+)(us|ms|s)", text, re.M).groups()
    return float(number) * UNITS_MS[unit]


def wrk(server, path, connections, seconds, processors):
    def before():
        if processors and processors <= os.sched_getaffinity(0):
            os.sched_setaffinity(0, processors)

    cpu_before = server.cpu_us()
    run = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
                          f"http://127.0.0.1:{server.port}{server.path(path)}"],
                         check=True, capture_output=True, text=True, preexec_fn=before)
    cpu = server.cpu_us() - cpu_before
    text = run.stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(f"{server.name} failed:\n{text}")
    requests = int(re.search(r"(\d+) requests in", text)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    return Measured(rate, cpu / requests, wrk_ms(text, 50), wrk_ms(text, 99))


# ---- bench_load ----


class Loader:
    def __init__(self, program, folder):
        self.program = program
        self.requests = folder / "requests"
        self.locations = folder / "locations"

    def send(self, server, connections, seconds, requests, locations=False):
        self.requests.write_bytes(b"".join(requests))
        command = [self.program, "127.0.0.1", str(server.port), str(connections), str(seconds),
                   self.requests]
        cpu_before = server.cpu_us()
        run = subprocess.run(command + [self.locations] * locations, stdout=subprocess.PIPE,
                             text=True)
        cpu = server.cpu_us() - cpu_before
        if run.returncode != 0:
            raise RuntimeError(f"the load on {server.name} failed")
        result = json.loads(run.stdout)
        if result["refused"]:
            raise RuntimeError(f"{server.name} refused {result['refused']} requests with "
                               f"{result['refused_status']}")
        return Measured(result["answers"] / result["seconds"], cpu / result["answers"],
                        result["p50_ms"], result["p99_ms"])

    def create(self, server, requests):
        """The ids of what these requests make."""
        self.send(server, 64, 600, requests, locations=True)
        return [line.rsplit("/", 1)[1] for line in self.locations.read_text().split()]
