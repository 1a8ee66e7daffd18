"""Floods of strangers' first messages, as fast as loopback gives: spoofed, and with cookies sent back and garbage for
IKE_AUTH. Meanwhile twenty honest handshakes a second, and SAs that must not be lost. Seconds of each: first argument after
the folder, 60 for the full measure. TAP."""
import os
import select
import subprocess
import sys
import time

import harness
from harness import IKE, Daemon, conn, done, ok

harness.BUILD = os.path.join(os.path.dirname(harness.BUILD), "release")
FLOOD = os.path.join(os.path.dirname(harness.BUILD), "tools", "flood")
SPAN = int(sys.argv[2]) if len(sys.argv) > 2 else 10
RATE, KEPT, HOSTS, CLIENTS = 20, 50, 3, 60
THERE = "127.2.0.1"
proposal = "ike=aes_gcm256-sha2_256-x25519\nesp=aes_gcm256\nkeyingtries=1"
bob_conf = "conn any\n left=%s\n right=%%any\n leftikeport=%d\n authby=secret\n type=transport\n auto=add\n" % (THERE, IKE)
bob_conf += "".join(" " + line + "\n" for line in proposal.splitlines()[:2])


def here(k):
    """An address for each connection: those that are kept, then those that come up and go down over and over."""
    return ["127.%d.0.%d" % (10 + k, i) for i in range(1, 251)]


def conns(k):
    return "".join(conn("c%d" % i, a, THERE, proposal) for i, a in enumerate(here(k)))


hosts = [Daemon("alice%d" % k, here(k), conns(k), level="warning") for k in range(HOSTS)]
bob = Daemon("bob", [THERE], bob_conf, level="error")
daemons = hosts + [bob]
for d in daemons:
    d.start(wait=0)
end = time.monotonic() + 20
while time.monotonic() < end and not all(os.path.exists(d.ctl) for d in daemons):
    time.sleep(0.05)
ok(all(d.alive() for d in daemons), "the daemons start", *[d.text()[-300:] for d in daemons])
# One waiting command a client: as many as handshakes can be under way at once.
clients = [h.control(timeout=120) for _ in range(CLIENTS) for h in hosts]


def up(client, i):
    client.send({"v": 1, "id": 7, "command": "up", "name": "c%d" % i})


def answer(client):
    while True:
        line = client.line()
        if line is None or line.get("done"):
            return line is not None and line["status"] == 0


def kept():
    """How many of those that were up before the floods are up still, or again: `up` says at once that they are."""
    good = 0
    for i in range(KEPT):
        up(clients[i % HOSTS], i // HOSTS)
        good += answer(clients[i % HOSTS])
    return good


ok(kept() == KEPT, "%d SAs are there before the flood" % KEPT)
first = {here(i % HOSTS)[i // HOSTS] for i in range(KEPT)}


def resident(pid):
    with open("/proc/%d/statm" % pid) as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def established():
    """bob's IKE SAs with the hosts whose SAs were there from the first: serials."""
    return {r["ike"] for r in bob.control(timeout=60).ask("show")
            if r.get("row") == "ike" and r["remote"].rsplit(":", 1)[0] in first and r["state"] == "ESTABLISHED"}


names = [[i for i in range(KEPT // HOSTS + 1, 250)] for _ in hosts]  # of each host, those that are down


def honest(span):
    """RATE handshakes a second; what came up goes down again, and may come up once more."""
    tried = good = 0
    began = time.monotonic()
    busy = {}  # client: what it waits for, and the connection
    while time.monotonic() - began < span or any(verb == "up" for verb, _ in busy.values()):
        while time.monotonic() - began < span and tried < (time.monotonic() - began) * RATE:
            k = next((k for k in range(len(clients)) if k % HOSTS == tried % HOSTS and k not in busy and names[k % HOSTS]), None)
            if k is None:
                break
            busy[k] = ("up", names[k % HOSTS].pop(0))
            up(clients[k], busy[k][1])
            tried += 1
        readable, _, _ = select.select([clients[k].socket for k in busy], [], [], 0.02)
        for k in [k for k in busy if clients[k].socket in readable]:
            verb, i = busy.pop(k)
            fine = answer(clients[k])
            if verb == "down":
                names[k % HOSTS].append(i)
                continue
            good += fine
            busy[k] = ("down", i)
            clients[k].send({"v": 1, "id": 7, "command": "down", "name": "c%d" % i})
        if time.monotonic() - began > span + 70:
            break
    for k in busy:
        names[k % HOSTS].append(busy[k][1])
        answer(clients[k])
    return tried, good


def flood(share, *mode):
    before = resident(bob.process.pid)
    attacker = subprocess.Popen([FLOOD, THERE, str(IKE), str(SPAN), *mode], stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)
    tried, good = honest(SPAN - 1)
    said = attacker.communicate()[0].split()
    grown = (resident(bob.process.pid) - before) / 1024 / 1024
    figures = "%d of %d handshakes, %.1f MiB grown; strangers sent %s" % (good, tried, grown, " ".join(said))
    ok(tried >= (SPAN - 1) * RATE * 0.8 and good >= share * tried, "%s: %s" % (" ".join(mode) or "spoofed", figures), figures)
    ok(grown <= 16, "memory grew by at most 16 MiB", grown)
    ok(int(said[1]) > 1000, "the flood was one", said)
    return said


were = established()
ok(len(were) == KEPT, "bob has them, too", len(were))
flood(0.99)
said = flood(0.90, "cookies")
ok(int(said[3]) > 0 and int(said[5]) > 0, "cookies were sent back and taken", said)
time.sleep(1)
ok(established() == were, "no established SA was lost or made anew", len(were & established()))
for h in hosts:
    ok(h.end() == 0, "%s stops clean" % h.name)
bob.end()
done()
