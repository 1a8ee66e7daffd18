"""Start, privileges, files: what an operator does to a daemon from outside. Prints TAP."""
import glob
import os
import re
import signal
import socket
import stat
import subprocess
import time

from harness import BUILD, IKE, NATT, SECRET, Daemon, conn, done, ok

A, B = "127.1.0.1", "127.2.0.1"
KEPT = (1 << 10) | (1 << 12) | (1 << 13)  # NET_BIND_SERVICE, NET_ADMIN, NET_RAW


def status_of(task, key):
    with open(task + "/status") as f:
        return next(line.split()[1] for line in f if line.startswith(key + ":"))


def bound():
    """UDP sockets of this machine: (address, port)."""
    with open("/proc/net/udp") as f:
        words = [line.split()[1] for line in f.readlines()[1:]]
    return {(socket.inet_ntoa(bytes.fromhex(w[:8])[::-1]), int(w[9:], 16)) for w in words}


d = Daemon("d", [A, "127.1.0.11"], conn("t", A, B))
keylog = d.dir + "/keys"
ok(d.start("--keylog", keylog), "the daemon starts", d.text())
tasks = glob.glob("/proc/%d/task/*" % d.process.pid)
caps = {status_of(t, "CapEff") for t in tasks} | {status_of(t, "CapPrm") for t in tasks}
ok(len(tasks) > 1 and all(int(c, 16) & ~KEPT == 0 for c in caps), "no thread has more than three capabilities",
   len(tasks), caps)
ok(all(int(status_of(t, "CapBnd"), 16) & ~KEPT == 0 for t in tasks), "nor can any thread get more")
ok(all(status_of(t, "NoNewPrivs") == "1" for t in tasks), "no_new_privs holds in every thread")
with open("/proc/%d/limits" % d.process.pid) as f:
    ok(re.search(r"Max core file size +0 +0", f.read()), "no core file is written")
ok({(a, p) for a in (A, "127.1.0.11") for p in (IKE, NATT)} <= bound(), "both ports on both addresses", bound())
ok("KEY LOG" in d.text() and stat.S_IMODE(os.stat(keylog).st_mode) == 0o600, "the key log is 0600 and loud", d.text())

bob = Daemon("bob", [B], conn("t", A, B))
ok(bob.start(), "a peer starts", bob.text())
d.write("ipsec.secrets", '%any %any : PSK "another key, after the drop"\n', 0o600)
bob.write("ipsec.secrets", '%any %any : PSK "another key, after the drop"\n', 0o600)
d.process.send_signal(signal.SIGHUP)
bob.process.send_signal(signal.SIGHUP)
time.sleep(0.5)
rc, out, err = d.tool("up", "t")
ok(rc == 0, "SIGHUP reads 0600 secrets again after the drop, and they count", rc, out, d.text())
with open(keylog) as f:
    line = f.read().strip()
ok(re.fullmatch(r'[0-9a-f]{16},[0-9a-f]{16},[0-9a-f]{72},[0-9a-f]{72},"AES-GCM-256 with 16 octet ICV \[RFC5282\]",,,'
                r'"NONE \[RFC4306\]"', line), "the key log has a line that Wireshark reads", line)

# Another daemon must not take the place of one that runs.
thief = Daemon("thief", ["127.1.0.2"], conn("t", "127.1.0.2", B))
thief.rundir, thief.ctl = d.rundir, d.ctl
ok(not thief.start(wait=3) and thief.process.poll() not in (None, 0), "a second daemon at the same place ends",
   thief.text())
ok(d.tool("status")[0] == 0 and '"t"' in d.tool("down", "t")[1], "the first goes on, with its SAs", d.text())
thief.kill()
d.kill()
ok(os.path.exists(d.ctl) and d.start(), "after kill -9 it starts over its own leavings", d.text())
ok(d.end() == 0 and bob.end() == 0, "both end with 0")

# As the unit starts it: root with three capabilities and no more from the beginning.
u = Daemon("u", ["127.1.0.5"], conn("t", "127.1.0.5", B))
unit = ["setpriv", "--bounding-set", "-all,+net_admin,+net_bind_service,+net_raw", "--inh-caps", "-all", "--no-new-privs"]
plain = u.arguments
u.arguments = lambda: unit + plain()
ok(u.start() and u.tool("status")[0] == 0 and u.tool("reload")[0] == 0, "it starts with the unit's capabilities alone",
   u.text())
ok(u.end() == 0, "and ends with 0")

# Files that are wrong.
e = Daemon("e", ["127.1.0.3"], conn("t", "127.1.0.3", B) + " lefft=1\n")
ok(not e.start() and e.process.wait(5) == 8 and "ipsec.conf:" in e.text() and "lefft" in e.text() and "left" in e.text(),
   "a configuration error: 8, with place and nearest word", e.process.returncode, e.text())
