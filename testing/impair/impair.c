/* The impairments between a node and its world (impair.h). */
#include "impair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

struct impair *impair_new(const struct crypto *inner)
{
	struct impair *im = calloc(1, sizeof(*im));

	if (im) {
		im->inner = inner;
		impair_crypto_init(im);
	}
	return im;
}

static void disarm(struct impair *im, const char *name)
{
	for (size_t i = im->armed_count; i--;) {
		struct armed *a = &im->armed[i];

		if (name && !impair_is(a, name))
			continue;
		if (impair_is(a, "fail-allocation"))
			impair_allocation_arm(0, 0);
		if (a->row->kind == IMPAIR_SYSTEM && impair_system)
			impair_system->off();
		blob_discard(&a->hex);
		im->armed_count--;
		memmove(a, a + 1, (im->armed_count - i) * sizeof(*a));
	}
}

void impair_discard(struct impair *im)
{
	if (!im)
		return;
	disarm(im, NULL);
	while (im->later) {
		struct later *next = im->later->next;

		impair_later_discard(im, im->later);
		im->later = next;
	}
	for (size_t i = 0; i < IMPAIR_MEMOS; i++) {
		blob_discard(&im->memo[i].node);
		blob_discard(&im->memo[i].wire);
	}
	datagrams_discard(&im->record[INBOUND]);
	datagrams_discard(&im->record[OUTBOUND]);
	free(im->addresses);
	wipe(im->keys, sizeof(im->keys));
	free(im);
}

const struct crypto *impair_crypto(const struct impair *im)
{
	return &im->crypto;
}

bool impair_arm(struct impair *im, msec now, const char *text, char why[160])
{
	struct armed *a = &im->armed[im->armed_count];

	if (strncmp(text, "off", 3) == 0 && (!text[3] || text[3] == ' ')) {
		disarm(im, text[3] ? text + 4 : NULL);
		return true;
	}
	if (im->armed_count == IMPAIR_ARMED) {
		snprintf(why, 160, "as many impairments are armed as there is room for");
		return false;
	}
	if (!impair_parse(a, text, why))
		return false;
	if (a->row->kind == IMPAIR_SYSTEM &&
	    (!impair_system || !impair_system->arm(a->word, a->row->name, a->from, a->to))) {
		snprintf(why, 160, "%s: only the test build of the daemon has system calls to fail",
			 a->row->name);
		return false;
	}
	im->armed_count++;
	impair_at_once(im, now, a);
	return true;
}

/* ---- what comes in ---- */

/* The NAT before this node has given its peer another port. */
static void remap(struct impair *im, struct event *event)
{
	struct armed *a;

	if (!impair_armed(im, "change-port") || event->packet.data.len < HEADER_OCTETS)
		return;
	a = impair_ask(im, "change-port", NULL);
	if (!a)
		return;
	im->port_was = event->packet.remote.port;
	im->port = (uint16_t)a->number[0];
	event->packet.remote.port = im->port;
}

static void take_packet(struct impair *im, msec now, const struct event *event, struct impair_events *in)
{
	struct datagram d = {
		event->packet.local, event->packet.remote, event->packet.encapsulated, { NULL, 0 }
	};
	struct datagrams out = { NULL, 0, 0 };

	if (!blob_copy(&d.data, event->packet.data))
		abort();
	impair_flow(im, now, INBOUND, &d, &out);
	for (size_t i = 0; i < out.count; i++) {
		struct event one = { .kind = EVENT_PACKET };

		one.packet.local = out.at[i].local;
		one.packet.remote = out.at[i].remote;
		one.packet.encapsulated = out.at[i].encapsulated;
		one.packet.data = bytes_of_blob(&out.at[i].data);
		remap(im, &one);
		impair_rewrite(im, INBOUND, &out.at[i].data);
		impair_feed(in, &one, bytes_of_blob(&out.at[i].data));
	}
	datagrams_discard(&out);
}

static void take(struct impair *im, msec now, struct event *event, struct impair_events *in)
{
	if (im->dead || (im->asleep > now && event->kind == EVENT_PACKET)) {
		event_discard(im->inner, event);
	} else if (im->asleep > now && event->kind != EVENT_ADDRESSES) {
		if (event->kind != EVENT_TIME)
			impair_later_event(im, im->asleep, event);
	} else if (event->kind == EVENT_PACKET) {
		take_packet(im, now, event, in);
	} else if (impair_inside(im, now, event)) {
		impair_feed(in, event, BYTES_NONE);
	}
}

void impair_event(struct impair *im, msec now, struct event *event, struct impair_events *in)
{
	static const struct event time = { .kind = EVENT_TIME };

	memset(in, 0, sizeof(*in));
	/* Who wakes up first sees how late it is. */
	if (im->asleep && im->asleep <= now && !im->dead)
		impair_feed(in, &time, BYTES_NONE);
	if (im->asleep <= now)
		im->asleep = 0;
	for (struct later **at = &im->later; *at;) {
		struct later *l = *at;

		if (l->at > now || l->outbound || im->dead) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		impair_feed(in, &l->event, bytes_of_blob(&l->datagram.data));
		l->event.kind = EVENT_TIME;
		impair_later_discard(im, l);
	}
	take(im, now, event, in);
}

/* ---- what goes out ---- */

