/* Setters of keywords that belong to one end of a connection (words.h). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "values.h"
#include "words.h"

static const struct {
	const char *word;
	enum host_kind kind;
	uint8_t family;
} host_words[] = {
	{ "%any", HOST_ANY, 0 },
	{ "%any4", HOST_ANY, ADDRESS_V4 },
	{ "%any6", HOST_ANY, ADDRESS_V6 },
	{ "%defaultroute", HOST_DEFAULTROUTE, 0 },
	{ "%defaultroute4", HOST_DEFAULTROUTE, ADDRESS_V4 },
	{ "%defaultroute6", HOST_DEFAULTROUTE, ADDRESS_V6 },
	{ "%group", HOST_GROUP, 0 },
	{ "%opportunisticgroup", HOST_OPPORTUNISTICGROUP, 0 },
};

bool set_host(struct setting *s)
{
	struct nearest nearest = nearest_of(s->value);
	struct end *end = s->base;
	struct address address;

	for (size_t i = 0; i < ARRAY_LENGTH(host_words); i++) {
		if (strcasecmp(s->value, host_words[i].word) == 0) {
			end->host = host_words[i].kind;
			if (host_words[i].family)
				s->draft->conn.family = host_words[i].family;
			return true;
		}
		nearest_try(&nearest, host_words[i].word);
	}
	if (address_parse(&address, s->value)) {
		/* The unspecified address is the old way to write %any. */
		end->host = address_is_any(&address) ? HOST_ANY : HOST_ADDRESS;
		if (end->host == HOST_ANY)
			s->draft->conn.family = address.family;
		else
			end->address = address;
		if (!address_is_multicast(&address))
			return true;
		end->host = HOST_NONE;
		return setting_refuse(s, NULL, "multicast address");
	}
	complain(s->problems,
		 &(struct complaint){ .at = s->at,
				      .word = s->value,
				      .expected = s->row->expected,
				      .nearest = s->value[0] == '%' ? nearest.best : NULL },
		 s->value[0] == '%' ? "unknown kind of host"
				    : "not an address (names of hosts and interfaces are not looked up)");
	return false;
}

bool set_id(struct setting *s)
{
	struct end *end = s->base;

	if (strcasecmp(s->value, "%fromcert") == 0 || (strchr(s->value, '=') && !strchr(s->value, '@')))
		return setting_refuse(s, NULL,
				      "identity of a certificate, and certificates are not supported yet");
	if (strcasecmp(s->value, "%none") == 0)
		return true;
	return identity_parse(&end->id, s->value) || setting_refuse(s, NULL, "not an identity");
}

bool set_subnet(struct setting *s)
{
	struct end *end = s->base;
	struct selector client;
	struct prefix prefix;

	if (strpbrk(s->value, ", \t"))
		return setting_refuse(s, NULL, "several subnets in one connection are not supported yet");
	if (strncasecmp(s->value, "vhost:", 6) == 0 || strncasecmp(s->value, "vnet:", 5) == 0)
		return setting_refuse(s, NULL, "virtual subnets belong to IKEv1");
	if (!value_subnet(s->value, &prefix))
		return setting_refuse(s, NULL, "not a subnet, or bits are set behind its prefix");
	client = selector_of_prefix(&prefix);
	client.protocol = end->client.protocol;
	client.port_first = end->client.port_first;
	client.port_last = end->client.port_last;
	end->client = client;
	end->has_client = true;
	return true;
}

bool set_protoport(struct setting *s)
{
	struct end *end = s->base;

	return value_protoport(s->value, &end->client) || setting_refuse(s, NULL, "not a protocol and port");
}

bool set_auth(struct setting *s)
{
	struct end *end = s->base;

	return read_authby(s, &end->auth);
}

bool set_ike_port(struct setting *s)
{
	struct end *end = s->base;
	unsigned long port;

	if (!value_number(s->value, UINT16_MAX, &port) || !port)
		return setting_refuse(s, NULL, "not a port");
	end->ikeport = (uint16_t)port;
	return true;
}

