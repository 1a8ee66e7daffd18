/*
 * Events and actions as lines (node.h): key=value, octets in hexadecimal. An event's line holds all that a
 * replay needs, secrets too (the plan's texts, shared secrets of jobs): only root may read a trace.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node.h"

/* A growing text; NULL in `at` after memory was refused. */
struct line {
	char *at;
	size_t used, room;
};

static void add(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *l, const char *format, ...)
{
	char piece[512];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(piece, sizeof(piece), format, args);
	va_end(args);
	if (!l->at || len < 0)
		return;
	if ((size_t)len >= sizeof(piece))
		len = sizeof(piece) - 1;
	if (l->used + (size_t)len + 1 > l->room) {
		size_t room = (l->used + (size_t)len + 1) * 2;
		char *grown = realloc(l->at, room);

		if (!grown) {
			free(l->at);
			l->at = NULL;
			return;
		}
		l->at = grown;
		l->room = room;
	}
	memcpy(l->at + l->used, piece, (size_t)len + 1);
	l->used += (size_t)len;
}

static struct line begin(const char *kind)
{
	struct line l = { malloc(128), 0, 128 };

	if (l.at)
		l.at[0] = '\0';
	add(&l, "%s", kind);
	return l;
}

static void add_hex(struct line *l, const char *key, struct bytes b)
{
	add(l, " %s=", key);
	for (size_t i = 0; i < b.len; i++)
		add(l, "%02x", b.at[i]);
}

static void add_endpoint(struct line *l, const char *key, const struct endpoint *e)
{
	char text[ENDPOINT_TEXT];

	add(l, " %s=%s", key, endpoint_print(e, text));
}

static void add_address(struct line *l, const char *key, const struct address *a)
{
	char text[ADDRESS_TEXT];

	add(l, " %s=%s", key, address_print(a, text));
}

static void add_selector(struct line *l, const char *key, const struct selector *s)
{
	char text[SELECTOR_TEXT];

	add(l, " %s=%s", key, selector_print(s, text));
}

static void add_command(struct line *l, const struct command *c)
{
	add(l, " %s number=%llu deadline=%lld", command_kind_name(c->kind), (unsigned long long)c->number,
	    (long long)c->deadline);
	add_hex(l, "name", bytes_of_text(c->name));
	if (c->state[0])
		add_hex(l, "state", bytes_of_text(c->state));
	if (c->level[0])
		add_hex(l, "level", bytes_of_text(c->level));
	if (c->within)
		add(l, " within=%lld", (long long)c->within);
	if (c->leave_state)
		add(l, " leave-state=1");
	if (c->address.family != ADDRESS_NONE)
		add_address(l, "address", &c->address);
	if (c->source.family != ADDRESS_NONE)
		add_address(l, "source", &c->source);
}

static void add_job(struct line *l, const struct job *job)
{
	add(l, " %s number=%llu ok=%d group=%u index=%zu", job_kind_name(job->kind),
	    (unsigned long long)job->number, job->ok, job->group, job->key_index);
	add_hex(l, "public", bytes_of_blob(&job->public_value));
	add_hex(l, "shared", bytes_of_blob(&job->shared));
	add_hex(l, "signature", bytes_of_blob(&job->signature));
}

static void add_answer(struct line *l, const struct dns_answer *a)
{
	add(l, " name=%s type=%s verdict=%s nxdomain=%d ttl=%lld more=%d", a->question.name,
	    dns_type_name(a->question.type), dns_verdict_name(a->verdict), a->nxdomain, (long long)a->ttl,
	    a->more);
	for (size_t i = 0; i < a->count; i++)
		add_hex(l, "rdata", bytes_of_blob(&a->records[i].rdata));
}

static void add_plan(struct line *l, const struct plan *plan)
{
	static const char *const kinds[] = { "config", "secrets", "group" };

	for (size_t i = 0; i < plan->source_count; i++) {
		const struct plan_source *s = &plan->sources[i];

		add_hex(l, kinds[s->kind], bytes_of_text(s->name));
		add_hex(l, "text", bytes_of(s->text, s->len));
	}
}

