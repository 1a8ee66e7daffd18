/*
 * The plan: what the operator configured, as plain data. lib/plan makes it from the texts of
 * ipsec.conf, ipsec.secrets and the group files (reading files is the daemon's work); the core reads it.
 *
 * A plan is immutable once made. The node owns the plan in force; everybody else keeps a connection's
 * number (serial) and looks it up, because a reload replaces the plan under them. A connection that is
 * unchanged by a reload keeps its serial.
 */
#ifndef CYGNET_PLAN_H
#define CYGNET_PLAN_H

#include "address.h"
#include "algorithms.h"
#include "identity.h"
#include "instant.h"
#include "kernel.h"
#include "limits.h"
#include "public_key.h"

enum auth_method {
	AUTH_DEFAULT = 0, /* leftauth/rightauth not given: authby decides */
	AUTH_NEVER, /* no IKE: type=passthrough, drop */
	AUTH_NULL, /* RFC 7619 */
	AUTH_SECRET, /* shared key */
	AUTH_RSA, /* RFC 7427 with an RSA key: PSS preferred */
	AUTH_RSA_PKCS1, /* RFC 7427 with RSASSA-PKCS1-v1_5 (authby=rsa-sha1 is refused; rsasig offers both) */
	AUTH_ECDSA, /* RFC 7427 with a P-256 key */
};

enum host_kind {
	HOST_NONE = 0,
	HOST_ADDRESS,
	HOST_ANY, /* %any: whoever comes */
	HOST_DEFAULTROUTE, /* %defaultroute: our address towards the default route */
	HOST_GROUP, /* %group */
	HOST_OPPORTUNISTICGROUP, /* %opportunisticgroup */
};

/* Where a public key of an end comes from. */
enum key_source {
	KEY_SOURCE_NONE = 0,
	KEY_SOURCE_CONFIGURED, /* leftrsasigkey, leftecdsakey, leftpubkey */
	KEY_SOURCE_DNS, /* leftrsasigkey=%dnsondemand (or %dns), or an opportunistic group without a key */
};

/* One end of a connection. */
struct end {
	enum host_kind host;
	struct address address; /* HOST_ADDRESS */
	struct identity id; /* type 0: not given (the address then) */
	bool has_client; /* leftsubnet was given */
	struct selector
		client; /* leftsubnet with leftprotoport; without leftsubnet only protocol and ports count */
	enum auth_method auth;
	enum key_source key_source;
	struct public_key key;
	bool has_ckaid;
	uint8_t ckaid[CKAID_OCTETS]; /* leftckaid */
	uint16_t ikeport; /* 500 when not given */
};

enum conn_type {
	CONN_TUNNEL,
	CONN_TRANSPORT,
	CONN_PASSTHROUGH,
	CONN_DROP,
};

enum conn_auto {
	AUTO_IGNORE,
	AUTO_ADD,
	AUTO_ROUTE, /* ondemand */
	AUTO_START,
};

/* What an opportunistic group does (oe). For a group the name of the connection says it. */
enum group_class {
	CLASS_NONE = 0, /* not a group */
	CLASS_CLEAR,
	CLASS_CLEAR_OR_PRIVATE,
	CLASS_PRIVATE_OR_CLEAR,
	CLASS_PRIVATE,
	CLASS_BLOCK,
};

/* negotiationshunt, failureshunt. */
enum shunt {
	SHUNT_DEFAULT = 0, /* as the class says */
	SHUNT_PASS,
	SHUNT_DROP,
	SHUNT_HOLD, /* negotiationshunt only */
};

/* pfs=: whether a rekeyed or added Child SA gets a key exchange of its own (RFC 7296 1.3.1). */
enum pfs {
	PFS_YES = 0, /* offered first; done without where the peer will not */
	PFS_NO,
	PFS_INSIST,
};

/* fragmentation=, encapsulation=: done when both can and it is needed; never; always. */
enum when {
	WHEN_NEEDED = 0,
	WHEN_NEVER,
	WHEN_ALWAYS,
};

/* childless= (RFC 6023) */
enum childless {
	CHILDLESS_ACCEPT = 0, /* as responder, when the peer asks */
	CHILDLESS_NEVER,
	CHILDLESS_PREFER, /* IKE_AUTH without a Child SA where the peer can; children follow by CREATE_CHILD_SA */
};

#define CONN_SUITES 16

