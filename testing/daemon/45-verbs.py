"""The verbs about the SAs of a connection, over the tool; and a stop as somebody sees it at a terminal. Prints TAP."""
import json
import os
import pty
import subprocess
import time

from harness import BUILD, Daemon, conn, done, ok

A, B = "127.1.0.1", "127.2.0.1"
VERBS = ["rekey-ike", "rekey-child", "delete-ike", "delete-child", "liveness"]
CONF = conn("t", A, B, "retransmit-timeout=60s") + conn("idle", A, "127.2.0.9")
alice, bob = Daemon("alice", [A], CONF), Daemon("bob", [B], CONF)
ok(alice.start() and bob.start(), "two daemons start", alice.text()[-500:], bob.text()[-500:])


def rows(daemon, kind, name="t"):
    return [r for r in map(json.loads, daemon.tool("show", name, before=["--json"])[1].splitlines()) if r.get("row") == kind]


def soon(what, seconds=5):
    """Asks until it is so."""
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.05)
    return what()


def child(daemon=alice):
    """SPIs of the one Child SA, both directions; None when there is not exactly one."""
    found = rows(daemon, "child")
    return (found[0]["spi-in"], found[0]["spi-out"]) if len(found) == 1 else None


def ike(daemon=alice):
    found = [r for r in rows(daemon, "ike") if r["state"] == "ESTABLISHED"]
    return (found[0]["spi-i"], found[0]["spi-r"]) if len(found) == 1 else None


for verb in VERBS:
    rc, out, err = alice.tool(verb)
    ok(rc == 2 and "needs the name" in err, verb + " without a name: 2", rc, out, err)
    rc, out, err = alice.tool(verb, "nowhere")
    ok(rc == 6, verb + " of what is not there: 6", rc, out, err)
    rc, out, err = alice.tool(verb, "idle")
    ok(rc == 6 and "no SA" in out + err, verb + " of what is not up: 6, and why", rc, out, err)

ok(alice.tool("up", "t")[0] == 0 and child() and ike(), "one is up", alice.text()[-500:])
old, old_ike = child(), ike()
rc, out, err = alice.tool("rekey-child", "t")
ok(rc == 0 and soon(lambda: child() and child() != old), "rekey-child: another Child SA serves", rc, out, err, child())
ok(ike() == old_ike, "of the same IKE SA")
ok(rows(alice, "child")[0]["state"] == "INSTALLED", "show has its state", rows(alice, "child"))
ok(soon(lambda: child(bob) == child()[::-1]), "and the peer has the same", child(bob), child())
old = child()
rc, out, err = bob.tool("rekey-ike", "t")
ok(rc == 0 and soon(lambda: ike() and ike() != old_ike) and soon(lambda: ike(bob) == ike()), "rekey-ike, by the responder: another IKE SA serves",
   rc, out, err, ike(), ike(bob))
ok(child() == old, "with the same Child SA", child(), old)


def heard():
    return bob.text().count("INFORMATIONAL")


before = heard()
rc, out, err = alice.tool("liveness", "t")
ok(rc == 0 and soon(lambda: heard() > before), "liveness: the peer is asked", rc, out, err)
old_ike = ike()
rc, out, err = alice.tool("delete-child", "t")
ok(rc == 0 and soon(lambda: not rows(alice, "child") or child() != old) and soon(lambda: child(bob) != old), "delete-child: it is gone at both ends",
   rc, out, err, child(), child(bob))
ok(alice.tool("up", "t")[0] == 0 and soon(lambda: child() and child(bob)), "up again", alice.text()[-300:])
old, old_ike = child(), ike()
rc, out, err = alice.tool("delete-ike", "t")
ok(rc == 0 and soon(lambda: ike() != old_ike) and soon(lambda: ike(bob) != old_ike), "delete-ike: gone at both ends", rc, out, err)
ok(soon(lambda: child() != old and child(bob) != old), "its Child SA too", child(), child(bob))
ok(alice.tool("up", "t")[0] == 0, "up again", alice.text()[-300:])

# A stop at a terminal, towards a dead peer.
bob.kill()
terminal, side = pty.openpty()
p = subprocess.Popen([BUILD + "/cygnet", "--rundir", alice.rundir, "shutdown", "--deadline", "2"], stdout=subprocess.PIPE,
                     stderr=side, text=True)
out = p.communicate(timeout=20)[0]
os.close(side)
seen = b""
while True:
    try:
        more = os.read(terminal, 65536)
    except OSError:
        break
    if not more:
        break
    seen += more
seen = seen.decode()
ok(p.returncode == 5, "towards a dead peer: 5", p.returncode)
ok(seen.count("\r\033[Kstopping: 0 peers confirmed, 1 to go") >= 3, "the terminal shows how far it is, in one line", repr(seen))
ok(seen.rstrip().endswith("\r\033[Kstopped: confirmed 0, unanswered 1"), "and in its place how it ended", repr(seen))
ok("stopping" not in out and out.startswith("unanswered") and "peer=%s:" % B in out and "conn=t" in out, "standard output has who did not confirm", out)
ok(alice.process.wait(5) == 1, "the daemon ends with 1", alice.process.returncode)
done()