bool set_ckaid(struct setting *s)
{
	struct end *end = s->base;
	struct blob raw = { NULL, 0 };
	char hex[2 * CKAID_OCTETS + 1];
	size_t used = 0;
	bool ok = true;

	for (const char *p = s->value + (strncasecmp(s->value, "0x", 2) == 0 ? 2 : 0); *p && ok; p++) {
		if (*p == ':' || *p == '_')
			continue;
		ok = used < sizeof(hex) - 1;
		if (ok)
			hex[used++] = *p;
	}
	ok = ok && hex_decode(&raw, bytes_of(hex, used)) && raw.len == CKAID_OCTETS;
	if (ok) {
		memcpy(end->ckaid, raw.data, CKAID_OCTETS);
		end->has_ckaid = true;
	}
	blob_discard(&raw);
	return ok || setting_refuse(s, NULL, "not a CKAID");
}

/* The words that stand in place of a key. false: not one of them; *ok is then untouched. */
static bool key_word(struct setting *s, bool *ok)
{
	struct end *end = s->base;

	if (strcasecmp(s->value, "%dnsondemand") == 0 || strcasecmp(s->value, "%dns") == 0 ||
	    strcasecmp(s->value, "%dnsonload") == 0) {
		end->key_source = KEY_SOURCE_DNS;
		*ok = true;
	} else if (strcasecmp(s->value, "%none") == 0) {
		*ok = true;
	} else if (strcasecmp(s->value, "%cert") == 0) {
		*ok = setting_refuse(s, NULL, "certificates are not supported yet");
	} else if (s->value[0] == '%') {
		*ok = setting_refuse(s, NULL, "unknown source of a key");
	} else {
		return false;
	}
	return true;
}

/* Complains of a key with the reason; a key is long, so that its beginning is enough. */
static bool key_refuse(struct setting *s, const char *why)
{
	complain(s->problems,
		 &(struct complaint){ .at = s->at, .word = s->value, .expected = s->row->expected },
		 "bad public key (%s)", why);
	return false;
}

bool set_rsa_key(struct setting *s)
{
	struct end *end = s->base;
	struct blob raw = { NULL, 0 };
	const char *why = "neither base64 nor hexadecimal digits";
	bool ok;

	if (key_word(s, &ok))
		return ok;
	ok = value_octets(s->value, &raw) && public_key_from_rfc3110(&end->key, bytes_of_blob(&raw), &why);
	blob_discard(&raw);
	if (!ok)
		return key_refuse(s, why);
	end->key_source = KEY_SOURCE_CONFIGURED;
	return true;
}

/* leftecdsakey and leftpubkey: a SubjectPublicKeyInfo, or the bare point of RFC 6605. */
bool set_public_key(struct setting *s)
{
	bool ecdsa = strcmp(s->row->name, "ecdsakey") == 0;
	const char *text = s->value, *why = "not base64 of a key";
	struct public_key key = { KEY_NONE, { NULL, 0 } };
	struct end *end = s->base;
	struct blob raw = { NULL, 0 };
	bool ok;

	if (key_word(s, &ok))
		return ok;
	if (strncasecmp(text, "0s", 2) == 0)
		text += 2;
	ok = value_octets(s->value, &raw) || base64_decode(&raw, bytes_of_text(text));
	if (ok && ecdsa && raw.len == 64)
		ok = public_key_from_rfc6605(&key, bytes_of_blob(&raw), &why);
	else if (ok)
		ok = public_key_from_spki(&key, bytes_of_blob(&raw), &why);
	else
		ok = public_key_from_pem(&key, text, &why);
	blob_discard(&raw);
	if (ok && ecdsa && key.kind != KEY_ECDSA_P256) {
		ok = false;
		why = "it is not an ECDSA key";
	}
	if (!ok) {
		public_key_discard(&key);
		return key_refuse(s, why);
	}
	public_key_discard(&end->key);
	end->key = key;
	end->key_source = KEY_SOURCE_CONFIGURED;
	return true;
}
