/* Faults of what comes in besides packets: jobs, kernel's words, DNS; and faults that begin at once (inside.h). */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

/* ---- DNS ---- */

static void flip_records(struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		struct blob *b = &answer->records[i].rdata;

		if (b->len)
			b->data[b->len - 1] ^= 0x55;
	}
}

static void drop_records(struct dns_answer *answer)
{
	dns_answer_discard(answer);
	answer->count = 0;
	answer->more = false;
}

static void cut_records(struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		if (answer->records[i].rdata.len > 3)
			answer->records[i].rdata.len = 3;
	}
}

static void falsify(const struct armed *a, struct dns_answer *answer)
{
	static const enum dns_verdict verdicts[] = { DNS_SECURE, DNS_INSECURE, DNS_BOGUS, DNS_FAILED,
						     DNS_TIMEOUT };

	for (size_t i = 0; i < ARRAY_LENGTH(verdicts); i++) {
		if (!strcmp(a->word, dns_verdict_name(verdicts[i])))
			answer->verdict = verdicts[i];
	}
	if (!strcmp(a->word, "none") || answer->verdict >= DNS_BOGUS)
		drop_records(answer);
	else if (!strcmp(a->word, "malformed"))
		cut_records(answer);
	else if (!strcmp(a->word, "more"))
		answer->more = true;
	else if (!strcmp(a->word, "changed") || !strcmp(a->word, "spoofed"))
		flip_records(answer);
	if (!strcmp(a->word, "spoofed"))
		answer->verdict = DNS_INSECURE;
}

static bool take_answer(struct impair *im, msec now, struct event *event)
{
	struct armed *a = impair_ask(im, "dns-answer", NULL);

	if (a && event->resolved.answer)
		falsify(a, event->resolved.answer);
	a = impair_ask(im, "dns-late", NULL);
	if (a)
		impair_later_event(im, now + a->span, event);
	return !a;
}

/* ---- jobs ---- */

static bool take_job(struct impair *im, msec now, struct event *event)
{
	const char *kind = job_kind_name(event->job->kind);
	struct armed *a;

	if (impair_ask(im, "fail-job", kind))
		event->job->ok = false;
	a = impair_ask(im, "delay-job", kind);
	if (a)
		impair_later_event(im, now + a->span, event);
	return !a;
}

/* ---- the kernel's words ---- */

static const char *word_of(const struct event *event)
{
	switch (event->kind) {
	case EVENT_ACQUIRE:
		return "acquire";
	case EVENT_EXPIRE:
		return event->expire.hard ? "hard-expire" : "soft-expire";
	case EVENT_MAPPING:
		return "mapping";
	case EVENT_COUNTERS:
		return "counters";
	case EVENT_KERNEL_FAILED:
		return "failure";
	default:
		return NULL;
	}
}

/* What reorder-event has kept back goes behind the next one. */
static void let_go(struct impair *im, msec now)
{
	for (struct later *l = im->later; l; l = l->next) {
		if (l->at == MSEC_NEVER && !l->outbound && !l->kept && l->event.kind != EVENT_PACKET)
			l->at = now;
	}
}

static bool take_word(struct impair *im, msec now, struct event *event, const char *word)
{
	struct armed *a;

	if (impair_ask(im, "lose-event", word))
		return false;
	if (impair_ask(im, "kernel-overrun", word)) {
		*event = (struct event){ .kind = EVENT_RESYNC };
		return true;
	}
	a = impair_ask(im, "delay-event", word);
	if (a || impair_ask(im, "reorder-event", word)) {
		impair_later_event(im, a ? now + a->span : MSEC_NEVER, event);
		return false;
	}
	if (impair_ask(im, "repeat-event", word))
		impair_later_event(im, now, event);
	let_go(im, now);
	return true;
}

bool impair_learn_addresses(struct impair *im, const struct event_addresses *addresses)
{
	if (!im->addresses)
		im->addresses = calloc(1, sizeof(*im->addresses));
	if (im->addresses)
		*im->addresses = *addresses;
	return im->addresses;
}

bool impair_inside(struct impair *im, msec now, struct event *event)
{
	const char *word = word_of(event);

	if (event->kind == EVENT_ADDRESSES)
		return impair_learn_addresses(im, event->addresses);
	if (event->kind == EVENT_JOB_DONE)
		return take_job(im, now, event);
	if (event->kind == EVENT_RESOLVED)
		return take_answer(im, now, event);
	return !word || take_word(im, now, event, word);
}

/* ---- at once ---- */

/* The Nth of what block- holds, N from 1; 0: all. */
static void drip(struct impair *im, msec now, bool outbound, long number)
{
	long n = 0;

	for (struct later *l = im->later; l; l = l->next) {
		if (!l->kept || l->outbound != outbound)
			continue;
		n++;
		if (number && n != number)
			continue;
		l->kept = false;
		l->at = now;
	}
}

/* No address for so long; what was told last comes back then. */
static void lose_addresses(struct impair *im, msec now, msec span)
{
	static const struct event_addresses none;
	struct event gone = { .kind = EVENT_ADDRESSES }, back = { .kind = EVENT_ADDRESSES };

	if (!im->addresses)
		return;
	/* Borrowed for the step, and constant. */
	gone.addresses = (struct event_addresses *)(uintptr_t)&none;
	back.addresses = im->addresses;
	impair_later_event(im, now, &gone);
	impair_later_event(im, now + span, &back);
}

void impair_at_once(struct impair *im, msec now, struct armed *a)
{
	bool once = true;

	if (impair_is(a, "step-clock"))
		im->ahead += a->span;
	else if (impair_is(a, "suspend"))
		im->asleep = now + a->span;
	else if (impair_is(a, "drip-inbound") || impair_is(a, "drip-outbound"))
		drip(im, now, impair_is(a, "drip-outbound"), a->number[0]);
	else if (impair_is(a, "lose-addresses"))
		lose_addresses(im, now, a->span);
	else if (impair_is(a, "fail-allocation"))
		impair_allocation_arm(a->from, a->to);
	else
		once = false;
	if (!once || impair_is(a, "fail-allocation"))
		return;
	(void)impair_takes(im, a);
	im->armed_count--;
}
