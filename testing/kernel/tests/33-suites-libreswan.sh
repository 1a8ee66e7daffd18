# 32-suites.sh with libreswan as the peer.
PEER=libreswan
. testing/kernel/tests/32-suites.sh
