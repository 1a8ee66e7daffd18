/* Arming: the words of an impairment into a struct armed; and whose occasion it is (impair.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "inside.h"
#include "lib/ike/wire/payload.h"
#include "public_key.h"

const struct impair_system *impair_system;

static bool refuse(char why[160], const char *what, const char *word)
{
	snprintf(why, 160, "%s: '%.60s'", what, word);
	return false;
}

/* ---- words ---- */

static bool payload_parse(const char *word, size_t len, uint8_t *type)
{
	char text[16], *end;
	long number;

	if (!len || len >= sizeof(text))
		return false;
	memcpy(text, word, len);
	text[len] = '\0';
	*type = PAYLOAD_NONCE;
	if (!strcasecmp(text, "Ni") || !strcasecmp(text, "Nr"))
		return true;
	for (unsigned t = 1; t < 256; t++) {
		const char *name = payload_name((uint8_t)t);

		*type = (uint8_t)t;
		if (name && !strcasecmp(name, text))
			return true;
	}
	number = strtol(text, &end, 0);
	*type = (uint8_t)number;
	return !*end && number > 0 && number < 256;
}

static bool payloads_parse(struct armed *a, const char *word)
{
	while (*word) {
		size_t len = strcspn(word, ",");

		if (a->payload_count == ARRAY_LENGTH(a->payload) ||
		    !payload_parse(word, len, &a->payload[a->payload_count++]))
			return false;
		word += len + (word[len] == ',');
	}
	return a->payload_count > 0;
}

static bool which_parse(struct impair_which *w, const char *word)
{
	static const char *const exchanges[] = { "init", "auth", "create", "informational" };
	size_t len = strcspn(word, "/");
	const char *way;

	*w = (struct impair_which){ .request = true, .answer = true };
	if (word[len] && !payload_parse(word + len + 1, strlen(word + len + 1), &w->payload))
		return false;
	if (len == 9 && !strncmp(word, "keepalive", len)) {
		w->keepalive = true;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(exchanges); i++) {
		size_t head = strlen(exchanges[i]);

		if (len >= head && !strncmp(word, exchanges[i], head) && (len == head || word[head] == '-'))
			w->exchange = (uint8_t)(IKE_SA_INIT + i);
	}
	way = w->exchange ? memchr(word, '-', len) : word;
	if (!way)
		return true;
	way += w->exchange != 0;
	len -= (size_t)(way - word);
	if (!w->exchange && len == 3 && !strncmp(way, "any", len))
		return true;
	w->request = len == 7 && !strncmp(way, "request", len);
	w->answer = len == 6 && !strncmp(way, "answer", len);
	return w->request || w->answer;
}

static bool range_parse(struct armed *a, const char *word)
{
	char *end;

	a->from = (unsigned)strtoul(word, &end, 10);
	a->to = a->from;
	if (*end == '-')
		a->to = (unsigned)strtoul(end + 1, &end, 10);
	return !*end && a->from && a->to >= a->from;
}

static bool span_parse(msec *span, const char *word)
{
	char *end;
	long n = strtol(word, &end, 10);

	*span = !strcmp(end, "ms") ? n : !strcmp(end, "m") ? MINUTES(n) : SECONDS(n);
	return end != word && n >= 0 &&
	       (!*end || !strcmp(end, "ms") || !strcmp(end, "s") || !strcmp(end, "m"));
}

static bool number_parse(struct armed *a, const char *word)
{
	char *end;

	if (a->number_count == ARRAY_LENGTH(a->number))
		return false;
	a->number[a->number_count++] = strtol(word, &end, 0);
	return end != word && !*end;
}

/* "a|b|c" of a form has the word, whole. */
static bool is_choice(const char *form, size_t len, const char *word)
{
	size_t have = strlen(word);

	while (len) {
		const char *bar = memchr(form, '|', len);
		size_t one = bar ? (size_t)(bar - form) : len;

		if (one == have && !memcmp(form, word, one))
			return true;
		form += one + (bar != NULL);
		len -= one + (bar != NULL);
	}
	return false;
}

