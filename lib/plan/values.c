/* Typed readers of values (inside.h): each writes its field, or notes what was expected. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "inside.h"

struct target {
	struct making *m;
	const struct keyword *k;
	struct place at;
	const char *value;
	void *field;
	struct conn *conn;
	struct end *end; /* for sided keywords, and left, right */
};

static void wrong(struct target *t, const char *expected)
{
	struct plan_problem *p = problem(t->m, &t->at, false, t->value, "this is no value for %s", t->k->name);

	if (p)
		snprintf(p->expected, sizeof(p->expected), "%s", expected);
}

static void set_text(struct target *t)
{
	char *copy = strdup(t->value);
	char **field = t->field;

	if (!copy)
		return;
	free(*field);
	*field = copy;
}

static void set_bool(struct target *t)
{
	bool yes = !strcasecmp(t->value, "yes") || !strcmp(t->value, "1") || !strcasecmp(t->value, "true");
	bool no = !strcasecmp(t->value, "no") || !strcmp(t->value, "0") || !strcasecmp(t->value, "false");

	if (yes || no)
		*(bool *)t->field = yes;
	else
		wrong(t, "yes or no");
}

static bool number(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	if (!isdigit((unsigned char)text[0]) || strlen(text) > 10)
		return false;
	*value = strtoul(text, &end, 10);
	return *end == '\0' && *value <= max;
}

static void set_port(struct target *t)
{
	unsigned long value;

	if (number(t->value, UINT16_MAX, &value) && value)
		*(uint16_t *)t->field = (uint16_t)value;
	else
		wrong(t, "a port from 1 to 65535");
}

static void set_tries(struct target *t)
{
	unsigned long value = 0;

	if (strcasecmp(t->value, "%forever") == 0 || number(t->value, 1000000, &value))
		*(unsigned *)t->field = (unsigned)value;
	else
		wrong(t, "a number or %forever");
}