os.unlink(e.dir + "/ipsec.conf")
ok(not e.start() and e.process.wait(5) == 8 and "ipsec.conf" in e.text(), "no configuration: 8", e.text())
e.write("ipsec.conf", conn("t", "127.1.0.3", B))
e.write("ipsec.secrets", SECRET, 0o644)
ok(e.start() and "0644" in e.text(), "secrets that all can read: a warning with the mode", e.text())
e.end()
e.write("ipsec.secrets", 'include more.secrets\n', 0o600)
e.write("more.secrets", SECRET, 0o644)
ok(e.start() and "more.secrets has mode 0644" in e.text(), "included secrets too", e.text())
e.end()

# listen= with addresses that begin alike, and a log file that is moved away.
log = e.dir + "/daemon.log"
e.write("ipsec.conf", "config setup\n listen=127.1.0.30,127.1.0.3\n logfile=%s\n" % log + conn("t", "127.1.0.3", B))
e.addresses = ["127.1.0.3", "127.1.0.30", "127.1.0.31"]
e.start(wait=1)
end = time.monotonic() + 5
while not os.path.exists(e.ctl) and time.monotonic() < end:
    time.sleep(0.05)
ports = {a for a, p in bound() if p == IKE}
ok({"127.1.0.3", "127.1.0.30"} <= ports and "127.1.0.31" not in ports, "listen= chooses exactly its addresses", ports)
os.rename(log, log + ".1")
e.process.send_signal(signal.SIGHUP)
time.sleep(0.3)
e.tool("route", "t")
ok(os.path.exists(log) and "routed" in open(log).read(), "SIGHUP opens the log file again")
ok(e.end() == 0, "it ends with 0")

# Background: the caller comes back when it is ready, and learns when it is not.
g = Daemon("g", ["127.1.0.4"], conn("t", "127.1.0.4", B))
with open(g.log, "w") as f:
    r = subprocess.run(g.arguments(), stderr=f, stdout=f, stdin=subprocess.DEVNULL, env=g.environment(), timeout=20)
ok(r.returncode == 0 and g.tool("status")[0] == 0, "in the background it is ready when the command returns",
   r.returncode, g.tool("status"), g.text())
ok(g.tool("shutdown")[0] == 0, "and stops by the tool")
g.rundir = g.dir + "/no/such/folder"
with open(g.log, "w") as f:
    r = subprocess.run(g.arguments(), stderr=f, stdout=f, stdin=subprocess.DEVNULL, env=g.environment(), timeout=20)
ok(r.returncode == 1 and "cannot start" in g.text(), "a start that fails says so to its caller", r.returncode, g.text())

# Usage.
for words in (["--no-such-option"], ["--log-level", "loud"], ["--ike-port", "99999"], ["--ike-port", "x"],
              ["--stop-deadline", "-1"], ["stray"]):
    r = subprocess.run([BUILD + "/cygnetd-bench", *words], capture_output=True, text=True, timeout=10)
    ok(r.returncode == 2 and "cygnetd" in r.stderr, "usage: %s is refused" % " ".join(words), r.returncode, r.stderr)
r = subprocess.run([BUILD + "/cygnetd-bench", "--help"], capture_output=True, text=True, timeout=10)
ok(r.returncode == 0 and "--config" in r.stdout, "--help")

# The tool without a daemon.
rc, out, err = g.tool("check", g.dir + "/ipsec.conf")
ok(rc == 0, "check of a right file", rc, out, err)
g.write("ipsec.conf", "conn t\n lefft=1\n")
rc, out, err = g.tool("check", g.dir + "/ipsec.conf")
ok(rc == 8 and ":2:" in err and "left" in err, "check of a wrong file: 8, with the place", rc, out, err)
rc, out, err = g.tool("check", g.dir + "/ipsec.conf", before=["--json"])
ok(rc == 8 and '"row"' in out and '"line":2' in out.replace(" ", ""), "check --json gives objects", rc, out, err)
rc, out, err = g.tool("key", "new", "--type", "ecdsa", "--name", "host")
ok(rc == 0 and "leftecdsakey=0s" in out, "key new", rc, out, err)
rc, out, err = g.tool("key", "list")
ok(rc == 0 and "host" in out, "key list", rc, out, err)
rc, out, err = g.tool("key", "show", "--name", "host", "--ipseckey")
ok(rc == 0 and re.match(r"IN IPSECKEY 10 0 3 \. [A-Za-z0-9+/=]+$", out), "key show --ipseckey", rc, out, err)
rc, out, err = g.tool("key", "show", "--name", "nobody")
ok(rc == 6, "key show of no key: 6", rc, out, err)
rc, out, err = g.tool("key", "new", "--type", "elgamal")
ok(rc == 2, "key new of no type: 2", rc, out, err)
rc, out, err = g.tool("key", "new", "--type", "rsa", "--bits", "2048", "--name", "big")
rc, out, err = g.tool("key", "show", "--name", "big", "--txt", "192.0.2.1")
parts = re.findall(r'"([^"]*)"', out)
ok(rc == 0 and len(parts) > 1 and all(len(p) <= 255 for p in parts)
   and "".join(parts).startswith("X-IPsec-Server(10)=192.0.2.1 "), "key show --txt in strings that fit", rc, out)
done()
