/* Reading the lines that event_print made (node.h), so that a run can be had again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace_inside.h"

#define SOURCES 256

bool trace_next(struct walk *w)
{
	char *word, *equals;

	do {
		word = strsep(&w->rest, " ");
	} while (word && !*word);
	if (!word)
		return false;
	equals = strchr(word, '=');
	if (equals)
		*equals++ = '\0';
	w->key = word;
	w->value = equals ? equals : "";
	return true;
}

bool trace_is(const struct walk *w, const char *key)
{
	return strcmp(w->key, key) == 0;
}

uint64_t trace_number(const struct walk *w)
{
	return strtoull(w->value, NULL, 10);
}

static uint32_t hex32(const struct walk *w)
{
	return (uint32_t)strtoul(w->value, NULL, 16);
}

static bool octets(const struct walk *w, struct blob *b)
{
	return hex_decode(b, bytes_of_text(w->value));
}

static bool text(const struct walk *w, char *out, size_t room)
{
	struct blob raw = { NULL, 0 };
	bool ok = octets(w, &raw) && raw.len < room;

	if (ok) {
		if (raw.len)
			memcpy(out, raw.data, raw.len);
		out[raw.len] = '\0';
	}
	blob_discard(&raw);
	return ok;
}

/* "none" is no address, and right. */
bool trace_address(const struct walk *w, struct address *a)
{
	return strcmp(w->value, "none") == 0 || address_parse(a, w->value);
}

static bool read_packet(struct walk *w, struct event *e, struct blob *room)
{
	bool ok = true;

	while (ok && trace_next(w)) {
		if (trace_is(w, "local"))
			ok = endpoint_parse(&e->packet.local, w->value);
		else if (trace_is(w, "remote"))
			ok = endpoint_parse(&e->packet.remote, w->value);
		else if (trace_is(w, "encapsulated"))
			e->packet.encapsulated = trace_number(w) != 0;
		else if (trace_is(w, "data"))
			ok = octets(w, room);
	}
	e->packet.data = bytes_of_blob(room);
	return ok;
}

static bool read_job(struct walk *w, struct event *e)
{
	bool ok = true;

	e->job = job_new(JOB_KE_MAKE, 0);
	while (e->job && ok && trace_next(w)) {
		for (int k = JOB_KE_MAKE; k <= JOB_VERIFY; k++) {
			if (trace_is(w, job_kind_name((enum job_kind)k)))
				e->job->kind = (enum job_kind)k;
		}
		if (trace_is(w, "number"))
			e->job->number = trace_number(w);
		else if (trace_is(w, "ok"))
			e->job->ok = trace_number(w) != 0;
		else if (trace_is(w, "group"))
			e->job->group = (uint16_t)trace_number(w);
		else if (trace_is(w, "index"))
			e->job->key_index = trace_number(w);
		else if (trace_is(w, "public"))
			ok = octets(w, &e->job->public_value);
		else if (trace_is(w, "shared"))
			ok = octets(w, &e->job->shared);
		else if (trace_is(w, "signature"))
			ok = octets(w, &e->job->signature);
	}
	return ok && e->job;
}

static bool read_kernel(struct walk *w, struct event *e)
{
	bool ok = true;

	while (ok && trace_next(w)) {
		if (trace_is(w, "seq"))
			e->acquire.seq = (uint32_t)trace_number(w);
		else if (trace_is(w, "reqid"))
			e->acquire.reqid = (uint32_t)trace_number(w);
		else if (trace_is(w, "from"))
			ok = trace_address(w, &e->acquire.src);
		else if (trace_is(w, "to"))
			ok = trace_address(w, &e->acquire.dst);
		else if (trace_is(w, "src"))
			ok = selector_parse(&e->acquire.inner_src, w->value);
		else if (trace_is(w, "dst"))
			ok = selector_parse(&e->acquire.inner_dst, w->value);
	}
	return ok;
}

static bool read_expire(struct walk *w, struct event *e)
{
	bool ok = true;

	while (ok && trace_next(w)) {
		if (trace_is(w, "spi"))
			e->expire.spi = hex32(w);
		else if (trace_is(w, "hard"))
			e->expire.hard = trace_number(w) != 0;
		else if (trace_is(w, "dst"))
			ok = trace_address(w, &e->expire.dst);
	}
	return ok;
}

static bool read_mapping(struct walk *w, struct event *e)
{
	bool ok = true;

	while (ok && trace_next(w)) {
		if (trace_is(w, "spi"))
			e->mapping.spi = hex32(w);
		else if (trace_is(w, "local"))
			ok = endpoint_parse(&e->mapping.local, w->value);
		else if (trace_is(w, "remote"))
			ok = endpoint_parse(&e->mapping.remote, w->value);
	}
	return ok;
}

