#!/usr/bin/env python3
"""bench - handshakes between two daemons over loopback, with a kernel that only keeps books (kernel_record.c).

For each number of SAs: two fresh daemons, every connection brought up once (IKE_SA_INIT and IKE_AUTH, a shared key,
x25519, AES-GCM-256). Printed: handshakes a second, CPU milliseconds a handshake and side, octets of memory an IKE SA
with one Child SA (growth of the resident set over the second half of them). Figures, no test; root, because the daemon drops its capabilities.
"""
import os
import select
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "daemon"))
from harness import Daemon, conn  # noqa: E402

CLIENTS = 16  # handshakes under way at once
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_ms(pid):
    with open("/proc/%d/schedstat" % pid) as f:
        whole = int(f.read().split()[0])
    # schedstat of the process is its first thread's alone: the others are added.
    for task in os.listdir("/proc/%d/task" % pid):
        if int(task) != pid:
            with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
                whole += int(f.read().split()[0])
    return whole / 1e6


def resident(pid):
    with open("/proc/%d/statm" % pid) as f:
        return int(f.read().split()[1]) * PAGE


def all_up(daemon, names):
    """Brings all connections up, CLIENTS at once; returns how many failed."""
    clients = [daemon.control(timeout=60) for _ in range(CLIENTS)]
    waiting, failed, names = {}, 0, list(names)
    poll = select.poll()
    by_fd = {c.socket.fileno(): c for c in clients}
    for c in clients:
        poll.register(c.socket, select.POLLIN)
        if names:
            c.send({"v": 1, "id": 1, "command": "up", "name": names.pop()})
            waiting[c.socket.fileno()] = True
    while waiting:
        for fd, _ in poll.poll(60000):
            answer = by_fd[fd].line()
            if answer is None or not answer.get("done"):
                if answer is None:
                    return -1
                continue
            failed += answer["status"] != 0
            if names:
                by_fd[fd].send({"v": 1, "id": 1, "command": "up", "name": names.pop()})
            else:
                waiting.pop(fd, None)
    return failed


def run(count):
    side = max(1, int(count ** 0.5))  # as many addresses at each side, every one with all of the other
    here = ["127.1.0.%d" % (i + 1) for i in range(-(-count // side))]
    there = ["127.2.0.%d" % (i + 1) for i in range(side)]
    pairs = [(a, b) for b in there for a in here][:count]
    proposal = "ike=aes_gcm256-sha2_256-x25519\nesp=aes_gcm256"
    conf = "".join(conn("c%d" % i, a, b, proposal) for i, (a, b) in enumerate(pairs))
    alice = Daemon("alice%d" % count, here, conf, level="warning")
    bob = Daemon("bob%d" % count, there, conf, level="warning")
    for d in (alice, bob):
        # Without the log line that says ready: the control socket says it.
        d.start(wait=0)
        end = time.monotonic() + 20
        while time.monotonic() < end and not os.path.exists(d.ctl):
            time.sleep(0.02)
    # One handshake each way warms the library up.
    pids = [d.process.pid for d in (alice, bob)]
    all_up(alice, ["c0"])
    alice.tool("down", "c0")
    time.sleep(0.2)
    cpu = [cpu_ms(p) for p in pids]
    start = time.monotonic()
    failed = all_up(alice, ["c%d" % i for i in range(count // 2)])
    # The first half also fills what the start left free on the heap: memory is measured by the second.
    memory = [resident(p) for p in pids]
    failed += all_up(alice, ["c%d" % i for i in range(count // 2, count)])
    took = time.monotonic() - start
    cpu = [cpu_ms(p) - before for p, before in zip(pids, cpu)]
    memory = [resident(p) - before for p, before in zip(pids, memory)]
    print("%5d SAs: %6.0f handshakes/s   CPU ms a handshake: initiator %.3f, responder %.3f   "
          "KiB an SA: initiator %.1f, responder %.1f%s"
          % (count, count / took, cpu[0] / count, cpu[1] / count, memory[0] * 2 / count / 1024, memory[1] * 2 / count / 1024,
             "   FAILED: %d" % failed if failed else ""), flush=True)
    rekeys = rekey(alice, bob, pids, min(count, 500))
    start = time.monotonic()
    ended = [alice.end(wait=60)]
    stop = time.monotonic() - start
    ended.append(bob.end())
    confirmed = ended[0] == 0
    print("            rekeys of a Child SA, CPU ms: initiator %.3f, responder %.3f   a stop with all of them: %.1f s%s"
          % (*rekeys, stop, "" if confirmed else "   NOT ALL CONFIRMED"), flush=True)
    return failed == 0 and ended == [0, 0] and (count < 10000 or stop <= 6), max(cpu) / count


def rekey(alice, bob, pids, count):
    """CPU of each side for a rekey of a Child SA with a key exchange of its own, its delete included."""
    client = alice.control(timeout=60)
    before = [cpu_ms(p) for p in pids]
    for i in range(count):
        client.ask("rekey-child", name="c%d" % i)
    time.sleep(2 + count / 500)
    return [(cpu_ms(p) - b) / count for p, b in zip(pids, before)]


def main():
    results = [run(n) for n in (100, 1000, 10000)]
    print("CPU at 1,000 SAs is %.2f times that at 100, at 10,000 %.2f times"
          % (results[1][1] / results[0][1], results[2][1] / results[0][1]))
    sys.exit(0 if all(good for good, _ in results) else 1)


main()