static void send(struct impair *im, struct actions *to, struct datagram *d)
{
	struct action *a = actions_add(to, ACTION_SEND);

	if (!a)
		abort();
	if (im->port && d->remote.port == im->port)
		d->remote.port = im->port_was;
	impair_rewrite(im, OUTBOUND, &d->data);
	a->send.local = d->local;
	a->send.remote = d->remote;
	a->send.encapsulated = d->encapsulated;
	blob_move(&a->send.data, &d->data);
}

static void send_flow(struct impair *im, msec now, struct actions *to, struct action *from)
{
	struct datagram d = { from->send.local, from->send.remote, from->send.encapsulated, from->send.data };
	struct datagrams out = { NULL, 0, 0 };

	from->send.data = (struct blob){ NULL, 0 };
	impair_flow(im, now, OUTBOUND, &d, &out);
	for (size_t i = 0; i < out.count; i++)
		send(im, to, &out.at[i]);
	datagrams_discard(&out);
}

static void send_due(struct impair *im, msec now, struct actions *to)
{
	for (struct later **at = &im->later; *at;) {
		struct later *l = *at;

		if (l->at > now || !l->outbound || im->dead) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		send(im, to, &l->datagram);
		impair_later_discard(im, l);
	}
}

static const char *kernel_step(const struct action *a)
{
	static const char *const puts[] = { "policy-out", "policy-in", "policy-fwd" };

	switch (a->kind) {
	case ACTION_SA_INSTALL:
		return a->sa.sa.inbound ? "sa-in" : "sa-out";
	case ACTION_SA_REMOVE:
		return "sa-remove";
	case ACTION_SA_QUERY:
		return "sa-query";
	case ACTION_POLICY_PUT:
		return puts[a->policy.direction];
	case ACTION_POLICY_REMOVE:
		return "policy-remove";
	default:
		return NULL;
	}
}

/* Whether the kernel does not do it. What it would have done fails as XFRM's requests do; a removal just does nothing. */
static bool kernel_fails(struct impair *im, msec now, const struct action *a)
{
	const char *step = kernel_step(a);
	struct event event = { .kind = EVENT_KERNEL_FAILED };

	if (!step || !impair_ask(im, "fail-kernel", step))
		return false;
	if (a->kind == ACTION_SA_INSTALL) {
		event.kernel_failed.child = a->sa.child;
		event.kernel_failed.spi = a->sa.sa.spi;
	} else if (a->kind == ACTION_POLICY_PUT) {
		event.kernel_failed.policy = a->policy;
	} else if (a->kind == ACTION_SA_QUERY) {
		event = (struct event){ .kind = EVENT_COUNTERS };
		event.counters.spi = a->sa.sa.spi;
		event.counters.dst = a->sa.sa.dst;
	}
	if (a->kind == ACTION_SA_INSTALL || a->kind == ACTION_POLICY_PUT)
		snprintf(event.kernel_failed.why, sizeof(event.kernel_failed.why), "impaired");
	if (a->kind != ACTION_SA_REMOVE && a->kind != ACTION_POLICY_REMOVE)
		impair_later_event(im, now, &event);
	return true;
}

/* die-after: what is named is carried out, and nothing after it. */
static bool dies(struct impair *im, const struct action *a)
{
	const char *step = kernel_step(a);

	if (a->kind == ACTION_SEND)
		step = "send";
	else if (a->kind == ACTION_JOB)
		step = "job";
	return step && impair_ask(im, "die-after", step);
}

static void pass_on(struct impair *im, msec now, struct actions *to, struct action *a)
{
	struct blob data = { NULL, 0 };
	struct action *place;

	if (a->kind == ACTION_KEYS)
		impair_learn_keys(im, a);
	if (a->kind == ACTION_JOB && (a->job->kind == JOB_SIGN || a->job->kind == JOB_VERIFY) &&
	    impair_substitute(im, bytes_of_blob(&a->job->data), &data))
		blob_move(&a->job->data, &data);
	if (a->kind == ACTION_SEND) {
		send_flow(im, now, to, a);
		return;
	}
	if (kernel_fails(im, now, a) ||
	    (a->kind == ACTION_RESOLVE &&
	     impair_ask(im, "dns-silent", dns_type_name(a->resolve.question.type))))
		return;
	place = actions_add(to, a->kind);
	if (!place)
		abort();
	*place = *a;
	a->kind = ACTION_TRANSITION; /* it owns nothing any more */
}

void impair_actions(struct impair *im, msec now, struct actions *actions)
{
	struct actions to;

	if (im->dead)
		return;
	actions_init(&to);
	to.failed = actions->failed;
	to.no_debug = actions->no_debug;
	for (size_t i = 0; i < actions->count && !im->dead; i++) {
		bool last = dies(im, &actions->at[i]);

		pass_on(im, now, &to, &actions->at[i]);
		im->dead = last;
	}
	send_due(im, now, &to);
	actions_discard(im->inner, actions);
	*actions = to;
}

/* ---- time ---- */

msec impair_now(const struct impair *im, msec now)
{
	return now + im->ahead;
}

msec impair_deadline(const struct impair *im, msec node_due)
{
	msec due = node_due == MSEC_NEVER ? MSEC_NEVER : node_due - im->ahead;

	if (im->dead)
		return MSEC_NEVER;
	for (const struct later *l = im->later; l; l = l->next) {
		if (l->at < due)
			due = l->at;
	}
	return due < im->asleep ? im->asleep : due;
}

bool impair_died(const struct impair *im)
{
	return im->dead;
}

void impair_step_begins(struct impair *im)
{
	impair_allocation_window(true);
}

void impair_step_ends(struct impair *im)
{
	impair_allocation_window(false);
}