static bool read_failed(struct walk *w, struct event *e)
{
	bool ok = true;

	while (ok && trace_next(w)) {
		if (trace_is(w, "child"))
			e->kernel_failed.child = trace_number(w);
		else if (trace_is(w, "spi"))
			e->kernel_failed.spi = hex32(w);
		else if (trace_is(w, "why"))
			ok = text(w, e->kernel_failed.why, sizeof(e->kernel_failed.why));
		else
			ok = trace_read_policy(w, &e->kernel_failed.policy);
	}
	return ok;
}

static bool read_counters(struct walk *w, struct event *e)
{
	bool ok = true;

	while (ok && trace_next(w)) {
		if (trace_is(w, "spi"))
			e->counters.spi = hex32(w);
		else if (trace_is(w, "found"))
			e->counters.found = trace_number(w) != 0;
		else if (trace_is(w, "bytes"))
			e->counters.counters.bytes = trace_number(w);
		else if (trace_is(w, "dst"))
			ok = trace_address(w, &e->counters.dst);
	}
	return ok;
}

static bool read_policy_use(struct walk *w, struct event *e)
{
	bool ok = true;

	while (ok && trace_next(w)) {
		if (trace_is(w, "src"))
			ok = selector_parse(&e->policy_use.src, w->value);
		else if (trace_is(w, "dst"))
			ok = selector_parse(&e->policy_use.dst, w->value);
		else if (trace_is(w, "found"))
			e->policy_use.found = trace_number(w) != 0;
		else if (trace_is(w, "used"))
			e->policy_use.used = trace_number(w);
	}
	return ok;
}

static bool read_question(const struct walk *w, struct dns_answer *a)
{
	static const enum dns_type types[] = { DNS_A, DNS_TXT, DNS_AAAA, DNS_IPSECKEY };

	if (trace_is(w, "name"))
		snprintf(a->question.name, sizeof(a->question.name), "%s", w->value);
	for (size_t i = 0; trace_is(w, "type") && i < ARRAY_LENGTH(types); i++) {
		if (strcmp(w->value, dns_type_name(types[i])) == 0)
			a->question.type = types[i];
	}
	for (int v = DNS_SECURE; trace_is(w, "verdict") && v <= DNS_TIMEOUT; v++) {
		if (strcmp(w->value, dns_verdict_name((enum dns_verdict)v)) == 0)
			a->verdict = (enum dns_verdict)v;
	}
	return true;
}

static bool read_resolved(struct walk *w, struct event *e)
{
	struct dns_answer *a = calloc(1, sizeof(*a));
	bool ok = a != NULL;

	e->resolved.answer = a;
	while (ok && trace_next(w)) {
		if (trace_is(w, "number"))
			e->resolved.number = trace_number(w);
		else if (trace_is(w, "nxdomain"))
			a->nxdomain = trace_number(w) != 0;
		else if (trace_is(w, "ttl"))
			a->ttl = (msec)trace_number(w);
		else if (trace_is(w, "more"))
			a->more = trace_number(w) != 0;
		else if (trace_is(w, "rdata") && a->count < LIMIT_DNS_RECORDS)
			ok = octets(w, &a->records[a->count++].rdata);
		else
			ok = read_question(w, a);
	}
	return ok;
}

static bool read_command(struct walk *w, struct event *e)
{
	struct command *c = &e->command;
	bool ok = trace_next(w) && command_kind_parse(w->key, &c->kind);

	while (ok && trace_next(w)) {
		if (trace_is(w, "number"))
			c->number = trace_number(w);
		else if (trace_is(w, "deadline"))
			c->deadline = (msec)trace_number(w);
		else if (trace_is(w, "leave-state"))
			c->leave_state = trace_number(w) != 0;
		else if (trace_is(w, "name"))
			ok = text(w, c->name, sizeof(c->name));
		else if (trace_is(w, "state"))
			ok = text(w, c->state, sizeof(c->state));
		else if (trace_is(w, "level"))
			ok = text(w, c->level, sizeof(c->level));
		else if (trace_is(w, "within"))
			c->within = (msec)trace_number(w);
		else if (trace_is(w, "address"))
			ok = trace_address(w, &c->address);
		else if (trace_is(w, "source"))
			ok = trace_address(w, &c->source);
	}
	return ok;
}

