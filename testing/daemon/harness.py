"""What the daemon's tests share: daemons with a book-keeping kernel on loopback, clients of the control socket, TAP.

The daemons are build/VARIANT/cygnetd-bench: the shipped daemon, but with testing/bench in place of the kernel's and the
addresses' rooms. Every process started here is ended here, by its own number.
"""
import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/asan")
IKE, NATT = 15500, 15501
SECRET = '%any %any : PSK "a shared key of the daemon tests"\n'

_count = 0
_failed = 0
_running = []
_root = tempfile.mkdtemp(prefix="cygnet-daemon.")


def _clean():
    for process in _running:
        if process.poll() is None:
            process.kill()
            process.wait()
    shutil.rmtree(_root, ignore_errors=True)


atexit.register(_clean)


def ok(good, what, *why):
    global _count, _failed
    _count += 1
    print(("ok" if good else "not ok"), _count, "-", what, flush=True)
    if not good:
        _failed += 1
        for item in why:
            for line in str(item).splitlines()[-15:]:
                print("#", line)
    return good


def done():
    print("1..%d" % _count)
    sys.exit(1 if _failed else 0)


def conn(name, left, right, extra=""):
    """A transport connection by shared key; extra: more lines, each ended."""
    lines = ["conn " + name, " left=" + left, " right=" + right, " leftikeport=%d" % IKE, " rightikeport=%d" % IKE,
             " authby=secret", " type=transport", " auto=add"]
    return "\n".join(lines) + "\n" + "".join(" " + line + "\n" for line in extra.splitlines())


class Control:
    """A client of the control socket that speaks JSON lines itself."""

    def __init__(self, path, timeout=10):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)  # waits where the daemon's row of callers is full
        self.socket.settimeout(timeout)
        self.rest = b""

    def send(self, data):
        if isinstance(data, dict):
            data = json.dumps(data) + "\n"
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def line(self):
        """The next object; None when the daemon closed or said nothing in time."""
        while b"\n" not in self.rest:
            try:
                more = self.socket.recv(65536)
            except OSError:
                return None
            if not more:
                return None
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def ask(self, command, **fields):
        """All answers to one command, the final one last."""
        self.send({"v": 1, "id": 7, "command": command, **fields})
        answers = []
        while True:
            answer = self.line()
            if answer is None:
                return answers
            answers.append(answer)
            if answer.get("done"):
                return answers

    def close(self):
        self.socket.close()


class Daemon:
    def __init__(self, name, addresses, conf="", secrets=SECRET, options=(), level="debug"):
        self.name, self.addresses, self.options = name, addresses, list(options)
        self.level = level
        self.dir = os.path.join(_root, name)
        os.makedirs(self.dir + "/policies", exist_ok=True)
        self.rundir, self.ctl = self.dir + "/run", self.dir + "/run/ctl"
        self.log, self.book = self.dir + "/log", self.dir + "/book"
        self.write("ipsec.conf", conf)
        self.write("ipsec.secrets", secrets, 0o600)
        self.process = None

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def arguments(self):
        return [BUILD + "/cygnetd-bench", "--config", self.dir + "/ipsec.conf", "--secrets", self.dir + "/ipsec.secrets",
                "--policies", self.dir + "/policies", "--nssdir", self.dir + "/nss", "--rundir", self.rundir,
                "--ike-port", str(IKE), "--natt-port", str(NATT), *self.options]

    def environment(self):
        e = dict(os.environ, CYGNET_RECORD_ADDRESSES=",".join(self.addresses), CYGNET_RECORD_BOOK=self.book,
                 CYGNET_RECORD_KEYS=self.dir + "/esp-keys")
        # The daemon lets nobody trace it, so the leak checker cannot look at it; the simulator checks leaks.
        e["ASAN_OPTIONS"] = "detect_leaks=0:abort_on_error=0"
        return e

    def start(self, *more, wait=10):
        """True once the daemon says that it is ready; False when it ended or said nothing."""
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(self.arguments() + ["--foreground", "--log-level", self.level, *more],
                                            stderr=log, stdout=log, stdin=subprocess.DEVNULL, env=self.environment())
        _running.append(self.process)
        return self.wait_log("cygnetd is ready", wait)

    def text(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def wait_log(self, words, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if words in self.text():
                return True
            if self.process.poll() is not None:
                return words in self.text()
            time.sleep(0.02)
        return False

    def tool(self, *arguments, before=(), timeout=60):
        r = subprocess.run([BUILD + "/cygnet", "--rundir", self.rundir, "--nssdir", self.dir + "/nss", *before, *arguments],
                           capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        return r.returncode, r.stdout, r.stderr

    def control(self, **more):
        return Control(self.ctl, **more)

    def alive(self):
        return self.process.poll() is None

    def end(self, number=signal.SIGTERM, wait=20):
        """The exit status after a signal; None when it did not end in time (it is killed then)."""
        self.process.send_signal(number)
        try:
            return self.process.wait(wait)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def read_book(self):
        with open(self.book) as f:
            words = f.read().split()
        return dict(zip(words[::2], map(int, words[1::2])))
