/*
 * What DNS says of a destination: TXT X-IPsec-Server delegations and IPSECKEY records read with strict
 * grammars, weighed against each other, and made into one gateway with its keys (docs/opportunistic.md).
 */
#ifndef CYGNET_OE_RECORDS_H
#define CYGNET_OE_RECORDS_H

#include "address.h"
#include "crypto.h"
#include "dns.h"
#include "public_key.h"
#include "table.h"

enum gateway_kind {
	GATEWAY_SELF, /* the owner of the name is its own gateway */
	GATEWAY_ADDRESS,
	GATEWAY_NAME, /* a name: cannot be connected to without another look-up */
};

struct delegation {
	unsigned precedence;
	enum gateway_kind gateway;
	struct address address;
	struct public_key key; /* KEY_NONE: the record has none */
};

enum record_verdict {
	RECORD_GOOD,
	RECORD_NOT_OURS, /* a TXT that speaks of something else */
	RECORD_MALFORMED, /* *why says how */
};

/* Reads one record's data. On RECORD_GOOD the caller owns d->key. */
enum record_verdict record_read_txt(struct bytes rdata, struct delegation *d, const char **why);
enum record_verdict record_read_ipseckey(struct bytes rdata, struct delegation *d, const char **why);

/* Gateways that were tried in vain: none of them is chosen again. */
struct gateways {
	struct address at[LIMIT_GATEWAYS];
	size_t count;
};

struct finding {
	enum flow_event event; /* E03 or E04 with gateway and keys, or what else it is */
	struct address gateway;
	struct public_key keys[LIMIT_DNS_RECORDS]; /* owned */
	size_t key_count;
	bool needs_key; /* the chosen gateway's key stands in its own records: they are to be asked for */
	enum key_level level;
	enum dns_type source; /* which set was used */
	msec ttl;
	char remark[160]; /* for explain: what is odd, or empty */
};

/*
 * Weighs both answers (either may be NULL: not there in time) for a destination. Secure beats insecure; with equal
 * security IPSECKEY beats TXT; sets are never mixed. local: our address, which cannot be the gateway.
 * chance: any random number, chooses among gateways of equal precedence. tried: NULL for none; when nothing else is left
 * the event is E12_KEY_ABSENT. What f held is not freed.
 */
void finding_make(const struct dns_answer *ipseckey, const struct dns_answer *txt,
		  const struct address *local, const struct address *destination, uint32_t chance,
		  const struct gateways *tried, struct finding *f);
/*
 * The keys of a gateway that was named without one, from its own records (either answer may be NULL): f takes them, and the
 * lower of both levels, the shorter of both times. The event: E12_KEY_FOUND, E12_KEY_ABSENT, or what is wrong.
 */
enum flow_event finding_add_keys(struct finding *f, const struct dns_answer *ipseckey,
				 const struct dns_answer *txt, const struct address *local);
void finding_discard(struct finding *f);

/* The reverse name of an address: in-addr.arpa or ip6.arpa. */
void reverse_name(const struct address *address, char name[DNS_NAME_TEXT]);

#endif