/* The texts are read again as they were; the files that include others by patterns are not (docs/HACKING.md). */
static bool read_plan(struct walk *w, struct event *e, const struct plan *previous, char why[160])
{
	struct plan_source *sources = calloc(SOURCES, sizeof(*sources));
	struct plan_places places = { NULL, NULL, NULL };
	struct plan_problems *problems = calloc(1, sizeof(*problems));
	struct blob raw = { NULL, 0 };
	char folder[512] = "", *slash;
	size_t count = 0;

	while (sources && problems && trace_next(w) && count < SOURCES) {
		struct plan_source *s = &sources[trace_is(w, "text") && count ? count - 1 : count];

		if (!octets(w, &raw))
			break;
		if (trace_is(w, "text")) {
			s->text = strndup((const char *)raw.data, raw.len);
			s->len = raw.len;
			continue;
		}
		s->name = strndup((const char *)raw.data, raw.len);
		s->kind = trace_is(w, "config")    ? SOURCE_CONFIG
			  : trace_is(w, "secrets") ? SOURCE_SECRETS
						   : SOURCE_GROUP;
		count++;
		if (s->kind == SOURCE_CONFIG && !places.config)
			places.config = s->name;
		else if (s->kind == SOURCE_SECRETS && !places.secrets)
			places.secrets = s->name;
		else if (s->kind == SOURCE_GROUP && s->name)
			snprintf(folder, sizeof(folder), "%s", s->name);
	}
	slash = strrchr(folder, '/');
	if (slash) {
		*slash = '\0';
		places.policies = folder;
	}
	if (places.config)
		e->plan = plan_make_from_sources(sources, count, &places, previous, problems);
	if (!e->plan)
		snprintf(why, 160, "the plan's texts make no plan");
	for (size_t i = 0; sources && i < count; i++) {
		free(sources[i].name);
		if (sources[i].text)
			wipe(sources[i].text, sources[i].len);
		free(sources[i].text);
	}
	blob_discard(&raw);
	free(sources);
	free(problems);
	return e->plan != NULL;
}

static bool read_addresses(struct walk *w, struct event *e)
{
	bool ok = true;

	e->addresses = calloc(1, sizeof(*e->addresses));
	while (e->addresses && ok && trace_next(w)) {
		if (trace_is(w, "default4"))
			ok = trace_address(w, &e->addresses->default_v4);
		else if (trace_is(w, "default6"))
			ok = trace_address(w, &e->addresses->default_v6);
		else if (trace_is(w, "address") && e->addresses->count < EVENT_ADDRESS_LIMIT)
			ok = trace_address(w, &e->addresses->at[e->addresses->count++]);
	}
	return ok && e->addresses;
}

static bool read_abilities(struct walk *w, struct event *e)
{
	e->abilities.port = "replay";
	while (trace_next(w)) {
		if (trace_is(w, "esp"))
			e->abilities.esp = trace_number(w) != 0;
		else if (trace_is(w, "queues"))
			e->abilities.queues_first_packet = trace_number(w) != 0;
		else if (trace_is(w, "aead"))
			e->abilities.aead = trace_number(w) != 0;
		else if (trace_is(w, "esn"))
			e->abilities.esn = trace_number(w) != 0;
		else if (trace_is(w, "window"))
			e->abilities.replay_window_max = (uint16_t)trace_number(w);
	}
	return true;
}

static bool read_kind(struct walk *w, struct event *e, const struct plan *previous, struct blob *room,
		      char why[160])
{
	switch (e->kind) {
	case EVENT_TIME:
	case EVENT_RESYNC:
		return true;
	case EVENT_PACKET:
		return read_packet(w, e, room);
	case EVENT_JOB_DONE:
		return read_job(w, e);
	case EVENT_ACQUIRE:
		return read_kernel(w, e);
	case EVENT_EXPIRE:
		return read_expire(w, e);
	case EVENT_MAPPING:
		return read_mapping(w, e);
	case EVENT_KERNEL_STATE:
		return trace_read_state(w, &e->kernel_state);
	case EVENT_KERNEL_FAILED:
		return read_failed(w, e);
	case EVENT_COUNTERS:
		return read_counters(w, e);
	case EVENT_POLICY_USE:
		return read_policy_use(w, e);
	case EVENT_RESOLVED:
		return read_resolved(w, e);
	case EVENT_COMMAND:
		return read_command(w, e);
	case EVENT_PLAN:
		return read_plan(w, e, previous, why);
	case EVENT_ADDRESSES:
		return read_addresses(w, e);
	case EVENT_ABILITIES:
		return read_abilities(w, e);
	}
	return false;
}

bool event_parse(const char *line, struct event *event, const struct plan *previous, struct blob *room,
		 char why[160])
{
	char *copy = strdup(line);
	struct walk w = { copy, "", "" };
	bool ok = false;

	memset(event, 0, sizeof(*event));
	snprintf(why, 160, "no such event");
	if (copy && trace_next(&w)) {
		for (int k = EVENT_TIME; k <= EVENT_KERNEL_STATE && !ok; k++) {
			if (!trace_is(&w, event_kind_name((enum event_kind)k)))
				continue;
			event->kind = (enum event_kind)k;
			snprintf(why, 160, "a value of the event makes no sense");
			ok = read_kind(&w, event, previous, room, why);
			break;
		}
	}
	free(copy);
	return ok;
}