static void add_whole_policy(struct line *l, const struct kernel_policy *p)
{
	add(l, " policy=%d action=%d mode=%d reqid=%u priority=%u", p->direction, p->action, p->mode,
	    p->reqid, p->priority);
	add_address(l, "from", &p->tunnel_src);
	add_address(l, "to", &p->tunnel_dst);
	add_selector(l, "src", &p->src);
	add_selector(l, "dst", &p->dst);
}

static void add_state(struct line *l, const struct kernel_state *state)
{
	add(l, " adopt=%d", state->adopt);
	for (size_t i = 0; i < state->sa_count; i++) {
		const struct kernel_sa *sa = &state->sas[i];

		add(l, " sa=%08x reqid=%u", sa->spi, sa->reqid);
		add_address(l, "from", &sa->src);
		add_address(l, "to", &sa->dst);
	}
	for (size_t i = 0; i < state->policy_count; i++)
		add_whole_policy(l, &state->policies[i]);
}

static void add_abilities(struct line *l, const struct kernel_abilities *a)
{
	add(l, " port=%s esp=%d queues=%d aead=%d esn=%d window=%u", a->port, a->esp, a->queues_first_packet,
	    a->aead, a->esn, a->replay_window_max);
}

static void add_counters(struct line *l, const struct event *e)
{
	add(l, " spi=%08x found=%d bytes=%llu", e->counters.spi, e->counters.found,
	    (unsigned long long)e->counters.counters.bytes);
	add_address(l, "dst", &e->counters.dst);
}

static void add_use(struct line *l, const struct event *e)
{
	add_selector(l, "src", &e->policy_use.src);
	add_selector(l, "dst", &e->policy_use.dst);
	add(l, " found=%d used=%llu", e->policy_use.found, (unsigned long long)e->policy_use.used);
}

char *event_print(const struct event *e)
{
	struct line l = begin(event_kind_name(e->kind));

	switch (e->kind) {
	case EVENT_PACKET:
		add_endpoint(&l, "local", &e->packet.local);
		add_endpoint(&l, "remote", &e->packet.remote);
		add(&l, " encapsulated=%d", e->packet.encapsulated);
		add_hex(&l, "data", e->packet.data);
		break;
	case EVENT_JOB_DONE:
		add_job(&l, e->job);
		break;
	case EVENT_ACQUIRE:
		add(&l, " seq=%u reqid=%u", e->acquire.seq, e->acquire.reqid);
		add_address(&l, "from", &e->acquire.src);
		add_address(&l, "to", &e->acquire.dst);
		add_selector(&l, "src", &e->acquire.inner_src);
		add_selector(&l, "dst", &e->acquire.inner_dst);
		break;
	case EVENT_EXPIRE:
		add(&l, " spi=%08x hard=%d", e->expire.spi, e->expire.hard);
		add_address(&l, "dst", &e->expire.dst);
		break;
	case EVENT_MAPPING:
		add(&l, " spi=%08x", e->mapping.spi);
		add_endpoint(&l, "local", &e->mapping.local);
		add_endpoint(&l, "remote", &e->mapping.remote);
		break;
	case EVENT_KERNEL_STATE:
		add_state(&l, e->kernel_state);
		break;
	case EVENT_KERNEL_FAILED:
		add(&l, " child=%llu spi=%08x", (unsigned long long)e->kernel_failed.child,
		    e->kernel_failed.spi);
		add_hex(&l, "why", bytes_of_text(e->kernel_failed.why));
		if (!e->kernel_failed.child)
			add_whole_policy(&l, &e->kernel_failed.policy);
		break;
	case EVENT_COUNTERS:
		add_counters(&l, e);
		break;
	case EVENT_POLICY_USE:
		add_use(&l, e);
		break;
	case EVENT_RESOLVED:
		add(&l, " number=%llu", (unsigned long long)e->resolved.number);
		add_answer(&l, e->resolved.answer);
		break;
	case EVENT_COMMAND:
		add_command(&l, &e->command);
		break;
	case EVENT_PLAN:
		add_plan(&l, e->plan);
		break;
	case EVENT_ADDRESSES:
		add_address(&l, "default4", &e->addresses->default_v4);
		add_address(&l, "default6", &e->addresses->default_v6);
		for (size_t i = 0; i < e->addresses->count; i++)
			add_address(&l, "address", &e->addresses->at[i]);
		break;
	case EVENT_ABILITIES:
		add_abilities(&l, &e->abilities);
		break;
	case EVENT_TIME:
	case EVENT_RESYNC:
		break;
	}
	return l.at;
}

