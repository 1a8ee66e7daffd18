"""A thousand octets there and back, to see that sums are right: echo.py udp|tcp serves one of them on port 7777, echo.py udp|tcp
ADDRESS sends and compares."""
import socket
import sys

kind = socket.SOCK_DGRAM if sys.argv[1] == "udp" else socket.SOCK_STREAM
text = bytes(range(250)) * 4
s = socket.socket(socket.AF_INET, kind)
s.settimeout(8)


def all_of(peer):
    got = b""
    while len(got) < len(text):
        more = peer.recv(len(text) - len(got))
        if not more:
            break
        got += more
    return got


if len(sys.argv) > 2:
    s.connect((sys.argv[2], 7777))
    s.sendall(text)
    sys.exit(0 if all_of(s) == text else 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", 7777))
if sys.argv[1] == "udp":
    got, there = s.recvfrom(2000)
    s.sendto(got, there)
else:
    s.listen()
    peer, _ = s.accept()
    peer.sendall(all_of(peer))
