/*
 * The one table of keywords: parser, checker and manual page come from it. Names are libreswan's where
 * libreswan has the keyword; those that begin with oe-, and a few of setup, are ours.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "inside.h"

static const struct word_value types[] = { { "tunnel", CONN_TUNNEL },
					   { "transport", CONN_TRANSPORT },
					   { "passthrough", CONN_PASSTHROUGH },
					   { "pass", CONN_PASSTHROUGH },
					   { "drop", CONN_DROP },
					   { NULL, 0 } };
static const struct word_value autos[] = { { "ignore", AUTO_IGNORE }, { "add", AUTO_ADD },     { "route", AUTO_ROUTE },
					   { "ondemand", AUTO_ROUTE }, { "start", AUTO_START }, { "up", AUTO_START },
					   { "keep", AUTO_START },     { NULL, 0 } };
static const struct word_value shunts[] = { { "none", SHUNT_DEFAULT },	{ "passthrough", SHUNT_PASS },
					    { "drop", SHUNT_DROP },	{ "hold", SHUNT_HOLD },
					    { "reject", SHUNT_DROP },	{ NULL, 0 } };
static const struct word_value families[] = {
	{ "ipv4", ADDRESS_V4 }, { "inet", ADDRESS_V4 }, { "ipv6", ADDRESS_V6 }, { "inet6", ADDRESS_V6 }, { NULL, 0 }
};
static const struct word_value versions[] = { { "ikev2", 2 }, { "ike", 2 },    { "insist", 2 },
					      { "yes", 2 },   { "propose", 2 }, { NULL, 0 } };

#define CONN(f) offsetof(struct conn, f)
#define END(f) offsetof(struct end, f)
#define SETUP(f) offsetof(struct setup, f)

const struct keyword keywords[] = {
	{ "left", "conn", false, VALUE_HOST, 0, NULL, "", "address of the left end: an address, %any, %defaultroute, %group or %opportunisticgroup" },
	{ "right", "conn", false, VALUE_HOST, 0, NULL, "", "address of the right end" },
	{ "id", "conn", true, VALUE_ID, END(id), NULL, "the address", "identity of the end: an address, @name, user@host, @#hex or %null" },
	{ "subnet", "conn", true, VALUE_SUBNET, END(client), NULL, "the address", "what lies behind the end, as a prefix" },
	{ "protoport", "conn", true, VALUE_PROTOPORT, END(client), NULL, "any", "protocol, or protocol/port, that the connection is limited to" },
	{ "auth", "conn", true, VALUE_AUTH, END(auth), NULL, "authby", "how the end proves itself: null, secret, rsa, rsasig, rsa-sha2, ecdsa" },
	{ "rsasigkey", "conn", true, VALUE_KEY_RSA, END(key), NULL, "", "RSA public key of the end (0s and base64 of RFC 3110), or %dnsondemand" },
	{ "ecdsakey", "conn", true, VALUE_KEY_ECDSA, END(key), NULL, "", "P-256 public key of the end (0s and base64 of a SubjectPublicKeyInfo)" },
	{ "pubkey", "conn", true, VALUE_KEY_PEM, END(key), NULL, "", "public key of the end (base64 of a SubjectPublicKeyInfo)" },
	{ "ckaid", "conn", true, VALUE_CKAID, END(ckaid), NULL, "", "hexadecimal CKAID of our private key in the NSS database" },
	{ "ikeport", "conn", true, VALUE_NUMBER, END(ikeport), NULL, "500", "UDP port of IKE at the end" },
	{ "authby", "conn", false, VALUE_AUTHBY, 0, NULL, "rsa-sha2", "how both ends prove themselves: secret, null, rsasig, rsa-sha2, ecdsa, never" },
	{ "ike", "conn", false, VALUE_IKE, CONN(ike), NULL, "aes_gcm256-sha2_512-dh31 and others", "IKE proposals: cipher[-integrity][;prf]-group, separated by commas" },
	{ "esp", "conn", false, VALUE_ESP, CONN(esp), NULL, "aes_gcm256 and others", "ESP proposals: cipher[-integrity], separated by commas" },
	{ "type", "conn", false, VALUE_WORD, CONN(type), types, "tunnel", "tunnel, transport, passthrough or drop" },
	{ "auto", "conn", false, VALUE_WORD, CONN(start), autos, "ignore", "what is done at start: ignore, add, ondemand (route) or start" },
	{ "keyingtries", "conn", false, VALUE_TRIES, CONN(keyingtries), NULL, "%forever", "attempts before giving up; %forever or 0 for no end" },
	{ "retransmit-interval", "conn", false, VALUE_TIME, CONN(retransmit_interval), NULL, "500ms", "time before the first retransmission; doubles each time" },
	{ "retransmit-timeout", "conn", false, VALUE_TIME, CONN(retransmit_timeout), NULL, "60s", "time after which an unanswered request is given up" },
	{ "ikelifetime", "conn", false, VALUE_TIME, CONN(ike_lifetime), NULL, "8h", "life of an IKE SA" },
	{ "ipsec-lifetime", "conn", false, VALUE_TIME, CONN(sa_lifetime), NULL, "8h", "life of a Child SA" },
	{ "negotiationshunt", "conn", false, VALUE_WORD, CONN(negotiation_shunt), shunts, "hold", "what packets meet while IKE negotiates" },
	{ "failureshunt", "conn", false, VALUE_WORD, CONN(failure_shunt), shunts, "none", "what packets meet after IKE has failed" },
	{ "hostaddrfamily", "conn", false, VALUE_WORD, CONN(family), families, "of the addresses", "ipv4 or ipv6" },
	{ "keyexchange", "conn", false, VALUE_WORD, SIZE_MAX, versions, "ikev2", "the only version there is" },
	{ "ikev2", "conn", false, VALUE_WORD, SIZE_MAX, versions, "yes", "the only version there is" },
	{ "rekey", "conn", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "reauth", "conn", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "rekeymargin", "conn", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "rekeyfuzz", "conn", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "pfs", "conn", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "fragmentation", "conn", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "mobike", "conn", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "narrowing", "conn", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "dpddelay", "conn", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "dpdtimeout", "conn", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "dpdaction", "conn", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "encapsulation", "conn", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "nexthop", "conn", true, VALUE_IGNORED, 0, NULL, "", "" },
	{ "sendcert", "conn", true, VALUE_IGNORED, 0, NULL, "", "" },
	{ "clientaddrfamily", "conn", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "cert", "conn", true, VALUE_REFUSED, 0, NULL, "", "" },
	{ "ca", "conn", true, VALUE_REFUSED, 0, NULL, "", "" },
	{ "ah", "conn", false, VALUE_REFUSED, 0, NULL, "", "" },
	{ "ppk", "conn", false, VALUE_REFUSED, 0, NULL, "", "" },
	{ "sec-label", "conn", false, VALUE_REFUSED, 0, NULL, "", "" },
	{ "mark", "conn", false, VALUE_REFUSED, 0, NULL, "", "" },
	{ "ipsec-interface", "conn", false, VALUE_REFUSED, 0, NULL, "", "" },
	{ "addresspool", "conn", true, VALUE_REFUSED, 0, NULL, "", "" },
	{ "subnets", "conn", true, VALUE_REFUSED, 0, NULL, "", "" },
	{ "logfile", "setup", false, VALUE_TEXT, SETUP(logfile), NULL, "standard error", "file that the daemon writes its notes to" },
	{ "listen", "setup", false, VALUE_TEXT, SETUP(listen), NULL, "every address", "addresses that the daemon listens on" },
	{ "nssdir", "setup", false, VALUE_TEXT, SETUP(nssdir), NULL, "/var/lib/ipsec/nss", "folder of the NSS database" },
	{ "dnssec-anchors", "setup", false, VALUE_TEXT, SETUP(dnssec_anchors), NULL, "/usr/share/dns/root.key", "file of DNSSEC trust anchors" },
	{ "dnssec-enable", "setup", false, VALUE_BOOL, SETUP(dnssec_enable), NULL, "yes", "whether keys are looked up in DNS at all" },
	{ "uniqueids", "setup", false, VALUE_BOOL, SETUP(unique_ids), NULL, "yes", "whether an identity has one connection at a time" },
	{ "dns-forwarders", "setup", false, VALUE_ADDRESSES, SETUP(forwarders), NULL, "/etc/resolv.conf", "resolvers to ask, up to four addresses" },
	{ "stop-deadline", "setup", false, VALUE_TIME, SETUP(stop_deadline), NULL, "5s", "how long a stop waits for peers to confirm" },
	{ "oe-dns-timeout", "setup", false, VALUE_TIME, SETUP(oe_dns_timeout_permissive), NULL, "5s, private 15s", "how long a destination waits for DNS" },
	{ "oe-ike-timeout", "setup", false, VALUE_TIME, SETUP(oe_ike_timeout_permissive), NULL, "4s, private 30s", "how long a destination waits for IKE" },
	{ "oe-short-timeout", "setup", false, VALUE_TIME, SETUP(oe_short_timeout), NULL, "60s", "life of a decision after silence" },
	{ "oe-normal-timeout", "setup", false, VALUE_TIME, SETUP(oe_normal_timeout), NULL, "15m", "life of a decision after an answer" },
	{ "oe-initial-lifespan", "setup", false, VALUE_TIME, SETUP(oe_initial_lifespan), NULL, "60s", "first look at whether a pair is still used" },
	{ "oe-lifespan", "setup", false, VALUE_TIME, SETUP(oe_lifespan), NULL, "20m", "later looks" },
	{ "protostack", "setup", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "plutodebug", "setup", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "logtime", "setup", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "logappend", "setup", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "dumpdir", "setup", false, VALUE_IGNORED, 0, NULL, "", "" },
	{ "virtual-private", "setup", false, VALUE_IGNORED, 0, NULL, "", "" },
};
const size_t keyword_count = ARRAY_LENGTH(keywords);

static const struct {
	const char *other, *name;
} aliases[] = { { "salifetime", "ipsec-lifetime" }, { "keylife", "ipsec-lifetime" }, { "lifetime", "ipsec-lifetime" },
		{ "phase2alg", "esp" },		    { "phase2", "esp" },	      { "dnssec-rootkey-file", "dnssec-anchors" } };

static const struct keyword *find(const char *section, const char *name, bool sided)
{
	for (size_t i = 0; i < ARRAY_LENGTH(aliases); i++) {
		if (strcasecmp(name, aliases[i].other) == 0)
			name = aliases[i].name;
	}
	for (size_t i = 0; i < keyword_count; i++) {
		if (keywords[i].sided == sided && strcmp(keywords[i].section, section) == 0 &&
		    strcasecmp(keywords[i].name, name) == 0)
			return &keywords[i];
	}
	return NULL;
}

const struct keyword *keyword_find(const char *section, const char *key, char *side)
{
	const struct keyword *k = find(section, key, false);
	const char *rest = NULL;

	*side = 0;
	if (k)
		return k;
	if (strncasecmp(key, "left", 4) == 0)
		rest = key + 4, *side = 'l';
	else if (strncasecmp(key, "right", 5) == 0)
		rest = key + 5, *side = 'r';
	if (rest && rest[0] == '-')
		rest++;
	return rest ? find(section, rest, true) : NULL;
}

/* The edit distance, for short words only. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[64], la = (unsigned)strlen(a), lb = (unsigned)strlen(b);

	if (la >= ARRAY_LENGTH(row) || lb >= ARRAY_LENGTH(row))
		return UINT32_MAX;
	for (unsigned j = 0; j <= lb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			unsigned change = corner + (a[i - 1] != b[j - 1]);
			unsigned drop = row[j] + 1, add = row[j - 1] + 1;

			corner = row[j];
			row[j] = change < drop ? change : drop;
			row[j] = add < row[j] ? add : row[j];
		}
	}
	return row[lb];
}

/* Near enough to be a slip of the hand: a third of the word. */
static bool is_near(unsigned d, const char *word)
{
	return d <= 1 + strlen(word) / 3;
}

const char *keyword_nearest(const char *section, const char *key, char room[64])
{
	unsigned best = UINT32_MAX;
	char full[64];

	for (size_t i = 0; i < keyword_count; i++) {
		for (unsigned side = 0; side < (keywords[i].sided ? 2u : 1u); side++) {
			unsigned d;

			if (strcmp(keywords[i].section, section) != 0)
				continue;
			snprintf(full, sizeof(full), "%s%s", !keywords[i].sided ? "" : side ? "right" : "left",
				 keywords[i].name);
			d = distance(key, full);
			if (d < best) {
				best = d;
				memcpy(room, full, sizeof(full));
			}
		}
	}
	return is_near(best, key) ? room : NULL;
}

const char *word_nearest(const struct word_value *words, const char *word)
{
	unsigned best = UINT32_MAX;
	const char *nearest = NULL;

	for (; words->word; words++) {
		unsigned d = distance(word, words->word);

		if (d < best) {
			best = d;
			nearest = words->word;
		}
	}
	return is_near(best, word) ? nearest : NULL;
}
