"""Kills a daemon at a random moment of a busy time, starts it again, and compares kernel and daemon (tests/60-torture.sh).

Within 5 s of each start, at both hosts:
- the SAs in the kernel are those that the daemon lists: by `show`, each Child SA by its state, and what is left of an earlier run;
- each policy in the kernel is a template's or exemption's (as after the first start), a connection's, a pair's, or listed as left;
- each SA that one host sends by is there at the other;
- connection and private pair are up again, at both ends by the same SPIs.
A disagreement is said as the difference. The seed gives the same choices again, not the same moments.
"""
import collections
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time

OUT, TOP = os.environ["OUT"], os.environ["TOP"]
KILLER = TOP + "/build/tools/killer.so"
COUNT, SEED = int(sys.argv[1]), int(sys.argv[2])
BEFORE = int(sys.argv[3]) - 3  # results are numbered here from 4, after those that the group has counted
LIMIT = 5.0  # seconds from a start to agreement
BUSY = 0.060  # a kill comes at most so long after the order
OTHER = {"alice": "bob", "bob": "alice"}
NETS = {"t": ("10.1.0.0/24", "10.2.0.0/24"), "t2": ("10.3.0.0/24", "10.4.0.0/24")}  # alice's, bob's; both by one IKE SA
# docs/states/child.md: what of a Child SA stands in the kernel
INBOUND = {"INBOUND", "INSTALLED", "REPLACED", "RETIRING", "DRAINING"}
OUTBOUND = {"INSTALLED"}
PAIR_STATES = {"POTENTIAL", "AUTHTXT", "PENDING", "KEYED", "CLEAR", "DENY"}
ORDERS = ["up", "down", "rekey-child", "rekey-child", "rekey-ike", "rekey-ike", "rekey-both", "delete-child", "delete-ike", "reload",
          "start", "start", "shutdown", "leave", "request", "request", "request", "request"]
choose = random.Random(SEED)


class Gone(Exception):
    """The daemon does not answer."""


class Host:
    def __init__(self, name):
        self.name, self.process = name, None
        with open("/run/lab/%s/pid" % name) as f:
            self.shell = f.read().strip()
        self.ctl = "/proc/%s/root/run/cygnet/ctl" % self.shell
        self.log = open("%s/%s.log" % (OUT, name), "ab")
        self.reqids, self.standing = {}, set()  # of connections; the policies of templates and exemptions

    def start(self, *more, kill_at=0):
        """As the unit does (packaging/cygnet.service). kill_at: it dies of that request to the kernel (killer.c)."""
        environment = dict(os.environ, LD_PRELOAD=KILLER, CYGNET_KILL_AT=str(kill_at)) if kill_at else None
        self.process = subprocess.Popen(
            ["nsenter", "-t", self.shell, "--net", "--mount", TOP + "/build/cygnetd", "--foreground", "--log-level", "debug",
             "--nssdir", "/var/lib/ipsec/nss", "--keylog", "%s/%s.keys" % (OUT, self.name), *more],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=environment)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.write(b"---- killed ----\n")
        self.log.flush()

    def order(self, command, **fields):
        """Sends an order and does not wait for its answer; the socket, to be closed."""
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.settimeout(5)
        try:
            s.connect(self.ctl)
            s.sendall((json.dumps({"v": 1, "id": 1, "command": command, **fields}) + "\n").encode())
        except OSError as e:
            s.close()
            raise Gone(str(e)) from e
        return s

    def ask(self, command, **fields):
        """The rows that answer a command."""
        with self.order(command, **fields) as s:
            rows = []
            try:
                with s.makefile() as answers:
                    for line in answers:
                        rows.append(json.loads(line))
                        if rows[-1].get("done"):
                            return rows[:-1]
            except (OSError, ValueError) as e:
                raise Gone(str(e)) from e
        raise Gone("it closed before its answer was complete")

    def kernel(self):
        """What is ours in the kernel: SAs as (dst, spi), policies as (direction, src, dst, what)."""
        text = "\n".join(subprocess.run(["ip", "-n", self.name, "xfrm", what], capture_output=True, text=True, check=True).stdout
                         for what in ("state", "policy"))
        sas, policies = set(), set()
        for part in re.split(r"\n+(?=src )", text):
            sa = re.match(r"src (\S+) dst (\S+)\s+proto esp spi 0x([0-9a-f]+)(?:\(\d+\))? reqid (\d+)", part)
            policy = re.match(r"src (\S+) dst (\S+)[^\n]*\n\s+dir (\w+) (?:action (\w+) )?", part)
            tmpl = re.search(r"tmpl .*\n\s+proto esp (?:spi \S+ )?reqid (\d+)(?:\(0x[0-9a-f]+\))? mode (\w+)", part)
            if sa and sa.group(3) != "00000000" and int(sa.group(4)) >> 24 == 0x43:
                sas.add((sa.group(2), sa.group(3)))
            elif policy:
                what = "%s %s" % (tmpl.group(1), tmpl.group(2)) if tmpl else policy.group(4) or "pass"
                policies.add((policy.group(3), policy.group(1), policy.group(2), what))
        return sas, policies