struct conn {
	uint32_t serial; /* never 0; the same for an unchanged connection after a reload */
	char *name;
	char *file; /* where its section begins, for messages */
	unsigned line;
	struct end left, right;
	enum conn_type type;
	enum conn_auto start;
	enum group_class group;
	uint8_t family; /* hostaddrfamily: 0, ADDRESS_V4, ADDRESS_V6 */
	struct suite ike[CONN_SUITES], esp[CONN_SUITES]; /* never empty: defaults are filled in */
	size_t ike_count, esp_count;
	unsigned keyingtries; /* 0: for ever */
	msec retransmit_interval, retransmit_timeout;
	msec ike_lifetime, sa_lifetime;
	bool rekey; /* rekey=no: SAs end with their life */
	bool reauth; /* at the end of an IKE SA's life: a new handshake instead of a rekey, make before break */
	msec rekey_margin; /* rekeymargin: how long before the end rekeying begins */
	unsigned rekey_fuzz; /* rekeyfuzz: percent by which the margin is enlarged at random */
	uint64_t sa_max_bytes, sa_max_packets; /* ipsec-max-bytes, ipsec-max-packets; 0: no limit */
	enum pfs pfs;
	enum when fragmentation;
	uint16_t fragment_size; /* fragment-size: octets of the IP datagram; 0: LIMIT_FRAGMENT_SIZE */
	enum when encapsulation;
	bool nat_keepalive;
	bool initial_contact; /* initial-contact=no: never announced */
	enum childless childless;
	msec liveness; /* dpddelay: interval of proof of life; 0: LIMIT_LIVENESS; MSEC_NEVER: none */
	enum shunt negotiation_shunt, failure_shunt;
	enum auth_method authby; /* as written; the ends hold what counts */
	uint32_t reqid; /* one a connection, by its name: the same after a restart (KERNEL_REQID_FIRST ..) */
};

/* One line of a group file: destinations of a class. */
struct group_entry {
	struct prefix prefix;
	uint8_t protocol; /* 0: any */
	uint16_t source_port, destination_port; /* 0: any */
	uint32_t conn; /* serial of the group's connection */
	enum group_class group;
	char *file; /* for explain: "why" */
	unsigned line;
};

/* One entry of ipsec.secrets: the identities it is for (none: for all), and the secret. */
struct secret {
	struct identity *ids;
	bool *any; /* ids[i] is %any */
	size_t count;
	struct blob value; /* wiped at discard */
	char *file;
	unsigned line;
};

/* config setup */
struct setup {
	char *logfile, *nssdir, *dnssec_anchors, *listen; /* NULL when not given */
	bool dnssec_enable; /* default yes */
	bool unique_ids; /* default yes */
	struct address forwarders[4]; /* dns-forwarders: resolver addresses; none: /etc/resolv.conf */
	size_t forwarder_count;
	/* the oe-* timers, all with the defaults of docs/opportunistic.md */
	msec oe_dns_timeout_permissive, oe_dns_timeout_paranoid;
	msec oe_ike_timeout_permissive, oe_ike_timeout_paranoid;
	msec oe_short_timeout, oe_normal_timeout, oe_initial_lifespan, oe_lifespan;
	msec stop_deadline;
	msec keep_alive; /* keep-alive: interval of NAT keepalives */
	msec ike_quiet; /* ike-quiet: an IKE SA without children is closed after it */
	enum ddos_mode {
		DDOS_AUTO = 0, /* cookies from ddos_threshold on */
		DDOS_BUSY, /* always */
		DDOS_UNLIMITED, /* never */
	} ddos_mode;
	unsigned ddos_threshold; /* ddos-ike-threshold: half-open IKE SAs from which cookies are asked for */
	unsigned max_half_open; /* max-halfopen-ike: half-open IKE SAs at which all strangers are refused */
};

struct plan {
	struct setup setup;
	struct conn *conns;
	size_t conn_count;
	struct group_entry *groups;
	size_t group_count;
	struct secret *secrets;
	size_t secret_count;
	struct plan_source *sources; /* the texts it was made from, so that a trace can hold them */
	size_t source_count;
	uint32_t next_serial; /* the serial that the next new connection gets: none is used again soon */
	uint32_t *by_name, *by_serial, *by_reqid; /* places in conns, sorted: for the look-ups alone */
};

/* One text of the configuration, under the name by which files refer to it. */
struct plan_source {
	char *name; /* "/etc/ipsec.conf", "/etc/ipsec.d/policies/private" */
	char *text;
	size_t len;
	enum plan_source_kind {
		SOURCE_CONFIG, /* ipsec.conf or an included file */
		SOURCE_SECRETS, /* ipsec.secrets or an included file */
		SOURCE_GROUP, /* a policies/ file: its name's last part is the group */
	} kind;
};

