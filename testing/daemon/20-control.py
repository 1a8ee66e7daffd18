"""The control socket against odd, slow, silent and hostile clients. Prints TAP."""
import os
import socket
import stat
import time

from harness import Control, Daemon, conn, done, ok

A, B = "127.1.0.1", "127.2.0.1"
CONF = conn("t", A, B)
d = Daemon("d", [A], CONF)
ok(d.start(), "the daemon starts", d.text())
mode = stat.S_IMODE(os.stat(d.ctl).st_mode)
ok(mode == 0o660, "the socket has mode 0660", oct(mode))


def refused(line, what, status=2):
    c = d.control()
    c.send(line)
    answer = c.line()
    ok(answer and answer.get("done") and answer["status"] == status and answer.get("text") and answer["v"] == 1,
       what, answer)
    # The same client is heard afterwards.
    ok(c.ask("status")[-1:] and c.rest == b"", "  and the next line is heard", answer)
    c.close()


refused(b"\n", "an empty line is refused")
refused(b"hello\n", "what is no JSON is refused")
refused(b"[1,2]\n", "an array is refused")
refused(b"\xff\xfe\x00\x01\n", "octets that are no UTF-8 are refused")
refused(b'{"v":1,"v":1,"command":"status"}\n', "a key given twice is refused")
refused(b'{"v":2,"command":"status"}\n', "another version is refused")
refused(b'{"command":"status"}\n', "no version is refused")
refused(b'{"v":1}\n', "no command is refused")
refused(b'{"v":1,"command":7}\n', "a command that is no text is refused")
refused(b'{"v":1,"command":"dance"}\n', "an unknown command is refused")
refused(b'{"v":1,"command":"explain"}\n', "explain without an address is refused")
refused(b'{"v":1,"command":"explain","address":"1.2.3"}\n', "half an address is refused")
refused(b'{"v":1,"command":"up","name":"' + b"x" * 300 + b'"}\n', "a name that is too long is not found", 6)
refused(b"[" * 5000 + b"\n", "deep nesting is refused")

c = d.control()
c.send({"v": 1, "id": 42, "command": "status"})
answers = [c.line(), c.line()]
ok(all(a and a["id"] == 42 for a in answers), "answers carry the request's id", answers)
c.send(b'{"v":1,"id":1,"command":"sta')
time.sleep(0.1)
c.send(b'tus"}\n{"v":1,"id":2,"command":"status"}\n')
answers = [c.line() for _ in range(4)]
ok([a and a["id"] for a in answers] == [1, 1, 2, 2], "a line in pieces, and two in one piece", answers)
c.close()

c = d.control(timeout=5)
try:
    c.send(b'{"v":1,"x":"' + b"a" * 300000)
    got = c.line()
except OSError:
    got = None
ok(got is None or got["status"] == 2, "a line without an end is cut off", got)
c.close()

silent = [d.control() for _ in range(20)]
for s in silent[:10]:
    s.send(b'{"v":1,')
start = time.monotonic()
ok(d.control().ask("status")[-1]["status"] == 0 and time.monotonic() - start < 1,
   "twenty silent clients delay nobody")

more = []
for _ in range(100):
    try:
        more.append(d.control(timeout=1))
    except OSError:
        break
time.sleep(0.2)
ok(d.alive(), "120 clients at once do no harm")
for s in silent + more:
    s.close()
time.sleep(0.2)
ok(d.control().ask("status")[-1]["status"] == 0, "the next client is served when they are gone")

# A client that asks much and reads nothing: dropped at the backlog's limit, without harm.
d.write("ipsec.conf", CONF + "conn bad\n" + "".join(" nosuchword%d=1\n" % i for i in range(60)))
c = d.control(timeout=1)
try:
    for _ in range(40):
        c.send(b'{"v":1,"command":"reload"}\n' * 40)
except OSError:
    pass
ok(d.tool("status")[0] == 0 and d.alive(), "a client that asks and never reads is dropped", d.text())
c.close()
answers = d.control().ask("reload")
ok(answers[-1]["status"] == 8 and answers[0]["row"] == "problem" and answers[0]["line"] > 1 and answers[0]["file"],
   "a reload with errors says file and line of each, status 8", answers[:2])
rc, out, err = d.tool("reload")
ok(rc == 8 and "ipsec.conf:" in out + err and "nosuchword0" in out + err, "so does the tool", rc, out, err)
ok(d.tool("show", "t")[0] == 0, "and the old configuration stays in force")
d.write("ipsec.conf", CONF)
ok(d.tool("reload")[0] == 0, "the repaired one is taken")

watcher = d.control()
ok(watcher.ask("subscribe")[-1]["status"] == 0, "subscribe")
ok(d.tool("route", "t")[0] == 0 and d.tool("unroute", "t")[0] == 0, "something changes")
seen = [watcher.line(), watcher.line()]
ok([(e or {}).get("to") for e in seen] == ["routed", "loaded"] and seen[0]["event"] == "transition"
   and seen[0]["name"] == "t", "the subscriber sees it as it happens", seen)
stuck = d.control()
stuck.ask("subscribe")
for _ in range(20):
    d.tool("route", "t")
    d.tool("unroute", "t")
ok(d.alive(), "a subscriber that does not read delays nobody")

# A client that goes away while its command waits.
c = d.control()
c.send({"v": 1, "id": 1, "command": "up", "name": "t"})
c.close()
time.sleep(0.1)
ok(d.tool("down", "t")[0] == 0 and d.alive(), "a client that leaves before its answer does no harm")
c = d.control()
c.send({"v": 1, "id": 1, "command": "up", "name": "t"})
c.send({"v": 1, "id": 2, "command": "status"})
answer = c.line()
ok(answer and answer["id"] == 2 and answer["status"] == 2, "a second command while one waits is refused", answer)
c.close()
d.tool("down", "t")

ok(d.end() is not None and not os.path.exists(d.ctl), "SIGTERM ends it and the socket is gone")
rc, out, err = d.tool("status")
ok(rc == 3 and "cannot reach the daemon" in err and d.ctl in err, "daemon down: 3, with the place", rc, out, err)
rc, out, err = d.tool("status", before=["--json"])
ok(rc == 3 and '"status":3' in out and not err, "daemon down with --json: an object", rc, out, err)
ok("ERROR: AddressSanitizer" not in d.text() and "runtime error" not in d.text(), "no sanitizer spoke", d.text())
done()