/* "500ms", "30s", "5m", "8h", "2d"; a bare number is seconds. */
static bool parse_time(const char *text, msec *span)
{
	static const struct {
		const char *unit;
		msec factor;
	} units[] = { { "", 1000 }, { "s", 1000 }, { "ms", 1 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
	size_t digits = strspn(text, "0123456789");
	char figure[12];
	unsigned long value;

	if (digits == 0 || digits >= sizeof(figure))
		return false;
	memcpy(figure, text, digits);
	figure[digits] = '\0';
	if (!number(figure, 1000000000, &value))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
		if (strcasecmp(text + digits, units[i].unit) == 0) {
			*span = (msec)value * units[i].factor;
			return true;
		}
	}
	return false;
}

static void set_time(struct target *t)
{
	msec span;

	if (!parse_time(t->value, &span) || span <= 0 || span > HOURS(24 * 365)) {
		wrong(t, "a time such as 500ms, 30s, 5m or 8h");
		return;
	}
	*(msec *)t->field = span;
	/* One keyword sets both classes. */
	if (t->field == &t->m->plan->setup.oe_dns_timeout_permissive)
		t->m->plan->setup.oe_dns_timeout_paranoid = span;
	if (t->field == &t->m->plan->setup.oe_ike_timeout_permissive)
		t->m->plan->setup.oe_ike_timeout_paranoid = span;
}

static void set_word(struct target *t)
{
	struct plan_problem *p;
	const char *nearest;
	char expected[160] = "";

	for (const struct word_value *w = t->k->words; w->word; w++) {
		size_t used = strlen(expected);

		if (strcasecmp(w->word, t->value) == 0) {
			if (t->k->offset == offsetof(struct conn, family))
				*(uint8_t *)t->field = (uint8_t)w->value;
			else if (t->k->offset != SIZE_MAX)
				*(int *)t->field = w->value;
			return;
		}
		snprintf(expected + used, sizeof(expected) - used, "%s%s", used ? ", " : "", w->word);
	}
	p = problem(t->m, &t->at, false, t->value, "%s has no such value", t->k->name);
	if (!p)
		return;
	snprintf(p->expected, sizeof(p->expected), "%s", expected);
	nearest = word_nearest(t->k->words, t->value);
	snprintf(p->nearest, sizeof(p->nearest), "%s", nearest ? nearest : "");
}

static void set_host(struct target *t)
{
	static const struct word_value hosts[] = { { "%any", HOST_ANY },
						   { "%defaultroute", HOST_DEFAULTROUTE },
						   { "%group", HOST_GROUP },
						   { "%opportunisticgroup", HOST_OPPORTUNISTICGROUP },
						   { NULL, 0 } };
	struct end *end = t->end;
	struct plan_problem *p;
	const char *nearest;

	for (const struct word_value *w = hosts; w->word; w++) {
		if (strcasecmp(w->word, t->value) == 0) {
			end->host = (enum host_kind)w->value;
			return;
		}
	}
	if (address_parse(&end->address, t->value) && !address_is_multicast(&end->address)) {
		end->host = address_is_any(&end->address) ? HOST_ANY : HOST_ADDRESS;
		return;
	}
	p = problem(t->m, &t->at, false, t->value, "this is no address of a host");
	if (!p)
		return;
	snprintf(p->expected, sizeof(p->expected), "an address, %%any, %%defaultroute, %%group or %%opportunisticgroup");
	nearest = t->value[0] == '%' ? word_nearest(hosts, t->value) : NULL;
	snprintf(p->nearest, sizeof(p->nearest), "%s", nearest ? nearest : "");
}

static void set_id(struct target *t)
{
	if (!identity_parse(t->field, t->value))
		wrong(t, "an address, @name, user@host, @#hex or %null");
}

static void set_subnet(struct target *t)
{
	struct end *end = t->end;
	struct prefix prefix;
	struct selector s;

	if (!prefix_parse(&prefix, t->value)) {
		wrong(t, "a prefix such as 10.1.0.0/16 whose host bits are zero");
		return;
	}
	s = selector_of_prefix(&prefix);
	s.protocol = end->client.protocol;
	s.port_first = end->client.port_first;
	s.port_last = end->client.port_last;
	end->client = s;
	end->has_client = true;
}

/* "udp", "17", "tcp/80", "udp/%any", "gre", "%any" */
static void set_protoport(struct target *t)
{
	static const struct {
		const char *name;
		uint8_t number;
	} protocols[] = { { "%any", 0 }, { "any", 0 }, { "icmp", 1 }, { "tcp", 6 },   { "udp", 17 },
			  { "gre", 47 }, { "ipv6-icmp", 58 }, { "icmpv6", 58 }, { "sctp", 132 } };
	struct end *end = t->end;
	char name[32];
	const char *slash = strchr(t->value, '/');
	size_t len = slash ? (size_t)(slash - t->value) : strlen(t->value);
	unsigned long protocol = 256, port = 0;

	if (len >= sizeof(name)) {
		wrong(t, "protocol or protocol/port");
		return;
	}
	memcpy(name, t->value, len);
	name[len] = '\0';
	for (size_t i = 0; i < ARRAY_LENGTH(protocols); i++) {
		if (strcasecmp(name, protocols[i].name) == 0)
			protocol = protocols[i].number;
	}
	if (protocol == 256 && !number(name, UINT8_MAX, &protocol)) {
		wrong(t, "a protocol such as tcp, udp or 47, then perhaps /port");
		return;
	}
	if (slash && strcasecmp(slash + 1, "%any") != 0 && !number(slash + 1, UINT16_MAX, &port)) {
		wrong(t, "a port from 1 to 65535, or %any");
		return;
	}
	end->client.protocol = (uint8_t)protocol;
	end->client.port_first = (uint16_t)port;
	end->client.port_last = port ? (uint16_t)port : UINT16_MAX;
}

/* 0s base64, 0x hexadecimal, or bare base64. */
static bool decode_key(const char *text, struct blob *raw)
{
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return hex_decode(raw, bytes_of_text(text + 2));
	return base64_decode(raw, bytes_of_text(text[0] == '0' && text[1] == 's' ? text + 2 : text));
}

static void set_key(struct target *t)
{
	struct end *end = t->end;
	struct blob raw = { NULL, 0 };
	const char *why = "it is neither 0s and base64 nor 0x and hexadecimal";
	bool ok;

	if (!strcasecmp(t->value, "%dnsondemand") || !strcasecmp(t->value, "%dns") || !strcasecmp(t->value, "%dnsonload")) {
		end->key_source = KEY_SOURCE_DNS;
		return;
	}
	if (!strcasecmp(t->value, "%cert")) {
		problem(t->m, &t->at, false, t->value, "certificates are not supported yet; use raw keys");
		return;
	}
	ok = decode_key(t->value, &raw) && raw.len;
	if (ok)
		ok = t->k->kind == VALUE_KEY_RSA && raw.data[0] != 0x30 ?
			     public_key_from_rfc3110(&end->key, bytes_of_blob(&raw), &why) :
			     public_key_from_spki(&end->key, bytes_of_blob(&raw), &why);
	blob_discard(&raw);
	if (ok)
		end->key_source = KEY_SOURCE_CONFIGURED;
	else
		problem(t->m, &t->at, false, t->value, "this is no public key: %s", why);
}

static void set_ckaid(struct target *t)
{
	struct end *end = t->end;
	struct blob raw = { NULL, 0 };

	if (hex_decode(&raw, bytes_of_text(t->value)) && raw.len == CKAID_OCTETS) {
		memcpy(end->ckaid, raw.data, CKAID_OCTETS);
		end->has_ckaid = true;
	} else {
		wrong(t, "the 40 hexadecimal digits that 'cygnet key list' shows");
	}
	blob_discard(&raw);
}

static const struct word_value methods[] = { { "null", AUTH_NULL },	 { "secret", AUTH_SECRET },
					     { "psk", AUTH_SECRET },	 { "rsa", AUTH_RSA },
					     { "rsasig", AUTH_RSA },	 { "rsa-sha2", AUTH_RSA },
					     { "rsa-sha2_256", AUTH_RSA }, { "rsa-sha2_384", AUTH_RSA },
					     { "rsa-sha2_512", AUTH_RSA }, { "rsa-pkcs1", AUTH_RSA_PKCS1 },
					     { "ecdsa", AUTH_ECDSA },	 { "ecdsa-sha2", AUTH_ECDSA },
					     { "ecdsa-sha2_256", AUTH_ECDSA }, { "never", AUTH_NEVER },
					     { NULL, 0 } };

/* The first method of a list that we know. */
static bool parse_method(struct target *t, enum auth_method *method)
{
	char word[32];
	const char *p = t->value;

	while (*p) {
		size_t len = strcspn(p, ",|");

		snprintf(word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : sizeof(word) - 1), p);
		for (const struct word_value *w = methods; w->word; w++) {
			if (strcasecmp(word, w->word) == 0) {
				*method = (enum auth_method)w->value;
				return true;
			}
		}
		p += len + (p[len] != '\0');
	}
	wrong(t, "null, secret, rsasig, rsa-sha2, ecdsa or never");
	return false;
}