class View:
    """What one host's daemon says that it has."""

    def __init__(self, host):
        self.host = host
        self.known, self.left = set(), set()  # SAs that must be in the kernel; of them an earlier run's
        self.sends = set()
        self.serving = collections.defaultdict(set)  # reqid: (spi-in, spi-out) of INSTALLED Child SAs
        self.kept = 0  # an earlier run's SAs that were not keyed anew yet
        self.policies, self.may = set(), set()  # that must be there; that may be
        self.rows = host.ask("show")
        self.flows = host.ask("oe-list")
        self.up = {r["name"] for r in self.rows if r["row"] == "conn" and r["state"] == "up"}
        self.keyed = any(r["row"] == "flow" and r["state"] == "KEYED" for r in self.flows)
        near = far = None
        for r in self.rows:
            if r["row"] == "ike":
                near, far = (r[k].rsplit(":", 1)[0] for k in ("local", "remote"))
            elif r["row"] == "child":
                self.child(r, near, far)
            elif r["row"] == "left-sa":
                self.left.add((r["dst"], r["spi"]))
                self.kept += r["state"] == "kept"
            elif r["row"] == "left-policy":
                for what in ("%d %s" % (r["reqid"], "tunnel"), "%d %s" % (r["reqid"], "transport"), "block", "pass"):
                    self.may.add((r["direction"], r["src"].split(";")[0], r["dst"].split(";")[0], what))
        self.known |= self.left
        for name in NETS:
            self.connection(name)
        for f in self.flows:
            self.pair(f)

    def child(self, r, near, far):
        name = next((n for n, nets in NETS.items() if r["local"] in nets), "private")
        self.host.reqids[name] = r["reqid"]
        if r["state"] in INBOUND:
            self.known.add((near, r["spi-in"]))
        if r["state"] in OUTBOUND:
            self.known.add((far, r["spi-out"]))
            self.sends.add((far, r["spi-out"]))
            self.serving[r["reqid"]].add((r["spi-in"], r["spi-out"]))

    def both(self, ours, theirs, what, directions):
        for d in directions:
            self.policies.add((d, ours, theirs, what) if d == "out" else (d, theirs, ours, what))

    def connection(self, name):
        """It is routed: a trap out, always; while it is up, the policies of a tunnel."""
        nets = NETS[name] if self.host.name == "alice" else NETS[name][::-1]
        if name in self.host.reqids:
            self.both(*nets, "%d tunnel" % self.host.reqids[name], ("out", "in", "fwd") if name in self.up else ("out",))

    def pair(self, f):
        if f["state"] not in PAIR_STATES or "private" not in self.host.reqids:
            return
        what = {"CLEAR": "pass", "DENY": "block"}.get(f["state"], "%d transport" % self.host.reqids["private"])
        self.both(f["local"] + "/32", f["remote"] + "/32", what, ("out", "in") if f["state"] == "KEYED" else ("out",))


