/*
 * ipsec.secrets: entries "IDENTITIES : PSK "secret"". An entry begins at the start of a line and goes on
 * in indented lines. Private keys are not here (they live in the NSS database), so other kinds are
 * passed over with a warning. No part of a secret ever gets into a message.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lex.h"
#include "maker.h"
#include "values.h"

/* An entry being read. */
struct entry {
	struct maker *m;
	const struct plan_source *source;
	struct secret secret;
	bool open; /* there is one */
	bool bad; /* it was complained of, or is of another kind: the rest is passed over */
	bool colon, psk, done; /* ":" was read; "PSK" was; the secret was */
	struct place at, value_at;
};

static void secret_clear(struct secret *secret)
{
	for (size_t i = 0; i < secret->count; i++)
		identity_discard(&secret->ids[i]);
	free(secret->ids);
	free(secret->any);
	free(secret->file);
	blob_discard(&secret->value);
}

void secrets_clear(struct plan *plan)
{
	for (size_t i = 0; i < plan->secret_count; i++)
		secret_clear(&plan->secrets[i]);
	free(plan->secrets);
}

static void entry_refuse(struct entry *e, struct place at, const char *word, const char *expected,
			 const char *what)
{
	complain(e->m->problems, &(struct complaint){ .at = at, .word = word, .expected = expected }, "%s",
		 what);
	e->bad = true;
}

/* Ends the entry before the next one, or at the end of the file: the plan adopts it if it is whole. */
static void entry_end(struct entry *e)
{
	struct plan *plan = e->m->plan;
	void *secrets = plan->secrets;

	if (e->open && !e->bad && !e->done)
		entry_refuse(e, e->at, NULL, "IDENTITIES : PSK \"secret\"", "entry without a secret");
	if (e->open && !e->bad && e->secret.value.len < LIMIT_SECRET_WEAK)
		complain(e->m->problems, &(struct complaint){ .warning = true, .at = e->value_at },
			 "shared secret is shorter than %d octets and can be guessed", LIMIT_SECRET_WEAK);
	if (e->open && !e->bad) {
		e->secret.line = e->at.line;
		e->secret.file = strdup(e->source->name);
		if (e->secret.file &&
		    maker_grow(e->m, &secrets, plan->secret_count, &e->m->secret_room, sizeof(e->secret))) {
			plan->secrets = secrets;
			plan->secrets[plan->secret_count++] = e->secret;
			memset(&e->secret, 0, sizeof(e->secret));
		} else if (!e->secret.file) {
			complain_memory(e->m->problems);
		}
	}
	secret_clear(&e->secret);
	*e = (struct entry){ .m = e->m, .source = e->source };
}

static bool is_any(const char *text)
{
	return strcasecmp(text, "%any") == 0 || strcasecmp(text, "%any6") == 0 ||
	       strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0;
}

/* @rfc 7296-4-6 */
static void id_add(struct entry *e, const char *text, struct place at)
{
	struct secret *s = &e->secret;
	struct identity id = { ID_NONE, { NULL, 0 } };
	struct identity *ids;
	bool *any;

	if (s->count == LIMIT_SECRET_IDS) {
		entry_refuse(e, at, text, NULL, "too many identities");
		return;
	}
	if (!is_any(text) && !identity_parse(&id, text)) {
		entry_refuse(e, at, text, "an address, @name, user@host, @#hex or %any", "not an identity");
		return;
	}
	ids = realloc(s->ids, (s->count + 1) * sizeof(*ids));
	if (ids)
		s->ids = ids;
	any = realloc(s->any, (s->count + 1) * sizeof(*any));
	if (any)
		s->any = any;
	if (!ids || !any) {
		identity_discard(&id);
		complain_memory(e->m->problems);
		e->bad = true;
		return;
	}
	s->ids[s->count] = id;
	s->any[s->count++] = is_any(text);
}

static void kind_read(struct entry *e, const char *text, struct place at)
{
	static const char *const others[] = { "RSA",   "ECDSA", "EDDSA", "PKCS8", "PIN",
					      "XAUTH", "NTLM",  "EAP",   "PPK",   "PPKS" };

	if (strcasecmp(text, "PSK") == 0) {
		e->psk = true;
		return;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		if (strcasecmp(text, others[i]) == 0) {
			complain(e->m->problems,
				 &(struct complaint){ .warning = true, .at = at, .word = others[i] },
				 i < 4 ? "private keys are not read from here but from the NSS database:"
				       : "secret of a kind that is not used:");
			e->bad = true;
			return;
		}
	}
	/* What stands here may be the secret itself, if PSK was forgotten: it is not repeated. */
	entry_refuse(e, at, NULL, "PSK", "unknown kind of secret");
}

