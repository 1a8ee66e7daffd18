"""The test build of the daemon: impairments by `cygnet impair`, and a daemon that has none. Prints TAP."""
import signal
import time

from harness import BUILD, Daemon, conn, done, ok

A, B = "127.1.0.1", "127.2.0.1"
CONF = conn("t", A, B, "retransmit-timeout=6s")


class Impaired(Daemon):
    def arguments(self):
        return [BUILD + "/cygnetd-impair"] + super().arguments()[1:]


plain = Daemon("plain", ["127.5.0.1"], conn("t", "127.5.0.1", B))
ok(plain.start(), "a daemon as it is shipped starts", plain.text())
rc, out, err = plain.tool("impair", "drop-outbound", "any")
ok(rc == 2 and "no impairments" in err, "it knows no impairments, and the tool says so", rc, out, err)
rc, out, err = plain.tool("impair", before=["--json"])
ok(rc == 2 and '"status":2' in out, "with --json too", rc, out, err)
plain.end()

alice, bob = Impaired("alice", [A], CONF), Impaired("bob", [B], CONF)
ok(alice.start() and bob.start(), "two of the test build start", alice.text(), bob.text())
rc, out, err = alice.tool("impair")
ok(rc == 0 and out.count("name=") > 60 and "drop-outbound" in out, "impair alone lists them", rc, out, err)
rc, out, err = alice.tool("impair", "dance")
ok(rc == 1 and "dance" in err, "one that there is not is named", rc, out, err)
rc, out, err = alice.tool("impair", "drop-outbound")
ok(rc == 1 and "missing" in err, "so is a missing argument", rc, out, err)


def met(daemon, name):
    rows = [line for line in daemon.tool("impair")[1].splitlines() if " name=%s " % name in line]
    return int(rows[0].rsplit("met=", 1)[1]) if rows else -1


def up(what, status=0, times=1, **impaired):
    """`up t` with impairments at alice or bob, which take so many occasions at least; then all is as it was."""
    for name, text in impaired.items():
        rc, out, err = {"alice": alice, "bob": bob}[name].tool("impair", *text.split())
        if rc:
            return ok(False, what, out, err)
    rc, out, err = alice.tool("up", "t")
    took = [met({"alice": alice, "bob": bob}[name], text.split()[0]) for name, text in impaired.items()]
    good = rc == status and all(n >= times for n in took)
    for d in (alice, bob):
        d.tool("impair", "off")
    alice.tool("down", "t")
    return ok(good and alice.alive() and bob.alive(), what, rc, out, err, took, alice.text())


up("without any: up")
up("a request lost: up at its repetition", alice="drop-outbound init-request 1")
up("an answer lost: up at its repetition", bob="drop-outbound auth-answer 1")
up("an unknown payload in the first message: real AUTH covers it as sent", alice="add-payload init-request 200 optional 0x0102")
up("an unknown payload, sealed with real AES-GCM", alice="add-payload auth-request 200 optional")
up("no TSi: refused by the peer", 7, alice="omit-payload auth-request TSi")
up("a key exchange that fails: failed for a reason of ours", 1, alice="fail-job ke-make 1")
up("jobs that are late: up", times=2, alice="delay-job any 300ms")
up("the kernel refuses the first SA: it is begun anew", alice="fail-kernel sa-in 1")
up("sending is not permitted, twice: up", times=2, alice="fail-sendmsg EPERM 1-2")
up("half a datagram is sent: up", bob="fail-sendmsg SHORT 1")
up("receiving is interrupted: up", bob="fail-recvmmsg EINTR 1-3")
up("receiving finds no memory once: up", bob="fail-recvmmsg ENOMEM 1")
up("a worker that is interrupted as it says that a job is done: up", bob="fail-write EINTR 1")
for n in (3, 9, 27, 81):
    alice.tool("impair", "fail-allocation", str(n))
    rc, out, err = alice.tool("up", "t")
    ok(rc in (0, 1, 5) and alice.alive(), "allocation %d fails: the daemon lives and answers" % n, rc, out, err, alice.text())
    alice.tool("impair", "off")
    alice.tool("down", "t")
    time.sleep(0.5)
up("afterwards: up")

alice.tool("impair", "die-after", "sa-in", "1")
alice.tool("up", "t")
try:
    status = alice.process.wait(10)
except Exception as late:
    status = late
ok(status == -signal.SIGKILL, "die-after: the daemon is killed behind its first SA", status)
ok(alice.start(), "it starts again", alice.text())
rc, out, err = alice.tool("up", "t")
ok(rc == 0, "and keys the connection anew", rc, out, err, alice.text())
ok(met(alice, "die-after") == 0, "what begins again has no impairments", alice.tool("impair")[1][-200:])
for d in (alice, bob):
    ok(d.end() == 0, d.name + " stops, confirmed", d.text())
    ok("ERROR: AddressSanitizer" not in d.text() and "runtime error" not in d.text(), "no sanitizer spoke at " + d.name, d.text())
done()
