/* Setters of keywords that belong to a connection or to config setup (words.h). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "suites.h"
#include "values.h"
#include "words.h"

/* Enumerations are filled through their common representation. */
_Static_assert(sizeof(enum conn_type) == sizeof(unsigned) && sizeof(enum shunt) == sizeof(unsigned),
	       "an enumeration is as large as unsigned");

static void *field_of(const struct setting *s)
{
	return (char *)s->base + s->row->offset;
}

bool setting_refuse(struct setting *s, const char *word, const char *what)
{
	complain(s->problems,
		 &(struct complaint){
			 .at = s->at, .word = word ? word : s->value, .expected = s->row->expected },
		 "%s", what);
	return false;
}

bool set_text(struct setting *s)
{
	char **field = field_of(s), *copy = strdup(s->value);

	if (!copy) {
		complain_memory(s->problems);
		return false;
	}
	free(*field);
	*field = copy;
	return true;
}

bool set_bool(struct setting *s)
{
	bool *field = field_of(s);

	return value_bool(s->value, field) || setting_refuse(s, NULL, "neither yes nor no");
}

static bool set_time(struct setting *s, msec unit)
{
	msec *field = field_of(s), span;

	if (!value_time(s->value, unit, &span))
		return setting_refuse(s, NULL, "not a time");
	if (span <= 0)
		return setting_refuse(s, NULL, "time must be more than nothing");
	*field = span;
	return true;
}

bool set_seconds(struct setting *s)
{
	return set_time(s, SECONDS(1));
}

bool set_milliseconds(struct setting *s)
{
	return set_time(s, 1);
}

bool set_two_seconds(struct setting *s)
{
	msec *field = field_of(s);

	if (!set_time(s, SECONDS(1)))
		return false;
	field[1] = field[0];
	return true;
}

/* Finds the value among the row's choices; false: it complained, with the nearest. */
static bool choose(struct setting *s, unsigned *value)
{
	struct nearest nearest = nearest_of(s->value);
	char expected[160] = "";
	size_t used = 0;

	for (const struct choice *c = s->row->choices; c->word; c++) {
		if (strcasecmp(c->word, s->value) == 0) {
			if (c->refused)
				return setting_refuse(s, NULL, c->refused);
			*value = c->value;
			return true;
		}
		if (c->refused)
			continue;
		nearest_try(&nearest, c->word);
		if (used + strlen(c->word) + 5 < sizeof(expected)) {
			strcpy(expected + used, used ? ", " : "");
			strcat(expected + used, c->word);
			used += strlen(expected + used);
		}
	}
	complain(s->problems,
		 &(struct complaint){
			 .at = s->at, .word = s->value, .expected = expected, .nearest = nearest.best },
		 "unknown value");
	return false;
}

bool set_choice(struct setting *s)
{
	unsigned *field = field_of(s);

	return choose(s, field);
}

bool set_nothing(struct setting *s)
{
	unsigned value;

	return choose(s, &value);
}

bool set_type(struct setting *s)
{
	unsigned value;

	if (!choose(s, &value))
		return false;
	s->draft->conn.type = (enum conn_type)value;
	s->draft->type_given = true;
	return true;
}

bool set_auto(struct setting *s)
{
	unsigned value;

	if (!choose(s, &value))
		return false;
	s->draft->conn.start = (enum conn_auto)value;
	s->draft->start_given = true;
	s->draft->start_at = s->at;
	return true;
}

bool set_failure_shunt(struct setting *s)
{
	unsigned value;

	if (!choose(s, &value))
		return false;
	s->draft->conn.failure_shunt = (enum shunt)value;
	s->draft->failure_at = s->at;
	return true;
}

bool set_family(struct setting *s)
{
	unsigned value;

	if (!choose(s, &value))
		return false;
	s->draft->conn.family = (uint8_t)value;
	return true;
}

bool set_keyingtries(struct setting *s)
{
	unsigned long value;

	if (strcasecmp(s->value, "%forever") == 0)
		value = 0;
	else if (!value_number(s->value, 1000000, &value))
		return setting_refuse(s, NULL, "not a number of attempts");
	s->draft->conn.keyingtries = (unsigned)value;
	return true;
}