static void set_auth(struct target *t)
{
	enum auth_method method;

	if (!parse_method(t, &method))
		return;
	if (t->k->kind == VALUE_AUTH) {
		t->end->auth = method;
		return;
	}
	/* authby is for both ends; leftauth and rightauth, wherever they stand, are stronger. */
	t->conn->authby = method;
}

static void set_addresses(struct target *t)
{
	struct setup *setup = &t->m->plan->setup;
	char word[ADDRESS_TEXT];
	const char *p = t->value;

	setup->forwarder_count = 0;
	while (*p) {
		size_t len = strcspn(p, ", \t");

		snprintf(word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : sizeof(word) - 1), p);
		if (len && (setup->forwarder_count == ARRAY_LENGTH(setup->forwarders) ||
			    !address_parse(&setup->forwarders[setup->forwarder_count], word))) {
			wrong(t, "up to four addresses");
			return;
		}
		setup->forwarder_count += len != 0;
		p += len + (p[len] != '\0');
	}
}

static void set_suites(struct target *t)
{
	bool ike = t->k->kind == VALUE_IKE;

	suites_parse(t->m, &t->at, t->value, ike, ike ? t->conn->ike : t->conn->esp,
		     ike ? &t->conn->ike_count : &t->conn->esp_count);
}

static void note_ignored(struct target *t)
{
	problem(t->m, &t->at, true, t->k->name, "this keyword is known and has no effect here");
}

static void refuse(struct target *t)
{
	problem(t->m, &t->at, false, t->k->name, "this keyword is not supported, and leaving it out would be less safe");
}

static void (*const setters[])(struct target *t) = {
	[VALUE_TEXT] = set_text,	   [VALUE_BOOL] = set_bool,	[VALUE_NUMBER] = set_port,
	[VALUE_TIME] = set_time,	   [VALUE_WORD] = set_word,	[VALUE_HOST] = set_host,
	[VALUE_ID] = set_id,		   [VALUE_SUBNET] = set_subnet, [VALUE_PROTOPORT] = set_protoport,
	[VALUE_KEY_RSA] = set_key,	   [VALUE_KEY_ECDSA] = set_key, [VALUE_KEY_PEM] = set_key,
	[VALUE_CKAID] = set_ckaid,	   [VALUE_AUTH] = set_auth,	[VALUE_AUTHBY] = set_auth,
	[VALUE_IKE] = set_suites,	   [VALUE_ESP] = set_suites,	[VALUE_TRIES] = set_tries,
	[VALUE_ADDRESSES] = set_addresses, [VALUE_IGNORED] = note_ignored, [VALUE_REFUSED] = refuse,
};

void value_apply(struct making *m, const struct section *section, const struct setting *setting, struct conn *conn)
{
	const char *kind = conn ? "conn" : "setup";
	struct target t = { .m = m, .value = setting->value, .conn = conn };
	struct plan_problem *p;
	char side, room[64];
	const char *nearest;

	t.at = (struct place){ setting->file, setting->line, setting->key_column };
	t.k = keyword_find(kind, setting->key, &side);
	if (!t.k) {
		p = problem(m, &t.at, false, setting->key, "unknown keyword in %s",
			    conn ? "a conn section" : "config setup");
		nearest = keyword_nearest(kind, setting->key, room);
		if (p)
			snprintf(p->nearest, sizeof(p->nearest), "%s", nearest ? nearest : "");
		return;
	}
	t.at.column = setting->value_column;
	if (conn && t.k->kind == VALUE_HOST)
		t.end = strcasecmp(setting->key, "left") == 0 ? &conn->left : &conn->right;
	else if (side)
		t.end = side == 'l' ? &conn->left : &conn->right;
	if (t.end && t.k->kind != VALUE_HOST)
		t.field = (char *)t.end + t.k->offset;
	else if (t.k->offset != SIZE_MAX)
		t.field = conn ? (char *)conn + t.k->offset : (char *)&m->plan->setup + t.k->offset;
	if (!setting->value[0]) {
		problem(m, &t.at, false, setting->key, "the keyword has no value");
		return;
	}
	setters[t.k->kind](&t);
}