def difference(before, kernel, after):
    """One host: (kind, text) of all that differs. The kernel was read between two answers of the daemon, in which things may
    have gone on: what belongs to nobody is in neither answer, what is missing is in both."""
    sas, policies = kernel
    name, may, standing = before.host.name, before.may | after.may, before.host.standing
    for dst, spi in sorted(sas - before.known - after.known):
        yield "orphan SA", "%s: to %s spi %s is in the kernel, the daemon does not list it" % (name, dst, spi)
    for dst, spi in sorted((before.known & after.known) - sas):
        yield "missing SA", "%s: to %s spi %s is listed%s, and not in the kernel" % (
            name, dst, spi, " as left" if (dst, spi) in after.left else "")
    for p in sorted(policies - before.policies - after.policies - may - standing):
        yield "orphan policy", "%s: %s %s > %s (%s) belongs to nobody" % ((name,) + p)
    for p in sorted(((before.policies & after.policies) | standing) - policies):
        if not any(q[:3] == p[:3] for q in may):
            yield "missing policy", "%s: %s %s > %s (%s) should stand" % ((name,) + p)


def ends(a, b, sas):
    """Both hosts: what one sends by the other must receive, and what serves must be the same pair of SAs."""
    for x, y in ((a, b), (b, a)):
        for dst, spi in sorted(x.sends - sas[y.host.name]):
            yield "one-sided SA", "%s sends to %s by spi %s, which %s has not" % (x.host.name, dst, spi, y.host.name)
        for name in sorted(set(NETS) - x.up):
            yield "not keyed", "%s: %s is not up" % (x.host.name, name)
        if not x.keyed:
            yield "not keyed", "%s: the private pair is not keyed" % x.host.name
        if x.kept:
            yield "not keyed", "%s: %d SAs of an earlier run still serve" % (x.host.name, x.kept)
    for name, reqid in a.host.reqids.items():
        mine = a.serving[reqid]
        theirs = {(o, i) for i, o in b.serving[b.host.reqids.get(name)]}
        if not mine & theirs:
            yield "other SPIs", "%s: alice serves it by %s, bob by %s (in, out of alice)" % (name, sorted(mine), sorted(theirs))


def look(hosts):
    """All differences now, and what they were told from."""
    try:
        before = {n: View(h) for n, h in hosts.items()}
        kernel = {n: h.kernel() for n, h in hosts.items()}
        views = {n: View(h) for n, h in hosts.items()}
    except Gone as e:
        return [("no answer", "a daemon does not answer: %s" % e)], {}
    found = [d for n in hosts for d in difference(before[n], kernel[n], views[n])]
    for n, v in views.items():
        v.sends &= before[n].sends
    found += ends(views["alice"], views["bob"], {n: k[0] for n, k in kernel.items()})
    return found, {n: (v.rows + v.flows, sorted(kernel[n][0]), sorted(kernel[n][1])) for n, v in views.items()}


def agree(hosts, seconds):
    """Looks until there is no difference; (the last differences, how long it took, the evidence, the differences before)."""
    began, before = time.monotonic(), []
    while True:
        at = time.monotonic() - began
        found, evidence = look(hosts)
        if not found or at >= seconds:
            return found, at, evidence, before
        before = found
        time.sleep(0.05)


def dies(host, seconds):
    try:
        host.process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        pass


def begin(order, name, host, other, victim):
    """Makes a busy moment; the sockets of its orders."""
    if order == "rekey-both":
        return [h.order("rekey-child", name=name) for h in (host, other)]
    if order == "up":
        return [host.order("down", name=name), other.order("up", name=name)]
    if order == "reload":
        host.process.send_signal(signal.SIGHUP)
        return []
    if order == "start":
        victim.kill()
        victim.start("--adopt")
        return []
    if order == "request":
        # A start makes some seventy requests; what comes after them are the keys, then a rekey's.
        victim.kill()
        victim.start("--adopt", kill_at=choose.randint(1, 110))
        dies(victim, 0.7)
        return [] if victim.process.poll() is not None else [victim.order("rekey-child", name=name)]
    if order in ("shutdown", "leave"):
        return [victim.order("shutdown", **({"leave-state": True} if order == "leave" else {}))]
    return [host.order(order, name=name)]