/* @rfc 7296-2.15-7 7296-2.15-8 7296-2.15-9 */
static void value_read(struct entry *e, struct slice word)
{
	char quote = word.at[0], *text;
	bool ok;

	e->value_at = word.place;
	e->done = true;
	if (quote == '"' || quote == '\'') {
		if (word.len < 2 || word.at[word.len - 1] != quote)
			entry_refuse(e, word.place, NULL, NULL, "quotes of the secret are not closed");
		else if (word.len == 2)
			entry_refuse(e, word.place, NULL, NULL, "secret is empty");
		else if (!blob_copy(&e->secret.value, bytes_of(word.at + 1, word.len - 2)))
			complain_memory(e->m->problems);
		return;
	}
	text = slice_copy(word);
	ok = text && value_octets(text, &e->secret.value);
	if (text)
		wipe(text, word.len);
	free(text);
	if (!ok)
		entry_refuse(e, word.place, NULL, "\"text\" in quotes, 0sBASE64 or 0xHEX", "bad secret");
}

/* One word of an entry before its secret: an identity, the colon, or the kind. */
static void word_read(struct entry *e, struct slice word)
{
	struct address address;
	char *text;

	if (e->colon && e->psk) {
		if (e->done)
			entry_refuse(e, word.place, NULL, NULL, "something stands behind the secret");
		else
			value_read(e, word);
		return;
	}
	if (word.len && (word.at[0] == '"' || word.at[0] == '\'') && word.len >= 2) {
		word = slice_skip(word, 1);
		word.len--;
	}
	text = slice_copy(word);
	if (!text) {
		complain_memory(e->m->problems);
		return;
	}
	if (e->colon) {
		kind_read(e, text, word.place);
	} else if (strcmp(text, ":") == 0) {
		e->colon = true;
	} else if (text[0] == ':' && text[1] != ':') {
		e->colon = true;
		kind_read(e, text + 1, word.place);
	} else {
		/* "name:" is a name and the colon, but "2001:db8::" is an address. */
		if (word.len > 1 && text[word.len - 1] == ':' && !address_parse(&address, text)) {
			text[word.len - 1] = '\0';
			e->colon = true;
		}
		id_add(e, text, word.place);
	}
	wipe(text, word.len);
	free(text);
}

static void include_read(struct entry *e, struct slice rest)
{
	struct source_request request = {
		.includer = e->source->name, .kind = SOURCE_SECRETS, .at = rest.place, .read = secrets_read
	};
	struct slice word;
	char *pattern;

	if (!lex_word(&rest, &word) || rest.len) {
		complain(e->m->problems,
			 &(struct complaint){ .at = rest.place, .expected = "one file name or pattern" },
			 "bad include");
		return;
	}
	if (word.len > 2 && (word.at[0] == '"' || word.at[0] == '\'')) {
		word = slice_skip(word, 1);
		word.len--;
	}
	pattern = slice_copy(word);
	if (!pattern) {
		complain_memory(e->m->problems);
		return;
	}
	request.pattern = pattern;
	sources_read(e->m, &request);
	free(pattern);
}

void secrets_read(struct maker *m, const struct plan_source *source, void *context)
{
	struct lex lex = lex_of(source->name, source->text, source->len, m->problems);
	struct entry e = { .m = m, .source = source };
	struct lex_line line;
	struct slice rest, word;

	lex.single_quotes = true;
	while (lex_next(&lex, &line)) {
		rest = line.text;
		if (!line.indented) {
			struct slice peek = rest;

			entry_end(&e);
			if (!line.broken && lex_word(&peek, &word) && slice_is(word, "include")) {
				include_read(&e, peek);
				continue;
			}
			e.open = true;
			e.at = line.text.place;
		} else if (!e.open) {
			complain(m->problems, &(struct complaint){ .at = rest.place },
				 "indented line continues no entry");
			continue;
		}
		e.bad = e.bad || line.broken;
		while (!e.bad && lex_word(&rest, &word))
			word_read(&e, word);
	}
	entry_end(&e);
}

/* ---- which secret --------------------------------------------------------------------------------------------- */

/* How well an entry fits: 0 not at all; see plan_secret for the order. */
static unsigned secret_rank(const struct secret *s, const struct identity *local,
			    const struct identity *remote)
{
	bool any = false, only_any = true, names_local = false, names_remote = false;

	for (size_t i = 0; i < s->count; i++) {
		any = any || s->any[i];
		only_any = only_any && s->any[i];
		names_local = names_local || (!s->any[i] && identity_equal(&s->ids[i], local));
		names_remote = names_remote || (!s->any[i] && identity_equal(&s->ids[i], remote));
	}
	if (s->count == 0)
		return 1;
	if (names_local && names_remote)
		return 5;
	/* An entry for two is not for a third: only %any stands for the end that is not named. */
	if ((names_local || names_remote) && any)
		return 4;
	if ((names_local || names_remote) && s->count == 1)
		return 3;
	return only_any ? 2 : 0;
}

const struct secret *plan_secret(const struct plan *plan, const struct identity *local,
				 const struct identity *remote)
{
	const struct secret *best = NULL;
	unsigned best_rank = 0;

	for (size_t i = 0; i < plan->secret_count; i++) {
		unsigned rank = secret_rank(&plan->secrets[i], local, remote);

		if (rank > best_rank) {
			best_rank = rank;
			best = &plan->secrets[i];
		}
	}
	return best;
}