static void add_sa(struct line *l, const struct kernel_sa *sa)
{
	add(l, " spi=%08x %s mode=%s reqid=%u", sa->spi, sa->inbound ? "in" : "out",
	    kernel_mode_name(sa->mode), sa->reqid);
	add_address(l, "src", &sa->src);
	add_address(l, "dst", &sa->dst);
	add(l, " encr=%u/%u integ=%u esn=%d seq=%u", sa->encr, sa->encr_bits, sa->integ, sa->esn,
	    sa->acquire_seq);
}

static void add_policy(struct line *l, const struct kernel_policy *p)
{
	add(l, " %s %s priority=%u reqid=%u mode=%s", kernel_direction_name(p->direction),
	    kernel_policy_action_name(p->action), p->priority, p->reqid, kernel_mode_name(p->mode));
	add_selector(l, "src", &p->src);
	add_selector(l, "dst", &p->dst);
}

static void add_report(struct line *l, const struct report *r)
{
	add(l, " command=%llu kind=%s", (unsigned long long)r->command, r->kind);
	if (r->final)
		add(l, " final status=%d", r->status);
	for (size_t i = 0; i < r->count; i++)
		add(l, " %s=%s", r->field[i].key, r->field[i].value);
}

char *action_print(const struct action *a)
{
	struct line l = begin(action_kind_name(a->kind));

	switch (a->kind) {
	case ACTION_SEND:
		add_endpoint(&l, "local", &a->send.local);
		add_endpoint(&l, "remote", &a->send.remote);
		add_hex(&l, "data", bytes_of_blob(&a->send.data));
		break;
	case ACTION_JOB:
		add(&l, " %s number=%llu group=%u", job_kind_name(a->job->kind),
		    (unsigned long long)a->job->number, a->job->group);
		break;
	case ACTION_RESOLVE:
		add(&l, " number=%llu name=%s type=%s", (unsigned long long)a->resolve.number,
		    a->resolve.question.name, dns_type_name(a->resolve.question.type));
		break;
	case ACTION_SA_INSTALL:
	case ACTION_SA_REMOVE:
	case ACTION_SA_QUERY:
		add_sa(&l, &a->sa.sa);
		break;
	case ACTION_POLICY_PUT:
	case ACTION_POLICY_REMOVE:
	case ACTION_POLICY_QUERY:
		add_policy(&l, &a->policy);
		break;
	case ACTION_REPORT:
		add_report(&l, a->report);
		break;
	case ACTION_TRANSITION:
		add(&l, " %s %llu %s %s->%s %s", a->transition.subject,
		    (unsigned long long)a->transition.serial, a->transition.name, a->transition.from,
		    a->transition.to, reason_word(a->transition.reason));
		break;
	case ACTION_KEYS:
		add(&l, " spi-i=%016llx spi-r=%016llx", (unsigned long long)a->keys.spi_i,
		    (unsigned long long)a->keys.spi_r);
		break;
	case ACTION_NOTE:
		add(&l, " %s %s", note_level_name(a->note.level), a->note.text);
		break;
	case ACTION_STOPPING:
	case ACTION_STOPPED:
		add(&l, " confirmed=%u unanswered=%u", a->stopped.confirmed, a->stopped.unanswered);
		break;
	}
	return l.at;
}