def stamps(host):
    """When its daemons logged a message or a change, in seconds."""
    found = []
    with open("%s/%s.log" % (OUT, host.name), errors="replace") as log:
        for line in log:
            m = re.match(r"\d+-\d+-\d+T(\d+):(\d+):([0-9.]+)Z debug: .*(->|received)", line)
            if m:
                found.append(int(m.group(1)) * 3600 + int(m.group(2)) * 60 + float(m.group(3)))
    return found


def busy(hosts, kills):
    """How many of the kills fell within 20 ms of a message or a change, at either end."""
    at = sorted(t for h in hosts.values() for t in stamps(h))
    return sum(any(abs(t - k % 86400) < 0.020 for t in at) for k in kills)


def one_kill(hosts, number, kinds, times, kills):
    order, host, victim = choose.choice(ORDERS), choose.choice("ab"), choose.choice("ab")
    name, both = choose.choice(sorted(NETS)), choose.random() < 0.1
    after, pause, adopts = choose.uniform(0, 0.3 if order == "start" else BUSY), choose.uniform(0, 0.3), choose.random() < 0.75
    host, victim = (hosts[{"a": "alice", "b": "bob"}[x]] for x in (host, victim))
    victims = [victim, hosts[OTHER[victim.name]]][:1 + both]
    what = "kill %d: %s of %s at %s, %s killed after %.0f ms, started %s--adopt" % (
        number, order, name, host.name, " and ".join(v.name for v in victims), after * 1000, "with " if adopts else "without ")
    sockets, now = [], time.time()
    try:
        sockets = begin(order, name, host, hosts[OTHER[host.name]], victim)
    except Gone as e:
        if order != "request":  # there it may have died in the meantime
            kinds["no answer"] += 1
            print("# %s: %s" % (what, e))
    time.sleep(after)
    kills.append(time.time())
    for v in victims:
        v.kill()
    for s in sockets:
        s.close()
    time.sleep(pause)
    for v in victims:
        v.start(*(["--adopt"] if adopts else []))
    found, took, evidence, before = agree(hosts, LIMIT)
    times.append(took)
    if order == "shutdown":
        # A clean stop takes the policies away first of all: what is in clear until the next start is as the operator wants it.
        with open(OUT + "/stops", "a") as f:
            print(now, time.time(), file=f)
    if not found:
        print("# %s: agreed in %.1f s" % (what, took))
        for kind, text in before if took > LIMIT / 2 else []:
            print("#   until then %s: %s" % (kind, text))
        sys.stdout.flush()
        return
    print("# %s: after %.1f s" % (what, took))
    for kind, text in found:
        print("#   %s: %s" % (kind, text))
    kinds.update({kind for kind, text in found})
    with open(OUT + "/differences", "a") as f:
        print(what, *found, sep="\n", file=f)
        for name, (rows, sas, policies) in evidence.items():
            print(name, *rows, *sas, *policies, sep="\n ", file=f)
    found, took, evidence, before = agree(hosts, 15)
    print("#   %s" % ("agreed %.1f s later" % took if not found else "still so 15 s later: %s" % sorted(found)), flush=True)


def sees_faults(hosts):
    """An SA and a policy that belong to nobody, and an SA taken away, must be seen, or the comparison proves nothing."""
    def ip(*arguments):
        subprocess.run(["ip", "-n", "bob", "xfrm", *arguments], check=True)

    view = View(hosts["bob"])
    dst, spi = max(view.sends)
    ip("state", "add", "src", "192.0.2.77", "dst", "198.51.100.20", "proto", "esp", "spi", "0x1234", "reqid", str(0x43000077), "enc",
       "cipher_null", "")
    ip("policy", "add", "src", "10.9.0.0/24", "dst", "10.8.0.0/24", "dir", "out", "priority", str(0x100777))
    ip("state", "delete", "src", "198.51.100.21", "dst", dst, "proto", "esp", "spi", "0x" + spi)
    seen = {kind for kind, text in look(hosts)[0]}
    ip("state", "delete", "src", "192.0.2.77", "dst", "198.51.100.20", "proto", "esp", "spi", "0x1234")
    ip("policy", "delete", "src", "10.9.0.0/24", "dst", "10.8.0.0/24", "dir", "out")
    return {"orphan SA", "orphan policy", "missing SA"} <= seen, seen