/* One argument, by its place in the form; false: it does not fit there. */
static bool argument(struct armed *a, const char *form, size_t len, const char *word)
{
	if (len == 7 && !memcmp(form, "MESSAGE", len))
		return which_parse(&a->which, word);
	if (len == 8 && !memcmp(form, "PAYLOADS", len))
		return payloads_parse(a, word);
	if (len == 7 && !memcmp(form, "PAYLOAD", len))
		return payloads_parse(a, word) && a->payload_count == 1;
	if (len == 6 && !memcmp(form, "NUMBER", len))
		return number_parse(a, word);
	if (len == 4 && !memcmp(form, "SPAN", len))
		return span_parse(&a->span, word);
	if (len == 7 && !memcmp(form, "ADDRESS", len))
		return address_parse(&a->address, word);
	if (len == 3 && !memcmp(form, "HEX", len)) {
		a->has_hex =
			!strncmp(word, "0x", 2) && (!word[2] || hex_decode(&a->hex, bytes_of_text(word + 2)));
		return a->has_hex;
	}
	if (len != 4 || memcmp(form, "WORD", len) != 0) {
		if (!is_choice(form, len, word))
			return len > 7 && !memcmp(form + len - 7, "|NUMBER", 7) && number_parse(a, word);
	}
	snprintf(a->word, sizeof(a->word), "%s", word);
	return true;
}

static const struct impair_row *find_row(const char *name)
{
	const struct impair_row *row;

	for (size_t i = 0; (row = impair_row(i)) != NULL; i++) {
		if (!strcmp(row->name, name))
			return row;
	}
	return NULL;
}

bool impair_parse(struct armed *a, const char *text, char why[160])
{
	char copy[256], *word[IMPAIR_WORDS] = { NULL }, *save = NULL;
	const char *form;
	size_t count = 0, at = 1;

	memset(a, 0, sizeof(*a));
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *w = strtok_r(copy, " \t", &save); w && count < IMPAIR_WORDS;
	     w = strtok_r(NULL, " \t", &save))
		word[count++] = w;
	a->row = count ? find_row(word[0]) : NULL;
	if (!a->row)
		return refuse(why, "there is no such impairment", count ? word[0] : "");
	a->from = 1;
	a->to = UINT32_MAX;
	for (form = a->row->form; *form; form += strspn(form, " ")) {
		bool optional = *form == '[';
		size_t len;

		form += optional;
		len = strcspn(form, " ]");
		if (at < count && argument(a, form, len, word[at]))
			at++;
		else if (!optional)
			return refuse(why,
				      at < count ? "an argument makes no sense" : "an argument is missing",
				      at < count ? word[at] : a->row->form);
		form += len + optional;
	}
	if (at < count && range_parse(a, word[at]))
		at++;
	if (at < count) {
		blob_discard(&a->hex);
		return refuse(why, "an argument makes no sense", word[at]);
	}
	return true;
}

/* ---- occasions ---- */

bool impair_is(const struct armed *a, const char *name)
{
	return !strcmp(a->row->name, name);
}

static void count_met(struct impair *im, const char *name)
{
	size_t i = 0;

	while (i < im->tally_count && strcmp(im->tally[i].name, name) != 0)
		i++;
	if (i == ARRAY_LENGTH(im->tally))
		return;
	if (i == im->tally_count)
		snprintf(im->tally[im->tally_count++].name, sizeof(im->tally[0].name), "%s", name);
	im->tally[i].met++;
}

bool impair_takes(struct impair *im, struct armed *a)
{
	a->occasions++;
	if (a->occasions < a->from || a->occasions > a->to)
		return false;
	a->met++;
	count_met(im, a->row->name);
	return true;
}

struct armed *impair_ask(struct impair *im, const char *name, const char *word)
{
	struct armed *taken = NULL;

	for (size_t i = 0; i < im->armed_count; i++) {
		struct armed *a = &im->armed[i];

		if (impair_is(a, name) && (!word || !strcmp(a->word, word) || !strcmp(a->word, "any")) &&
		    impair_takes(im, a))
			taken = a;
	}
	return taken;
}

bool impair_armed(const struct impair *im, const char *name)
{
	for (size_t i = 0; i < im->armed_count; i++) {
		if (impair_is(&im->armed[i], name))
			return true;
	}
	return false;
}

unsigned impair_met(const struct impair *im, const char *name)
{
	for (size_t i = 0; i < im->tally_count; i++) {
		if (!strcmp(im->tally[i].name, name))
			return im->tally[i].met;
	}
	if (impair_system && impair_system->met(name))
		return impair_system->met(name);
	return !strcmp(name, "fail-allocation") ? impair_allocation_met() : 0;
}
