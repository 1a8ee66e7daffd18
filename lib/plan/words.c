/* The table of keywords (words.h). Meanings are for the manual page: one plain sentence each. */
#include "words.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TIME "a time like 30s, 5m, 8h or 500ms"
#define YESNO "yes or no"
#define SETUP(field) offsetof(struct setup, field)
#define CONN(field) offsetof(struct draft, conn.field)
#define CERTIFICATES "certificates are not supported yet: use a raw public key or a shared key"
#define IKEV1 "only IKEv2 is spoken"
#define INTERFACES "interfaces and marks for IPsec are not supported yet: packets would take another way"

static const struct choice no_choice = { NULL, 0, NULL };

static const struct choice type_choices[] = {
	{ "tunnel", CONN_TUNNEL, NULL },
	{ "transport", CONN_TRANSPORT, NULL },
	{ "passthrough", CONN_PASSTHROUGH, NULL },
	{ "drop", CONN_DROP, NULL },
	{ "reject", CONN_DROP, NULL },
	{ NULL, 0, NULL },
};
static const struct choice auto_choices[] = {
	{ "ignore", AUTO_IGNORE, NULL },  { "add", AUTO_ADD, NULL },
	{ "ondemand", AUTO_ROUTE, NULL }, { "route", AUTO_ROUTE, NULL },
	{ "start", AUTO_START, NULL },    { "keep", AUTO_START, NULL },
	{ "up", AUTO_START, NULL },       { NULL, 0, NULL },
};
static const struct choice negotiation_choices[] = {
	{ "hold", SHUNT_HOLD, NULL },
	{ "drop", SHUNT_HOLD, NULL },
	{ "passthrough", SHUNT_PASS, NULL },
	{ "pass", SHUNT_PASS, NULL },
	{ NULL, 0, NULL },
};
static const struct choice failure_choices[] = {
	{ "none", SHUNT_DEFAULT, NULL },
	{ "passthrough", SHUNT_PASS, NULL },
	{ "pass", SHUNT_PASS, NULL },
	{ "drop", SHUNT_DROP, NULL },
	{ "reject", SHUNT_DROP, NULL },
	{ "hold", SHUNT_DROP, NULL },
	{ NULL, 0, NULL },
};
static const struct choice family_choices[] = {
	{ "ipv4", ADDRESS_V4, NULL },
	{ "ipv6", ADDRESS_V6, NULL },
	{ NULL, 0, NULL },
};
static const struct choice version_choices[] = {
	{ "ikev2", 0, NULL },    { "ike", 0, NULL }, { "yes", 0, NULL },    { "insist", 0, NULL },
	{ "ikev1", 0, IKEV1 },   { "no", 0, IKEV1 }, { "never", 0, IKEV1 }, { "permit", 0, IKEV1 },
	{ "propose", 0, IKEV1 }, { NULL, 0, NULL },
};
static const struct choice phase2_choices[] = {
	{ "esp", 0, NULL },
	{ "ah", 0, "AH does not encrypt and is not supported" },
	{ "ah+esp", 0, "AH is not supported" },
	{ NULL, 0, NULL },
};

static const struct choice pfs_choices[] = {
	{ "yes", PFS_YES, NULL },
	{ "no", PFS_NO, NULL },
	{ "insist", PFS_INSIST, NULL },
	{ NULL, 0, NULL },
};
static const struct choice fragmentation_choices[] = {
	{ "yes", WHEN_NEEDED, NULL },
	{ "no", WHEN_NEVER, NULL },
	{ "force", WHEN_ALWAYS, NULL },
	{ NULL, 0, NULL },
};
static const struct choice encapsulation_choices[] = {
	{ "auto", WHEN_NEEDED, NULL },
	{ "no", WHEN_NEVER, NULL },
	{ "yes", WHEN_ALWAYS, NULL },
	{ NULL, 0, NULL },
};
static const struct choice childless_choices[] = {
	{ "accept", CHILDLESS_ACCEPT, NULL },
	{ "never", CHILDLESS_NEVER, NULL },
	{ "prefer", CHILDLESS_PREFER, NULL },
	{ NULL, 0, NULL },
};
static const struct choice ddos_choices[] = {
	{ "auto", DDOS_AUTO, NULL },
	{ "busy", DDOS_BUSY, NULL },
	{ "unlimited", DDOS_UNLIMITED, NULL },
	{ NULL, 0, NULL },
};

