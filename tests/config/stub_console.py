"""A supervisor over stand-ins: `python -m tests.config.stub_console HOME PORT [option …]`.

Options: `servers` (the real ones too), `broken-prepare`, `broken-web`, `stubborn` (the worker
ignores SIGTERM and its parent's death), `stalling` (the console says that the worker makes no
progress).
"""

import sys
from pathlib import Path

from config.local import postgres, redis, supervisor
from config.local.errors import LocalError
from config.local.home import CLONE, Home
from config.local.parent_death import SUPERVISED
from config.local.programs import Program

WEB = """
import http.server, json, pathlib, sys
class Console(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"stalled": ["worker"] if "stalling" in sys.argv else []}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Console).serve_forever()
"""
WORKER = """
import ctypes, os, pathlib, signal, sys, time
from config.local.parent_death import die_with_parent
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(1, 0)  # nor does it end with its parent
pool = os.fork()
if pool == 0:
    die_with_parent()
else:
    with open(sys.argv[1], "a") as seen:
        print(os.getpid(), pool, file=seen)
time.sleep(600)
"""


def plan(home: Home, port: int, options: set[str]) -> supervisor.Plan:
    """Return a plan of stand-ins that fail as the options say."""

    def stub(name: str, code: str, *words: str, patience_s: float = 15.0) -> Program:
        return Program(
            name=name,
            command=(sys.executable, "-c", code, *words, *options),
            log=home.logs / f"{name}.log",
            folder=CLONE,
            environment={SUPERVISED: "1"},
            patience_s=patience_s,
        )

    prepare = (
        "sys.exit('no such table')" if "broken-prepare" in options else "print('reviewer / x')"
    )
    web = "raise SystemExit('no such module')" if "broken-web" in options else WEB
    web_program = stub("web", web, str(port))
    return supervisor.Plan(
        home=home,
        port=port,
        servers=(
            (postgres.program(home, durable=False), redis.program(home))
            if "servers" in options
            else ()
        ),
        prepare=stub("prepare", f"import sys; {prepare}"),
        web=Program(
            **{**vars(web_program), "is_ready": lambda: supervisor.answers(port, "/healthz")}
        ),
        others=(stub("worker", WORKER, str(home.root / "worker-pids")),),
    )


if __name__ == "__main__":
    supervisor.PROBE_EVERY_S = 0.2
    supervisor.FAILING_LIMIT_S = 1.5
    try:
        supervisor.run(plan(Home(Path(sys.argv[1])), int(sys.argv[2]), set(sys.argv[3:])))
    except LocalError as error:
        sys.exit(str(error))
