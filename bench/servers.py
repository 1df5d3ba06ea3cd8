"""The servers that are compared, each started on a free port of this machine and stopped again."""

import http.client
import json
import os
import pathlib
import pwd
import re
import resource
import shutil
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
KEY = "a key of the benchmarks, kept by nobody"


def processors():
    """One for the server and one for the load, if there are two."""
    usable = sorted(os.sched_getaffinity(0))
    return ({usable[0]}, {usable[1]}) if len(usable) > 1 else (None, None)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens on port {port}")


def get(port, path, headers={}):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    result = answer.status, answer.getheaders(), answer.read()
    connection.close()
    return result


class Server:
    """A process and its children; `processors` binds them."""

    def __init__(self, name, command, processors=None, cwd=None, **rest):
        def before():
            if processors and processors <= os.sched_getaffinity(0):
                os.sched_setaffinity(0, processors)
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))

        self.name = name
        self.port = None
        self.process = subprocess.Popen(command, preexec_fn=before, cwd=cwd, **rest)

    def path(self, path):
        """Where this server has what Usher has at `path`."""
        return path

    def processes(self):
        found, parents = [self.process.pid], {}
        for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                rest = status.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(status.parent.name)] = int(rest[1])
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def cpu_us(self):
        """User and system time so far."""
        ticks = 0
        for pid in self.processes():
            try:
                rest = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            ticks += int(rest[11]) + int(rest[12])
        return ticks * 1_000_000 // TICKS

    def rss_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


class Usher(Server):
    def __init__(self, program, folder, flags=(), **rest):
        folder.mkdir()
        self.log = folder / "log"
        command = [program, "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
                   "--stripe-sim-listen", "127.0.0.1:0", "--store", f"sqlite:{folder}/usher.db"]
        kept = {name: text for name, text in os.environ.items()
                if not name.startswith(("USHER_", "STRIPE_"))}
        with open(self.log, "w") as log:
            super().__init__("Usher", command + list(flags), stderr=log,
                             env={**kept, "JWT_KEY": KEY}, **rest)
        self.port = self._await_ready()

    def _await_ready(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            ready = re.search(r"ready on http://127.0.0.1:(\d+)", self.log.read_text())
            if ready:
                return int(ready[1])
            time.sleep(0.02)
        raise RuntimeError("usher did not start:\n" + self.log.read_text())


NGINX = """
daemon off;
worker_processes 1;
pid %(folder)s/nginx.pid;
error_log %(folder)s/error.log;
events { worker_connections 1024; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=16;
    open_file_cache_valid 1h;
    etag off;
    max_ranges 0;
    keepalive_requests 1000000000;
    client_body_temp_path %(folder)s/body; proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi; uwsgi_temp_path %(folder)s/uwsgi;
    scgi_temp_path %(folder)s/scgi;
    server {
        listen 127.0.0.1:%(port)d;
        %(locations)s
    }
}
"""

BY_ITSELF = {"date", "connection", "content-length", "content-type", "server"}


def quoted(text):
    assert "$" not in text, "nginx would take it for a variable"
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def with_headers(headers):
    kind = next(value for name, value in headers if name.lower() == "content-type")
    added = [f"add_header {name} {quoted(value)};" for name, value in headers
             if name.lower() not in BY_ITSELF]
    return f"types {{}} default_type {quoted(kind)}; " + " ".join(added)


class Nginx(Server):
    """Answers with the same headers and bytes as another server: out of its configuration, or,
    where `in_files` says so, with a file.  `answers` is {path: (headers, body)}."""

    def __init__(self, folder, answers, in_files=False, **rest):
        folder.mkdir()
        port = free_port()
        self.paths = {path: f"/file{i}" if in_files else path for i, path in enumerate(answers)}
        locations = []
        for path, (headers, body) in answers.items():
            own = self.paths[path]
            if in_files:
                (folder / own[1:]).write_bytes(body)
                how = f"root {folder}; add_header Last-Modified '';"
            else:
                how = f"return 200 {quoted(body.decode())};"
            locations.append(f"location = {own} {{ {with_headers(headers)} {how} }}")
        settings = {"folder": folder, "port": port, "locations": "\n        ".join(locations)}
        (folder / "nginx.conf").write_text(NGINX % settings)
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        super().__init__("nginx", [program, "-p", str(folder), "-c", str(folder / "nginx.conf")],
                         stderr=subprocess.DEVNULL, **rest)
        self.port = port
        await_port(port)
        for path, (_, body) in answers.items():
            if get(port, self.paths[path])[2] != body:
                raise RuntimeError("nginx serves something else")

    def path(self, path):
        return self.paths[path]

    def rss_mib(self):
        """Its worker's: the master only waits."""
        worker = self.processes()[-1]
        status = pathlib.Path(f"/proc/{worker}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def find_postgres():
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


class Postgres(Server):
    """A cluster of its own with PostgreSQL's own settings, which flush at each commit."""

    def __init__(self, folder, **rest):
        folder.mkdir()
        programs = find_postgres()
        port = free_port()
        as_user = []
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        data = folder / "data"
        subprocess.run([*as_user, programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust",
                        "-E", "UTF8", "--locale=C.UTF-8"],
                       check=True, stdout=subprocess.DEVNULL, cwd="/")
        super().__init__("PostgreSQL", [*as_user, programs / "postgres", "-D", data,
                                        "-p", str(port), "-c", "listen_addresses=127.0.0.1",
                                        "-c", f"unix_socket_directories={folder}"],
                         stderr=open(folder / "log", "w"), cwd="/", **rest)
        self.port = port
        await_port(port)
        self._run((HERE / "express.sql").read_text())

    def _run(self, statements):
        deadline = time.monotonic() + 20
        while True:
            run = subprocess.run(["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres",
                                  "-qv", "ON_ERROR_STOP=1"], input=statements, text=True,
                                 capture_output=True, cwd="/")
            if run.returncode == 0:
                return
            if time.monotonic() > deadline or "starting up" not in run.stderr:
                raise RuntimeError(run.stderr)
            time.sleep(0.05)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(2)  # a fast shutdown
            self.process.wait(60)


class Node(Server):
    """A script that prints its port."""

    def __init__(self, name, script, environment, **rest):
        super().__init__(name, ["node", str(HERE / script)], stdout=subprocess.PIPE, text=True,
                         env={**os.environ, "NODE_ENV": "production", **environment}, **rest)
        line = self.process.stdout.readline()
        if not line.strip():
            raise RuntimeError(f"{script} did not start")
        self.port = int(line)


class React(Node):
    def __init__(self, tickets, **rest):
        super().__init__("React", "react.js", {"BENCH_TICKETS": json.dumps(tickets)}, **rest)


class Express(Node):
    def __init__(self, ticket, database=None, **rest):
        environment = {"BENCH_TICKET": json.dumps(ticket)}
        if database:
            environment.update(PGHOST="127.0.0.1", PGPORT=str(database.port), PGUSER="postgres",
                               PGDATABASE="postgres")
        super().__init__("Express", "express.js", environment, **rest)
        self.database = database

    def cpu_us(self):
        """Its database works for it."""
        return super().cpu_us() + (self.database.cpu_us() if self.database else 0)


def install_npm():
    """Whether Express is there, or can be had."""
    folder = HERE / "npm"
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    done = folder / "node_modules" / ".installed"
    lock = folder / "package-lock.json"
    if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime:
        return True
    run = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts",
                          "--loglevel=error"], cwd=folder, stdout=subprocess.DEVNULL)
    if run.returncode == 0:
        done.touch()
    return run.returncode == 0
