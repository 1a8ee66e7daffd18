"""A stop with 1,000 SAs: all confirmed by a healthy peer; by a dead one none, each named, within the deadline. TAP."""
import os
import sys
import time

from harness import BUILD, Daemon, conn, done, ok

N = 1000
HERE = ["127.1.0.%d" % i for i in range(1, 26)]
THERE = ["127.2.0.%d" % i for i in range(1, 41)]
PAIRS = [(a, b) for a in HERE for b in THERE]
CONF = "".join(conn("c%d" % i, a, b, "retransmit-timeout=60s") for i, (a, b) in enumerate(PAIRS))
alice, bob = Daemon("alice", HERE, CONF, level="info"), Daemon("bob", THERE, CONF, level="info")
ok(alice.start(wait=30) and bob.start(wait=30), "two daemons start", alice.text()[-500:], bob.text()[-500:])


def all_up():
    clients = [alice.control(timeout=60) for _ in range(20)]
    good = 0
    for i in range(0, N, 20):
        for k, c in enumerate(clients):
            c.send({"v": 1, "id": 7, "command": "up", "name": "c%d" % (i + k)})
        for c in clients:
            answer = c.line()
            while answer and not answer.get("done"):
                answer = c.line()
            good += answer is not None and answer["status"] == 0
    return good


good = all_up()
ok(good == N, "1,000 connections are up", good)
start = time.monotonic()
status, out, err = alice.tool("shutdown", timeout=60)
took = time.monotonic() - start
alice.process.wait(20)
ok(status == 0 and "confirmed %d, unanswered 0" % N in out + err, "all 1,000 confirmed, exit status 0", status, out[-300:], err)
ok(took < 5, "in %.1f s" % took, took)
ok(alice.read_book()["left"] == 0, "no kernel state was left", alice.read_book())

ok(alice.start(wait=30), "alice starts again")
good = all_up()
ok(good == N, "1,000 connections are up again", good)
bob.kill()
start = time.monotonic()
status, out, err = alice.tool("shutdown", "--deadline", "4", timeout=60)
took = time.monotonic() - start
alice.process.wait(20)
named = [line for line in out.splitlines() if line.startswith("unanswered")]
ok(status == 5 and "confirmed 0, unanswered %d" % N in out + err, "towards a dead peer: none confirmed, exit status 5", status, err)
ok(3.5 < took < 9, "the deadline of 4 s is kept", took)
ok(len(named) == N and all("peer=127.2.0." in line and "conn=c" in line for line in named), "all 1,000 are named", len(named), out[:300])
ok(len(set(line.split("conn=")[1].split()[0] for line in named)) == N, "each of them once")
ok(any(line.startswith("stopping") for line in out.splitlines()), "and how far it was, meanwhile")
ok(alice.read_book()["left"] == 0, "no kernel state was left then, either", alice.read_book())
done()
