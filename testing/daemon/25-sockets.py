"""What strangers send to the two ports: scraps, keepalives, giants and bursts. Nothing is said to them, no message that came
in between is lost or taken for another's, and the daemon keys on. Prints TAP."""
import os
import select
import socket
import struct
import time

from harness import IKE, NATT, Daemon, conn, done, ok

A, B = "127.1.0.1", "127.2.0.1"
MARKER = b"\0\0\0\0"
alice = Daemon("alice", [A], conn("t", A, B))
bob = Daemon("bob", [B], conn("t", A, B))
ok(alice.start() and bob.start(), "two daemons start", alice.text()[-500:], bob.text()[-500:])


def message(spi, version=0x30, length=None):
    """A first message of another major version: it is answered with INVALID_MAJOR_VERSION, and with its SPI."""
    body = os.urandom(40)
    return struct.pack(">8s8sBBBBII", spi, bytes(8), 0, version, 34, 8, 0, length or 28 + len(body)) + body


def sockets(n):
    many = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(n)]
    for s in many:
        s.bind(("127.5.0.1", 0))
        s.setblocking(False)
    return many


def heard(many, seconds=1.0):
    """All that comes within a time: (index of the socket, datagram)."""
    got, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        ready, _, _ = select.select(many, [], [], max(0, end - time.monotonic()))
        got += [(many.index(s), s.recv(65536)) for s in ready]
    return got


junk = sockets(1)
scraps = [b"", b"\xff", b"\xff\xff", MARKER, MARKER + b"\xff", os.urandom(27), MARKER + os.urandom(27), os.urandom(28),
          bytes(28), bytes(500), os.urandom(1200), message(os.urandom(8), length=4000), message(os.urandom(8), length=27),
          os.urandom(16385), os.urandom(16389), os.urandom(65507), bytes(65507)]
for port in (IKE, NATT):
    for scrap in scraps:
        for _ in range(20):
            junk[0].sendto(scrap, (B, port))
            time.sleep(0.0005)
ok(bob.alive() and heard(junk, 0.5) == [], "scraps, keepalives and giants get no word", bob.text()[-500:])
ok("error" not in bob.text(), "and are no error", bob.text()[-500:])
time.sleep(1)

for port, marker in ((IKE, b""), (NATT, MARKER)):
    # ten answers a second are given to strangers (limits.h)
    eight = sockets(8)
    spis = [os.urandom(8) for _ in eight]
    burst = [(junk[0], os.urandom(60))] * 25
    for i, s in enumerate(eight):
        burst[i * 3:i * 3] = [(s, marker + message(spis[i])), (junk[0], b"\xff")]
    for s, data in burst:
        s.sendto(data, (B, port))
    got = heard(eight + junk)
    ok(sorted(i for i, _ in got) == list(range(8)), "port %d: eight messages in a burst of scraps, eight answers" % port, got)
    ok(all(data.startswith(marker + spis[i]) for i, data in got), "each to who asked", got)
    ok(all(len(data) == len(marker) + 36 for _, data in got), "whole", [len(d) for _, d in got])
    for s in eight:
        s.close()
    time.sleep(1.1)

eight = sockets(8)
for s in eight:
    s.sendto(message(os.urandom(8)), (B, NATT))
ok(heard(eight) == [], "without the marker 4500's are ESP's, not ours")

largest = message(os.urandom(8), length=16384) + bytes(16384 - 68)
beyond = message(os.urandom(8), length=16385) + bytes(16385 - 68)
for port, marker in ((IKE, b""), (NATT, MARKER)):
    eight[0].sendto(marker + beyond, (B, port))
    ok(heard(eight, 0.5) == [], "port %d: a message beyond the largest is dropped" % port)
    eight[0].sendto(marker + largest, (B, port))
    ok(len(heard(eight, 0.5)) == 1, "port %d: the largest is read" % port)
rc, out, err = alice.tool("up", "t")
ok(rc == 0, "two daemons key after that", rc, out, err)
ok(alice.end() == 0 and bob.end() == 0, "and stop clean", alice.text()[-500:], bob.text()[-500:])
done()
