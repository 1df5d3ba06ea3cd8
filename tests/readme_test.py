"""The README's quick start, run as it stands against a shop with sample data on port 8080.

usage: readme_test.py PROGRAM

In a network of its own, if the system lets us make one: then port 8080 is free whatever else runs
here.  Otherwise the shop takes a free port, and the commands are given that one."""

import ctypes
import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "e2e"))

# pylint: disable=wrong-import-position
from shop import Program, Shop, check, check_equal, run

QUICK_START = re.compile(r"^```sh quickstart\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "127.0.0.1:8080"
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def enter_own_network():
    """True if this process now has a network where nobody else is; its loopback is up."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0 and libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        name = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, name))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))
    return True


class DemoShop(Shop):
    """As `./dev run` starts it."""

    def __init__(self, binary, alone):
        super().__init__(binary)
        self.alone = alone

    def launch(self):
        ports = "8080 9090 8081".split() if self.alone else ["0"] * 3
        flags = ["--listen", "--admin-listen", "--stripe-sim-listen"]
        arguments = ["serve", "--store", "sqlite:" + self.store, "--sample-data"]
        for flag, port in zip(flags, ports):
            arguments += [flag, "127.0.0.1:" + port]
        return Program(self.binary, self.folder, "usher", arguments, {})


def values(output):
    """The JSON values, which follow each other without anything between."""
    decoder, at, found = json.JSONDecoder(), 0, []
    while at < len(output):
        value, at = decoder.raw_decode(output, at)
        found.append(value)
        at += len(output[at:]) - len(output[at:].lstrip())
    return found


def the_quick_start_works_as_it_stands(binary):
    with open(os.path.join(HERE, "../README.md"), encoding="utf-8") as readme:
        blocks = QUICK_START.findall(readme.read())
    check(blocks, "README.md has no block marked: sh quickstart")
    commands = "".join(blocks)
    alone = enter_own_network()
    with DemoShop(binary, alone) as shop:
        if not alone:
            commands = commands.replace("localhost:8080", shop.address)
        folder = os.path.join(shop.folder, "visitor")
        os.mkdir(folder)
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", commands],
            capture_output=True, text=True, cwd=folder, timeout=60, check=False,
        )  # fmt: skip
        check_equal(done.returncode, 0, f"exit status, after\n{done.stdout}\n{done.stderr}")
        answers = values(done.stdout)
        shop.check_store()
    print(f"on {ADDRESS if alone else 'a free port'}: {len(answers)} answers")

    statuses = [answer["status"] for answer in answers if "status" in answer]
    check_equal(
        statuses,
        ["available", "awaitingPayment", "reserved", "available", "awaitingPayment", "completed"]
        + ["completed", "sold"],
        "what became of ticket, order and payment",
    )
    refusals = [answer["errors"] for answer in answers if "errors" in answer]
    check_equal(len(refusals), 1, "refusals")
    check_equal(refusals[0], [{"message": "Your card was declined."}], "the declined card")
    check_equal([a["email"] for a in answers if "email" in a],
                ["sam@example.com", "kim@example.com"], "who signed up")  # fmt: skip


if __name__ == "__main__":
    run(the_quick_start_works_as_it_stands)