/* What is wrong (or odd), and where: file, line, column, word, what was expected, nearest spelling. */
struct plan_problem {
	char file[256];
	unsigned line, column;
	char word[64];
	char what[256]; /* what is wrong */
	char expected[160]; /* what was expected, or empty */
	char nearest[64]; /* the nearest spelling that we know, or empty */
	bool warning; /* the plan is usable all the same */
};

#define PLAN_PROBLEMS 64

struct plan_problems {
	struct plan_problem at[PLAN_PROBLEMS];
	size_t count; /* may exceed PLAN_PROBLEMS: only so many were kept */
	size_t errors;
};

/*
 * Which files a text refers to: `include` patterns are for the caller to expand, because lib/ opens no
 * file. The loader gives the texts of the files that match a pattern; it appends to the array that it is
 * handed through plan_loader_add. Missing files are a warning, not an error.
 */
struct plan_loader {
	void *context;
	/* Calls add(sink, name, text, len) for each file that matches pattern (relative to the includer). false: cannot read. */
	bool (*load)(void *context, const char *pattern, const char *includer, void *sink,
		     bool (*add)(void *sink, const char *name, const char *text, size_t len), char why[160]);
};

/* The places that a plan is made from. */
struct plan_places {
	const char *config; /* "/etc/ipsec.conf" */
	const char *secrets; /* "/etc/ipsec.secrets", or NULL for none */
	const char *policies; /* folder: "/etc/ipsec.d/policies", or NULL for none */
};

/*
 * Makes a plan, or returns NULL with problems->errors > 0 (nothing is half applied). previous (or NULL)
 * is the plan in force: unchanged connections keep their serials. The caller owns the plan.
 */
struct plan *plan_make(const struct plan_places *places, const struct plan_loader *loader,
		       const struct plan *previous, struct plan_problems *problems);

/* The same from texts in memory (tests, traces, replays): sources hold everything that can be included. */
struct plan *plan_make_from_sources(const struct plan_source *sources, size_t count,
				    const struct plan_places *places, const struct plan *previous,
				    struct plan_problems *problems);

void plan_discard(struct plan *plan); /* NULL is allowed; secrets are wiped */

/* A copy of a problem as one line: "FILE:LINE:COL: what 'word': expected ...; did you mean 'nearest'?" */
const char *plan_problem_print(const struct plan_problem *problem, char text[640]);

/*
 * Whether the children of two connections may share an IKE SA: the same hosts, names, proofs and IKE proposals, and
 * neither of them a group.
 */
bool plan_conn_same_peer(const struct conn *a, const struct conn *b);

/* Look-ups; NULL when there is none. Lend: valid while the plan is. */
const struct conn *plan_conn(const struct plan *plan, uint32_t serial);
const struct conn *plan_conn_by_name(const struct plan *plan, const char *name);
const struct conn *plan_conn_by_reqid(const struct plan *plan, uint32_t reqid);

/*
 * The shared secret for two identities (RFC 7296 2.15; ipsec.secrets(5): the entry that names both wins
 * over one that names one, that over one with %any or none). NULL when there is none. Lends.
 */
const struct secret *plan_secret(const struct plan *plan, const struct identity *local,
				 const struct identity *remote);

/* The entry of the longest match for a destination over all groups; at equal length the safer class. NULL: none. */
const struct group_entry *plan_group(const struct plan *plan, const struct address *destination);

/*
 * Which end we are: the local addresses decide (default_v4 and default_v6, of the default routes, stand
 * for %defaultroute). Fills *local and *remote with views into conn and *address with our address where it
 * is known (HOST_ANY on our side: none). false when neither end, or each end, is ours.
 */
MUST_USE bool conn_orient(const struct conn *conn, const struct address *addresses, size_t count,
			  const struct address *default_v4, const struct address *default_v6,
			  const struct end **local, const struct end **remote, struct address *address);

/* What lies behind an end: its subnet, or the host at that address; with its protocol and ports. */
struct selector end_selector(const struct end *end, const struct address *host);

const char *auth_method_name(enum auth_method method); /* "null", "secret", "rsa" ... */
const char *group_class_name(enum group_class group); /* "private-or-clear" ... */

/* The keyword table as man page text (roff), for `make man` and its check. Appends to a malloc'ed string. */
char *plan_man_page(void);

#endif