bool set_forwarders(struct setting *s)
{
	struct setup *setup = s->base;
	struct address found[ARRAY_LENGTH(setup->forwarders)];
	char *copy = strdup(s->value), *rest = copy, *word;
	size_t count = 0;
	bool ok = copy != NULL;

	memset(found, 0, sizeof(found));
	while (ok && (word = strsep(&rest, ", \t")) != NULL) {
		if (!*word)
			continue;
		if (count == ARRAY_LENGTH(found))
			ok = setting_refuse(s, word, "too many resolvers");
		else if (!address_parse(&found[count++], word))
			ok = setting_refuse(s, word, "not an address");
	}
	if (ok) {
		memcpy(setup->forwarders, found, sizeof(found));
		setup->forwarder_count = count;
	}
	if (!copy)
		complain_memory(s->problems);
	free(copy);
	return ok;
}

static bool set_suites(struct setting *s, bool ike, struct suite *suites, size_t *count)
{
	struct suite_fault fault = { "", "", NULL, 0 };
	struct place at = s->at;

	if (suites_read(s->value, ike, suites, count, &fault))
		return true;
	at.column += (unsigned)fault.offset;
	complain(s->problems,
		 &(struct complaint){ .at = at,
				      .word = fault.word,
				      .expected = s->row->expected,
				      .nearest = fault.nearest },
		 "%s", fault.what);
	return false;
}

bool set_ike(struct setting *s)
{
	return set_suites(s, true, s->draft->conn.ike, &s->draft->conn.ike_count);
}

bool set_esp(struct setting *s)
{
	return set_suites(s, false, s->draft->conn.esp, &s->draft->conn.esp_count);
}

/* ---- authentication ------------------------------------------------------------------------------------------- */

#define P256_ONLY "ECDSA is done with P-256 and SHA2-256: write ecdsa"

static const struct choice auth_choices[] = {
	{ "secret", AUTH_SECRET, NULL },
	{ "psk", AUTH_SECRET, NULL },
	{ "null", AUTH_NULL, NULL },
	{ "never", AUTH_NEVER, NULL },
	{ "rsasig", AUTH_RSA, NULL },
	{ "rsa", AUTH_RSA, NULL },
	{ "rsa-sha2", AUTH_RSA, NULL },
	{ "rsa-sha2_256", AUTH_RSA, NULL },
	{ "rsa-sha2_384", AUTH_RSA, NULL },
	{ "rsa-sha2_512", AUTH_RSA, NULL },
	{ "rsa-pkcs1", AUTH_RSA_PKCS1, NULL },
	{ "ecdsa", AUTH_ECDSA, NULL },
	{ "ecdsa-sha2", AUTH_ECDSA, NULL },
	{ "ecdsa-sha2_256", AUTH_ECDSA, NULL },
	{ "ecdsa-sha2_384", 0, P256_ONLY },
	{ "ecdsa-sha2_512", 0, P256_ONLY },
	{ "rsa-sha1", 0, "SHA-1 is too weak for signatures" },
	{ "ecdsa-sha1", 0, "SHA-1 is too weak for signatures" },
	{ "eddsa", 0, "EdDSA is not supported yet" },
	{ "eaponly", 0, "EAP is not supported" },
};

static const struct choice *auth_choice(const char *word, struct nearest *nearest)
{
	for (size_t i = 0; i < ARRAY_LENGTH(auth_choices); i++) {
		if (strcasecmp(word, auth_choices[i].word) == 0)
			return &auth_choices[i];
		if (!auth_choices[i].refused)
			nearest_try(nearest, auth_choices[i].word);
	}
	return NULL;
}

bool read_authby(struct setting *s, enum auth_method *method)
{
	char *copy = strdup(s->value), *rest = copy, *word;
	const char *refused = NULL;
	enum auth_method found = AUTH_DEFAULT;
	bool ok = copy != NULL;

	if (!copy)
		complain_memory(s->problems);
	while (ok && (word = strsep(&rest, ", \t")) != NULL) {
		struct nearest nearest = nearest_of(word);
		const struct choice *c = auth_choice(word, &nearest);

		if (!*word)
			continue;
		if (!c) {
			complain(s->problems,
				 &(struct complaint){ .at = s->at,
						      .word = word,
						      .expected = s->row->expected,
						      .nearest = nearest.best },
				 "unknown way to authenticate");
			ok = false;
		} else if (c->refused) {
			refused = c->refused;
		} else if (found == AUTH_DEFAULT) {
			found = (enum auth_method)c->value;
		}
	}
	if (ok && found == AUTH_DEFAULT)
		ok = setting_refuse(s, NULL, refused ? refused : "no way to authenticate");
	if (ok)
		*method = found;
	free(copy);
	return ok;
}

bool set_authby(struct setting *s)
{
	return read_authby(s, &s->draft->authby);
}
