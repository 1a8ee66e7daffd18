"""A clean stop with many SAs, with a dead peer, and when one asks twice. Prints TAP."""
import json
import time

from harness import Daemon, conn, done, ok

HERE = ["127.1.0.%d" % i for i in range(1, 11)]
THERE = ["127.2.0.%d" % i for i in range(1, 11)]
CONF = "".join(conn("c%d-%d" % (i, j), HERE[i], THERE[j]) for i in range(10) for j in range(10))
alice, bob = Daemon("alice", HERE, CONF), Daemon("bob", THERE, CONF)
ok(alice.start() and bob.start(), "two daemons start", alice.text()[-500:], bob.text()[-500:])


def count(daemon, key):
    return json.loads(daemon.tool("status", before=["--json"])[1].splitlines()[0])[key]


def all_up():
    clients = [alice.control(timeout=30) for _ in range(10)]
    for i, c in enumerate(clients):
        for j in range(10):
            if c.ask("up", name="c%d-%d" % (i, j))[-1]["status"] != 0:
                return False
    return True


ok(all_up() and count(bob, "child-sas") == 100, "100 connections are up at both ends")
start = time.monotonic()
status = alice.end()
took = time.monotonic() - start
ok(status == 0, "SIGTERM with 100 SAs ends with 0", status, alice.text()[-1500:])
ok(took < 5, "within the deadline", took)
ok("confirmed 100, unanswered 0" in alice.text(), "every peer confirmed", alice.text()[-500:])
book = alice.read_book()
ok(book["sas-added"] == 200 and book["sas-removed"] == 200 and book["left"] == 0, "no kernel state was left", book)
ok(count(bob, "child-sas") == 0 and count(bob, "connections-up") == 0, "bob has seen every delete")

ok(alice.start() and alice.tool("up", "c0-0")[0] == 0, "alice starts again and keys one")
bob.kill()
start = time.monotonic()
status = alice.end()
took = time.monotonic() - start
ok(status == 1 and 4 < took < 8, "towards a dead peer: 1, after the deadline", status, took)
ok(alice.read_book()["left"] == 0, "and no kernel state is left", alice.read_book())

ok(alice.start("--stop-deadline", "60") and bob.start() and alice.tool("up", "c0-0")[0] == 0, "once more")
bob.kill()
alice.process.terminate()
time.sleep(0.3)
ok(alice.alive(), "it waits for the dead peer")
start = time.monotonic()
status = alice.end()
ok(status == 1 and time.monotonic() - start < 2, "a second SIGTERM ends the wait", status)

# Leaving all to the next run: by the option, for SIGTERM; by the tool.
for way in ("--leave-state for SIGTERM", "shutdown --leave-state"):
    ok(alice.start(*(["--leave-state"] if way[0] == "-" else [])) and (bob.alive() or bob.start())
       and alice.tool("up", "c0-0")[0] == 0 and alice.tool("up", "c1-0")[0] == 0, way + ": two are up", alice.text()[-300:])
    before = count(bob, "child-sas")
    start = time.monotonic()
    if way[0] == "-":
        status = alice.end()
    else:
        status, out, err = alice.tool("shutdown", "--leave-state")
        ok(status == 0 and "2 IPsec SAs are left" in out, "the tool says so", status, out, err)
        status = alice.process.wait(5)
    book = alice.read_book()
    ok(status == 0 and time.monotonic() - start < 2, "it ends at once, with 0", status)
    ok(book["sas-kept"] == 4 and book["policies-kept"] == 4 and book["sas-removed"] == 0 and book["policies-removed"] == 0,
       "nothing is removed from the kernel", book)
    ok("for the next run" in alice.text() and "2 IPsec SAs are left" in alice.text(), "it says what it left", alice.text()[-300:])
    ok(count(bob, "child-sas") == before == 2, "bob was not told", before)
    bob.kill()
status, out, err = alice.tool("shutdown")
ok(status == 3, "who stops what does not run is told so", status, out, err)
done()