def result(good, number, what, *why):
    print("%s %d - %s" % ("ok" if good else "not ok", BEFORE + number, what))
    if not good:
        for line in why:
            print("# %s" % (line,))
    sys.stdout.flush()
    return good


def first_start(hosts):
    """Without traffic: what stands then, the connection's trap apart, is templates and exemptions."""
    for h in hosts.values():
        h.start()
    began = time.monotonic()
    for h in hosts.values():
        while time.monotonic() - began < 10:
            try:
                h.ask("status")
                break
            except Gone:
                time.sleep(0.05)
        h.standing = {p for p in h.kernel()[1] if not p[1].startswith("10.")}
    return all(h.standing for h in hosts.values())


def flood():
    """From both sides, so that both kernels ask for keys: a start without --adopt leaves the peer sending to nobody."""
    pairs = (("10.1.0.1", "10.2.0.1"), ("10.3.0.1", "10.4.0.1"), ("192.0.2.10", "198.51.100.20"))
    return [subprocess.Popen(["nsenter", "--net=/run/netns/" + host, "ping", "-q", "-i", "0.05", "-I", *ends], stdout=subprocess.DEVNULL)
            for pair in pairs for host, ends in (("alice", pair), ("bob", pair[::-1]))]


def settled(hosts, kinds):
    """Nothing of all the former runs is left: two SAs for each of the three, at both ends."""
    end, sas, left = time.monotonic() + 70, None, None
    while time.monotonic() < end:
        found, evidence = look(hosts)
        sas = {n: e[1] for n, e in evidence.items()}
        left = [r for e in evidence.values() for r in e[0] if r["row"].startswith("left-")]
        if not found and not left and all(len(s) == 2 * len(NETS) + 2 for s in sas.values()):
            return True, sas
        time.sleep(0.5)
    kinds.update({kind for kind, text in found} or {"left"})
    return False, found + [sas, left]


def stopped(hosts):
    """Both end, and nothing of theirs is left. Not every delete is confirmed: a killed process knows nothing of it."""
    for h in hosts.values():
        h.process.send_signal(signal.SIGTERM)
    for h in hosts.values():
        h.process.wait(timeout=20)
    left = {n: h.kernel() for n, h in hosts.items()}
    return not any(sas or policies for sas, policies in left.values()), left


def main():
    hosts = {n: Host(n) for n in OTHER}
    kinds, times, kills = collections.Counter(), [], []
    result(first_start(hosts), 4, "both daemons start, and their templates stand")
    pings = flood()
    for name in NETS:
        hosts["alice"].order("up", name=name).close()
    found, took, evidence, before = agree(hosts, 10)
    result(not found, 5, "connection and private pair are keyed, kernel and daemon agree", *found)
    good, why = sees_faults(hosts)
    result(good, 6, "what belongs to nobody, and what is missing, is seen", why)
    for name in NETS:
        hosts["alice"].order("rekey-child", name=name).close()
    found, took, evidence, before = agree(hosts, 10)
    result(not found, 7, "by rekeying it is mended", *found)
    for number in range(1, COUNT + 1):
        one_kill(hosts, number, kinds, times, kills)
    began = time.monotonic()
    good, why = settled(hosts, kinds)
    result(good, 8, "a while later nothing of former runs is left", *why)
    print("# after %.1f s" % (time.monotonic() - began))
    for p in pings:
        p.send_signal(signal.SIGINT)
        p.wait()
    time.sleep(0.3)  # what is under way arrives
    good, why = stopped(hosts)
    result(good, 9, "both stop, and nothing of theirs is left", why)
    times.sort()
    print("# agreed after %.1f s at the median, %.1f s at most" % (times[len(times) // 2], times[-1]))
    print("# %d kills fell within 20 ms of a message or a change of state" % busy(hosts, kills))
    orphans = sum(n for kind, n in kinds.items() if kind.startswith("orphan"))
    with open(OUT + "/result", "w") as f:
        f.write("%d kills: %d disagreements, %d orphans" % (COUNT, sum(kinds.values()) - orphans, orphans))
    for kind, n in sorted(kinds.items()):
        print("# %s: %d" % (kind, n))
    sys.exit(1 if kinds else 0)


if __name__ == "__main__":
    main()
