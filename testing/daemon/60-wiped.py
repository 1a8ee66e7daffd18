"""After an IKE SA has ended nothing of its keys, or of its children's, is in the daemon's memory. All writable memory of
both daemons is searched: while the SA is there its keys must be found (or the search proves nothing), afterwards not. TAP."""
# @rfc-test 7296-2.12-1
import os
import re
import time

import harness
from harness import Daemon, conn, done, ok

harness.BUILD = os.path.join(os.path.dirname(harness.BUILD), "release")
CONF = conn("t", "127.1.0.1", "127.2.0.1", "ike=aes_gcm256-sha2_256-x25519\nesp=aes_gcm256")
alice, bob = Daemon("alice", ["127.1.0.1"], CONF), Daemon("bob", ["127.2.0.1"], CONF)


def memory(daemon):
    """The contents of every writable mapping."""
    pid = daemon.process.pid
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) .*?(\[vvar\]|\[vsyscall\])?$", line)
            first, last = int(m.group(1), 16), int(m.group(2), 16)
            if "rw" not in m.group(3) or m.group(4) or last - first > 1 << 30:
                continue
            try:
                mem.seek(first)
                yield mem.read(last - first)
            except OSError:
                pass


def found(daemon, keys):
    """How many of the keys are somewhere in its memory: any 16 octets of one in a row."""
    hits = set()
    for part in memory(daemon):
        for key in keys:
            if any(key[i:i + 16] in part for i in range(0, len(key) - 15, 8)):
                hits.add(key)
    return len(hits)


def ike_keys(daemon):
    keys = set()
    with open(daemon.dir + "/keylog") as f:
        for line in f:
            keys.update(bytes.fromhex(w) for w in line.strip().replace('"', "").split(",") if re.fullmatch("[0-9a-f]{64,}", w))
    return keys


def esp_keys(daemon):
    with open(daemon.dir + "/esp-keys") as f:
        return {bytes.fromhex(line.strip()) for line in f if line.strip()}


ok(alice.start("--keylog", alice.dir + "/keylog") and bob.start("--keylog", bob.dir + "/keylog"), "two daemons start",
   alice.text()[-400:], bob.text()[-400:])
ok(alice.tool("up", "t")[0] == 0, "up")
first = ike_keys(alice)
ok(len(first) >= 2, "the keys of the IKE SA are known to the test", len(first))
ok(found(alice, first) >= 2 and found(bob, first) >= 2, "while it is there they are found in both daemons",
   found(alice, first), found(bob, first))
esp = esp_keys(alice)
ok(len(esp) == 2 and found(alice, esp) == 0 and found(bob, esp) == 0,
   "ESP keys are forgotten as soon as the kernel has them", len(esp), found(alice, esp), found(bob, esp))
ok(alice.tool("rekey-child", "t")[0] == 0 and alice.tool("rekey-ike", "t")[0] == 0, "child and IKE SA are rekeyed")
time.sleep(2)
every = ike_keys(alice) | ike_keys(bob)
ok(len(every) >= 4, "the successor's keys are known, too", len(every))
ok(alice.tool("down", "t")[0] == 0, "down")
time.sleep(33)  # the answering side lingers for 30 s
esp = esp_keys(alice) | esp_keys(bob)
ok(len(esp) >= 4, "the ESP keys of both generations are known", len(esp))
for daemon in (alice, bob):
    ok(found(daemon, every) == 0, "%s: no IKE key is left in memory" % daemon.name, found(daemon, every))
    ok(found(daemon, esp) == 0, "%s: no ESP key is left in memory" % daemon.name, found(daemon, esp))
ok(alice.end() == 0 and bob.end() == 0, "both stop clean")
done()