#define ACTS(name, place, set, offset, choices, expected, fallback, meaning)                    \
	{                                                                                       \
		name, place, WORD_ACTS, set, offset, choices, expected, fallback, meaning, NULL \
	}
#define IDLE(name, place, meaning)                                                     \
	{                                                                              \
		name, place, WORD_IDLE, NULL, 0, &no_choice, NULL, NULL, meaning, NULL \
	}
#define REFUSED(name, place, harmless, why)                                               \
	{                                                                                 \
		name, place, WORD_REFUSED, NULL, 0, &no_choice, NULL, NULL, why, harmless \
	}
#define OBSOLETE(name, place)                                                                 \
	{                                                                                     \
		name, place, WORD_OBSOLETE, NULL, 0, &no_choice, NULL, NULL, "obsolete", NULL \
	}

const struct word_row word_table[] = {
	/* config setup: what acts */
	ACTS("logfile", PLACE_SETUP, set_text, SETUP(logfile), NULL, "a path", "standard error",
	     "Where the log goes."),
	ACTS("listen", PLACE_SETUP, set_text, SETUP(listen), NULL, "an address", "all addresses",
	     "The only address on which IKE is spoken."),
	ACTS("nssdir", PLACE_SETUP, set_text, SETUP(nssdir), NULL, "a folder", "/var/lib/ipsec/nss",
	     "The folder of the NSS database with our private keys."),
	ACTS("dnssec-anchors", PLACE_SETUP, set_text, SETUP(dnssec_anchors), NULL, "a path",
	     "/usr/share/dns/root.key", "The file with the trust anchors of DNSSEC."),
	ACTS("dnssec-enable", PLACE_SETUP, set_bool, SETUP(dnssec_enable), NULL, YESNO, "yes",
	     "Whether answers of DNS are validated. Without it no answer counts as secure."),
	ACTS("uniqueids", PLACE_SETUP, set_bool, SETUP(unique_ids), NULL, YESNO, "yes",
	     "Whether a peer's new connection replaces its older one."),
	ACTS("dns-forwarders", PLACE_SETUP, set_forwarders, 0, NULL, "up to four addresses",
	     "those of /etc/resolv.conf", "The resolvers that are asked."),
	ACTS("oe-dns-timeout", PLACE_SETUP, set_two_seconds, SETUP(oe_dns_timeout_permissive), NULL, TIME,
	     "5s, and 15s for private", "How long an opportunistic attempt waits for DNS."),
	ACTS("oe-ike-timeout", PLACE_SETUP, set_two_seconds, SETUP(oe_ike_timeout_permissive), NULL, TIME,
	     "4s, and 30s for private", "How long an opportunistic attempt waits for each gateway."),
	ACTS("oe-short-timeout", PLACE_SETUP, set_seconds, SETUP(oe_short_timeout), NULL, TIME, "60s",
	     "How long a decision lasts after silence. Repeated silence doubles it, up to ten minutes."),
	ACTS("oe-normal-timeout", PLACE_SETUP, set_seconds, SETUP(oe_normal_timeout), NULL, TIME, "15m",
	     "How long a decision lasts after an answer, never longer than the record that justified it."),
	ACTS("oe-initial-lifespan", PLACE_SETUP, set_seconds, SETUP(oe_initial_lifespan), NULL, TIME, "60s",
	     "When a new pair is first looked at to see whether it is used."),
	ACTS("oe-lifespan", PLACE_SETUP, set_seconds, SETUP(oe_lifespan), NULL, TIME, "20m",
	     "How often a pair is looked at later."),
	ACTS("stop-deadline", PLACE_SETUP, set_seconds, SETUP(stop_deadline), NULL, TIME, "5s",
	     "How long a clean stop waits for peers to answer our deletes."),

	ACTS("keep-alive", PLACE_SETUP, set_seconds, SETUP(keep_alive), NULL, TIME, "20s",
	     "How often the side behind a NAT sends an octet that keeps its mapping alive."),
	ACTS("ike-quiet", PLACE_SETUP, set_seconds, SETUP(ike_quiet), NULL, TIME, "30m",
	     "When an IKE SA that has no IPsec SA is closed."),
	ACTS("ddos-mode", PLACE_SETUP, set_choice, SETUP(ddos_mode), ddos_choices, NULL, "auto",
	     "Whether strangers must show that they receive at their address: from a threshold on (auto), "
	     "always "
	     "(busy) or never (unlimited)."),
	ACTS("ddos-ike-threshold", PLACE_SETUP, set_half_open, SETUP(ddos_threshold), NULL,
	     "a number from 1 to 100000", "64", "The half-open IKE SAs from which strangers must show it."),
	ACTS("max-halfopen-ike", PLACE_SETUP, set_half_open, SETUP(max_half_open), NULL,
	     "a number from 1 to 100000", "4096",
	     "The half-open IKE SAs that there can be; at that many the stalest makes room for the next."),

	/* conn: the ends */
	ACTS("", PLACE_END, set_host, 0, NULL,
	     "an address, %any, %defaultroute, %group or %opportunisticgroup", NULL,
	     "The address of this end. Which end we are is decided by our own addresses."),
	ACTS("id", PLACE_END, set_id, 0, NULL, "an address, @name, user@host, @#hex or %null",
	     "the end's address", "How this end names itself."),
	ACTS("subnet", PLACE_END, set_subnet, 0, NULL, "a subnet like 192.0.2.0/24", "the end itself",
	     "The addresses behind this end that the connection is for."),
	ACTS("protoport", PLACE_END, set_protoport, 0, NULL, "a protocol, or protocol/port like udp/6081",
	     "all",
	     "Restricts the connection to a protocol and a port of this end. For ICMP the port is type times "
	     "256 plus "
	     "code."),
	ACTS("auth", PLACE_END, set_auth, 0, NULL, "secret, null, rsasig, rsa-sha2, ecdsa or never",
	     "as authby", "How this end proves who it is."),
	ACTS("rsasigkey", PLACE_END, set_rsa_key, 0, NULL, "0s and base64 (RFC 3110), %dnsondemand or %none",
	     NULL, "The RSA public key of this end."),
	ACTS("ecdsakey", PLACE_END, set_public_key, 0, NULL, "0s and base64", NULL,
	     "The ECDSA P-256 public key of this end."),
	ACTS("pubkey", PLACE_END, set_public_key, 0, NULL, "base64 of a SubjectPublicKeyInfo", NULL,
	     "The public key of this end, as in a PEM file."),
	ACTS("ckaid", PLACE_END, set_ckaid, 0, NULL, "40 hexadecimal digits", NULL,
	     "Which private key of the NSS database is ours."),
	ACTS("ikeport", PLACE_END, set_ike_port, 0, NULL, "a port from 1 to 65535", "500",
	     "The UDP port of IKE at this end."),

	/* conn: what acts */
	ACTS("authby", PLACE_CONN, set_authby, 0, NULL,
	     "secret, null, rsasig, rsa-sha2, ecdsa or never, or several in order of preference",
	     "by the public keys that are given, else rsasig", "How both ends prove who they are."),
	ACTS("ike", PLACE_CONN, set_ike, 0, NULL, "proposals like aes_gcm256-sha2_256-dh31",
	     "AES-GCM-256, ChaCha20-Poly1305, AES-CBC-256; SHA2-512, SHA2-256; dh31, dh19, dh14",
	     "What is acceptable for IKE."),
	ACTS("esp", PLACE_CONN, set_esp, 0, NULL, "proposals like aes_gcm256 or aes256-sha2_256",
	     "aes_gcm256, aes_gcm128, chacha20_poly1305, aes256-sha2_256", "What is acceptable for ESP."),
	ACTS("type", PLACE_CONN, set_type, 0, type_choices, NULL, "tunnel", "What happens to the packets."),
	ACTS("auto", PLACE_CONN, set_auto, 0, auto_choices, NULL, "ignore",
	     "What is done at start: nothing, accept it (add), wait for a packet (ondemand), or begin "
	     "(start)."),
	ACTS("keyingtries", PLACE_CONN, set_keyingtries, 0, NULL, "a number or %forever", "%forever",
	     "How many attempts are made; 0 is for ever."),
	ACTS("retransmit-interval", PLACE_CONN, set_milliseconds, CONN(retransmit_interval), NULL, TIME,
	     "500ms",
	     "When a request is first sent again; the interval then doubles. A bare number is milliseconds."),
	ACTS("retransmit-timeout", PLACE_CONN, set_seconds, CONN(retransmit_timeout), NULL, TIME, "60s",
	     "When a request without an answer is given up."),
	ACTS("ikelifetime", PLACE_CONN, set_seconds, CONN(ike_lifetime), NULL, TIME, "8h",
	     "How long an IKE SA lives."),
	ACTS("salifetime", PLACE_CONN, set_seconds, CONN(sa_lifetime), NULL, TIME, "8h",
	     "How long an IPsec SA lives."),
	ACTS("rekey", PLACE_CONN, set_bool, CONN(rekey), NULL, YESNO, "yes",
	     "Whether we renew SAs before their life ends. The peer may do so all the same."),
	ACTS("reauth", PLACE_CONN, set_bool, CONN(reauth), NULL, YESNO, "no",
	     "Whether an IKE SA is renewed by a whole new handshake, made before the old one is broken."),
	ACTS("rekeymargin", PLACE_CONN, set_seconds, CONN(rekey_margin), NULL, TIME, "9m",
	     "How long before its end the renewal of an SA begins; at most half its life."),
	ACTS("rekeyfuzz", PLACE_CONN, set_fuzz, CONN(rekey_fuzz), NULL, "a percentage like 100%", "100%",
	     "By how much the margin is enlarged at random, so that SAs are not all renewed at once."),
	ACTS("ipsec-max-bytes", PLACE_CONN, set_bytes, CONN(sa_max_bytes), NULL,
	     "a number of octets like 64G, at least 64k; 0 for no limit", "no limit",
	     "How many octets an IPsec SA protects at most; it is renewed before."),
	ACTS("ipsec-max-packets", PLACE_CONN, set_packets, CONN(sa_max_packets), NULL,
	     "a number of packets like 4G, at least 1000; 0 for no limit", "no limit",
	     "How many packets an IPsec SA protects at most; it is renewed before."),
	ACTS("pfs", PLACE_CONN, set_choice, CONN(pfs), pfs_choices, NULL, "yes",
	     "Whether IPsec SAs after the first get a key exchange of their own: offered and preferred "
	     "(yes), never "
	     "(no), or nothing else taken (insist)."),
	ACTS("fragmentation", PLACE_CONN, set_choice, CONN(fragmentation), fragmentation_choices, NULL, "yes",
	     "Whether large IKE messages are sent in fragments; force makes them small from the first."),
	ACTS("fragment-size", PLACE_CONN, set_datagram, CONN(fragment_size), NULL,
	     "octets of an IP datagram, 256 to 65535", "1280",
	     "The largest datagram that bears a fragment of an IKE message."),
	ACTS("encapsulation", PLACE_CONN, set_choice, CONN(encapsulation), encapsulation_choices, NULL,
	     "auto", "Whether ESP goes in UDP: when there is a NAT (auto), always (yes) or never (no)."),
	ACTS("nat-keepalive", PLACE_CONN, set_bool, CONN(nat_keepalive), NULL, YESNO, "yes",
	     "Whether the side behind a NAT keeps its mapping alive."),
	ACTS("initial-contact", PLACE_CONN, set_bool, CONN(initial_contact), NULL, YESNO, "yes",
	     "Whether the first IKE SA to a peer tells it to forget all older ones."),
	ACTS("childless", PLACE_CONN, set_choice, CONN(childless), childless_choices, NULL, "accept",
	     "Whether an IKE SA may begin without an IPsec SA (RFC 6023): when the peer wants it (accept), "
	     "never, or "
	     "whenever the peer can (prefer)."),
	ACTS("dpddelay", PLACE_CONN, set_liveness, CONN(liveness), NULL, TIME ", or 0", "30s",
	     "After how long a silence to what we send the peer is asked for a sign of life; 0 never."),
	ACTS("negotiationshunt", PLACE_CONN, set_choice, CONN(negotiation_shunt), negotiation_choices, NULL,
	     "hold", "What happens to packets while keys are negotiated."),
	ACTS("failureshunt", PLACE_CONN, set_failure_shunt, 0, failure_choices, NULL,
	     "none, or as the group's class says", "What happens to packets when the negotiation failed."),
	ACTS("hostaddrfamily", PLACE_CONN, set_family, 0, family_choices, NULL, "that of the addresses",
	     "Which family %any and %defaultroute mean."),
	ACTS("keyexchange", PLACE_CONN, set_nothing, 0, version_choices, NULL, "ikev2",
	     "The version of IKE."),
	ACTS("phase2", PLACE_CONN, set_nothing, 0, phase2_choices, NULL, "esp",
	     "The protocol of the packets."),

	/* conn: what would weaken the connection if it were ignored */
	REFUSED("cert", PLACE_END, "", CERTIFICATES),
	REFUSED("autheap", PLACE_END, "none", "EAP is not supported"),
	REFUSED("eddsakey", PLACE_END, "", "EdDSA keys are not supported yet"),
	REFUSED("vti", PLACE_END, "", INTERFACES),
	REFUSED("interface-ip", PLACE_END, "", INTERFACES),
	REFUSED("xauthserver", PLACE_END, "no", IKEV1),
	REFUSED("xauthclient", PLACE_END, "no", IKEV1),
	REFUSED("groundhog", PLACE_END, "no", CERTIFICATES),
	REFUSED("subnets", PLACE_END, "",
		"several subnets in one connection are not supported yet: write a conn for each"),
	REFUSED("ah", PLACE_CONN, "", "AH does not encrypt and is not supported: use esp"),
	REFUSED("ppk", PLACE_CONN, "no never", "post-quantum preshared keys are not supported yet"),
	REFUSED("ppk-ids", PLACE_CONN, "", "post-quantum preshared keys are not supported yet"),
	REFUSED("sec-label", PLACE_CONN, "", "security labels are not supported"),
	REFUSED("mark", PLACE_CONN, "", INTERFACES),
	REFUSED("mark-in", PLACE_CONN, "", INTERFACES),
	REFUSED("mark-out", PLACE_CONN, "", INTERFACES),
	REFUSED("vti-interface", PLACE_CONN, "", INTERFACES),
	REFUSED("vti-routing", PLACE_CONN, "no", INTERFACES),
	REFUSED("vti-shared", PLACE_CONN, "no", INTERFACES),
	REFUSED("ipsec-interface", PLACE_CONN, "no", INTERFACES),
	REFUSED("pam-authorize", PLACE_CONN, "no", "PAM is not asked"),
	REFUSED("dns-match-id", PLACE_CONN, "no", "names are not checked against DNS yet"),
	REFUSED("aggressive", PLACE_CONN, "no", IKEV1),
	REFUSED("sha2-truncbug", PLACE_CONN, "no", "truncated SHA2-256 is not supported"),
	REFUSED("iptfs", PLACE_CONN, "no", "IP-TFS is not supported"),
	REFUSED("tfc", PLACE_CONN, "0", "padding against traffic analysis is not supported yet"),
	REFUSED("drop-oppo-null", PLACE_SETUP, "no", "leave out authby=null instead"),
	REFUSED("ikev1-policy", PLACE_SETUP, "drop reject", IKEV1),

	/* conn: known, without effect */
	IDLE("sourceip", PLACE_END, "the source address of tunnelled packets"),
	IDLE("nexthop", PLACE_END, "the gateway towards the peer"),
	IDLE("updown", PLACE_END, "a script at every change"),
	IDLE("updown-config", PLACE_END, "how the script is called"),
	IDLE("sendcert", PLACE_END, "whether a certificate is sent"),
	IDLE("ca", PLACE_END, "whose certificates are accepted"),
	IDLE("modecfgserver", PLACE_END, "giving out addresses"),
	IDLE("modecfgclient", PLACE_END, "asking for an address"),
	IDLE("username", PLACE_END, "the name for XAUTH"),
	IDLE("addresspool", PLACE_END, "addresses to give out"),
	IDLE("cat", PLACE_END, "translating the client's address"),
	IDLE("debug", PLACE_CONN, "debugging one connection"),
	IDLE("connalias", PLACE_CONN, "a name for several connections"),
	IDLE("intermediate", PLACE_CONN, "the IKE_INTERMEDIATE exchange"),
	IDLE("esn", PLACE_CONN, "extended sequence numbers"),
	IDLE("decap-dscp", PLACE_CONN, "copying DSCP inwards"),
	IDLE("encap-dscp", PLACE_CONN, "copying DSCP outwards"),
	IDLE("nopmtudisc", PLACE_CONN, "path MTU discovery"),
	IDLE("mobike", PLACE_CONN, "MOBIKE"),
	IDLE("narrowing", PLACE_CONN, "narrowing of selectors"),
	IDLE("send-redirect", PLACE_CONN, "redirecting peers"),
	IDLE("redirect-to", PLACE_CONN, "where peers are redirected to"),
	IDLE("accept-redirect", PLACE_CONN, "following a redirect; none is followed"),
	IDLE("accept-redirect-to", PLACE_CONN, "which redirects are followed; none is"),
	IDLE("session-resumption", PLACE_CONN, "resuming sessions"),
	IDLE("send-supported-auth-methods", PLACE_CONN, "announcing methods"),
	IDLE("send-esp-tfc-padding-not-supported", PLACE_CONN, "a notice on padding"),
	IDLE("reject-simultaneous-ike-auth", PLACE_CONN, "colliding connections"),
	IDLE("iptfs-fragmentation", PLACE_CONN, "IP-TFS"),
	IDLE("iptfs-packet-size", PLACE_CONN, "IP-TFS"),
	IDLE("iptfs-max-queue-size", PLACE_CONN, "IP-TFS"),
	IDLE("iptfs-reorder-window", PLACE_CONN, "IP-TFS"),
	IDLE("iptfs-init-delay", PLACE_CONN, "IP-TFS"),
	IDLE("iptfs-drop-time", PLACE_CONN, "IP-TFS"),
	IDLE("fake-strongswan", PLACE_CONN, "another's vendor ID"),
	IDLE("send-vendorid", PLACE_CONN, "our vendor ID"),
	IDLE("share-lease", PLACE_CONN, "sharing of addresses"),
	IDLE("ms-dh-downgrade", PLACE_CONN, "weaker groups for old clients; never done"),
	IDLE("pfs-rekey-workaround", PLACE_CONN, "a fault of other implementations"),
	IDLE("require-id-on-certificate", PLACE_CONN, "names in certificates"),
	IDLE("ikepad", PLACE_CONN, "padding of IKE messages"),
	IDLE("nat-ikev1-method", PLACE_CONN, IKEV1),
	IDLE("remote-peer-type", PLACE_CONN, IKEV1),
	IDLE("nm-configured", PLACE_CONN, "set by NetworkManager"),
	IDLE("cisco-unity", PLACE_CONN, IKEV1),
	IDLE("cisco-split", PLACE_CONN, IKEV1),
	IDLE("xauthby", PLACE_CONN, IKEV1),
	IDLE("xauthfail", PLACE_CONN, IKEV1),
	IDLE("modecfgpull", PLACE_CONN, IKEV1),
	IDLE("modecfgdns", PLACE_CONN, "resolvers for clients"),
	IDLE("modecfgdomains", PLACE_CONN, "domains for clients"),
	IDLE("modecfgbanner", PLACE_CONN, "a greeting for clients"),
	IDLE("ignore-peer-dns", PLACE_CONN, "resolvers from the peer; none is taken"),
	IDLE("clones", PLACE_CONN, "parallel SAs"),
	IDLE("nic-offload", PLACE_CONN, "encryption by the network card"),
	IDLE("overlapip", PLACE_CONN, "overlapping subnets"),
	IDLE("replay-window", PLACE_CONN, "the size of the replay window; ours is always on"),
	IDLE("enable-tcp", PLACE_CONN, "IKE and ESP over TCP"),
	IDLE("tcp-remoteport", PLACE_CONN, "IKE and ESP over TCP"),
	IDLE("compress", PLACE_CONN, "compression; never used"),
	IDLE("metric", PLACE_CONN, "the metric of routes"),
	IDLE("dpdtimeout", PLACE_CONN, IKEV1),
	IDLE("sendca", PLACE_CONN, "sending certificates of authorities"),
	IDLE("mtu", PLACE_CONN, "the MTU of routes"),
	IDLE("priority", PLACE_CONN, "the priority of policies"),
	IDLE("reqid", PLACE_CONN, "the reqid; ours are given out by the daemon"),
	IDLE("nflog-group", PLACE_CONN, "logging of packets"),
	OBSOLETE("dpdaction", PLACE_CONN),
	OBSOLETE("clientaddrfamily", PLACE_CONN),

	/* config setup: known, without effect */
	IDLE("curl-iface", PLACE_SETUP, "fetching of revocation lists"),
	IDLE("myvendorid", PLACE_SETUP, "the vendor ID"),
	IDLE("plutodebug", PLACE_SETUP, "debugging; see --log-level of cygnetd(8)"),
	IDLE("loglimit", PLACE_SETUP, "a limit of log lines"),
	IDLE("logtime", PLACE_SETUP, "times in the log"),
	IDLE("logappend", PLACE_SETUP, "appending to the log file; always done"),
	IDLE("logip", PLACE_SETUP, "addresses in the log"),
	IDLE("audit-log", PLACE_SETUP, "the kernel's audit log"),
	IDLE("dumpdir", PLACE_SETUP, "where core files go"),
	IDLE("ipsecdir", PLACE_SETUP, "the folder of more files; see cygnetd(8)"),
	IDLE("exampledir", PLACE_SETUP, "a folder of examples"),
	IDLE("rundir", PLACE_SETUP, "see --rundir of cygnetd(8)"),
	IDLE("logstderr", PLACE_SETUP, "see --foreground of cygnetd(8)"),
	IDLE("secretsfile", PLACE_SETUP, "see --secrets of cygnetd(8)"),
	IDLE("statsbin", PLACE_SETUP, "a program for statistics"),
	IDLE("shuntlifetime", PLACE_SETUP, "see oe-normal-timeout"),
	IDLE("global-redirect", PLACE_SETUP, "redirecting peers"),
	IDLE("global-redirect-to", PLACE_SETUP, "redirecting peers"),
	IDLE("crl-strict", PLACE_SETUP, CERTIFICATES),
	IDLE("crlcheckinterval", PLACE_SETUP, CERTIFICATES),
	IDLE("crl-timeout", PLACE_SETUP, CERTIFICATES),
	IDLE("ocsp-strict", PLACE_SETUP, CERTIFICATES),
	IDLE("ocsp-enable", PLACE_SETUP, CERTIFICATES),
	IDLE("ocsp-uri", PLACE_SETUP, CERTIFICATES),
	IDLE("ocsp-timeout", PLACE_SETUP, CERTIFICATES),
	IDLE("ocsp-trustname", PLACE_SETUP, CERTIFICATES),
	IDLE("ocsp-cache-size", PLACE_SETUP, CERTIFICATES),
	IDLE("ocsp-cache-min-age", PLACE_SETUP, CERTIFICATES),
	IDLE("ocsp-cache-max-age", PLACE_SETUP, CERTIFICATES),
	IDLE("ocsp-method", PLACE_SETUP, CERTIFICATES),
	IDLE("seccomp", PLACE_SETUP, "filtering of system calls"),
	IDLE("ike-socket-bufsize", PLACE_SETUP, "the size of socket buffers"),
	IDLE("ike-socket-errqueue", PLACE_SETUP, "errors told by ICMP"),
	IDLE("expire-lifetime", PLACE_SETUP, "how long the kernel waits for keys"),
	IDLE("virtual-private", PLACE_SETUP, "subnets of clients behind NAT"),
	IDLE("seeddev", PLACE_SETUP, "a source of randomness"),
	IDLE("seedbits", PLACE_SETUP, "an amount of randomness"),
	IDLE("listen-tcp", PLACE_SETUP, "IKE over TCP"),
	IDLE("listen-udp", PLACE_SETUP, "IKE over UDP; always spoken"),
	IDLE("protostack", PLACE_SETUP, "the interface to the kernel"),
	IDLE("nhelpers", PLACE_SETUP, "how many threads compute"),
	IDLE("expire-shunt-interval", PLACE_SETUP,
	     "how often decisions are swept; each has its own timer here"),
	IDLE("dns-resolver", PLACE_SETUP, "see dns-forwarders"),
	IDLE("ipsec-interface-managed", PLACE_SETUP, "interfaces for IPsec"),
	IDLE("nflog-all", PLACE_SETUP, "logging of packets"),
	OBSOLETE("syslog", PLACE_SETUP),
	OBSOLETE("plutostderrlog", PLACE_SETUP),
	OBSOLETE("interfaces", PLACE_SETUP),
	OBSOLETE("ikev1-secctx-attr-type", PLACE_SETUP),
	OBSOLETE("secctx-attr-type", PLACE_SETUP),
};
const size_t word_count = ARRAY_LENGTH(word_table);
