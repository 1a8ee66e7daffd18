/*
 * Weighing what DNS answered (records.h): which set counts, which gateway, which keys. Pure: chance comes
 * in as a number. RFC 4025 2.2, 4.1.2; the order of use is in docs/opportunistic.md.
 */
#include "records.h"

#include <stdio.h>
#include <string.h>

void reverse_name(const struct address *address, char name[DNS_NAME_TEXT])
{
	size_t used = 0;

	for (size_t i = address_octets(address); i > 0; i--) {
		uint8_t octet = address->octet[i - 1];

		used += (size_t)snprintf(name + used, DNS_NAME_TEXT - used,
					 address->family == ADDRESS_V4 ? "%u." : "%x.%x.",
					 address->family == ADDRESS_V4 ? octet : octet & 15u, octet >> 4);
	}
	snprintf(name + used, DNS_NAME_TEXT - used, "%s",
		 address->family == ADDRESS_V4 ? "in-addr.arpa." : "ip6.arpa.");
}

void finding_discard(struct finding *f)
{
	for (size_t i = 0; i < f->key_count; i++)
		public_key_discard(&f->keys[i]);
	f->key_count = 0;
}

/* What one set of records yields. */
struct harvest {
	struct delegation good[LIMIT_DNS_RECORDS]; /* usable ones; owned */
	size_t count, malformed, unusable, impossible, tried;
	const char *why;
};

/* Who asks about whom. */
struct view {
	const struct address *local, *destination;
	uint32_t chance;
	const struct gateways *tried;
};

static void harvest_discard(struct harvest *h)
{
	for (size_t i = 0; i < h->count; i++)
		public_key_discard(&h->good[i].key);
	h->count = 0;
}

static bool was_tried(const struct view *v, const struct address *gateway)
{
	for (size_t i = 0; v->tried && i < v->tried->count; i++) {
		if (address_equal(&v->tried->at[i], gateway))
			return true;
	}
	return false;
}

/* A record that says "I am my own gateway" by its address says the same as one that names none. */
static bool usable(struct delegation *d, bool secure, const struct view *v, struct harvest *h)
{
	if (d->gateway == GATEWAY_SELF)
		d->address = *v->destination;
	/* Its own records hold its key, but not for a host that names itself: those are these. */
	if (d->gateway == GATEWAY_NAME ||
	    (d->key.kind == KEY_NONE && address_equal(&d->address, v->destination))) {
		h->unusable++;
		return false;
	}
	if (was_tried(v, &d->address)) {
		h->tried++;
		return false;
	}
	if (address_equal(&d->address, v->destination))
		return true;
	if (!secure) {
		/* An unsigned zone may not send us elsewhere (RFC 4025 4.1.2). */
		h->unusable++;
		return false;
	}
	if (d->address.family != v->destination->family || address_equal(&d->address, v->local)) {
		h->impossible++;
		return false;
	}
	return true;
}

static void harvest_set(const struct dns_answer *a, const struct view *v, struct harvest *h)
{
	bool secure = a->verdict == DNS_SECURE, txt = a->question.type == DNS_TXT;

	memset(h, 0, sizeof(*h));
	for (size_t i = 0; i < a->count; i++) {
		struct delegation *d = &h->good[h->count];
		struct bytes rdata = bytes_of_blob(&a->records[i].rdata);
		const char *why = "";
		enum record_verdict verdict =
			txt ? record_read_txt(rdata, d, &why) : record_read_ipseckey(rdata, d, &why);

		if (verdict == RECORD_MALFORMED) {
			h->malformed++;
			h->why = why;
		} else if (verdict == RECORD_GOOD && usable(d, secure, v, h)) {
			h->count++;
			continue;
		}
		public_key_discard(&d->key);
	}
}

/* The place of the best record: lowest precedence, chance among equals (RFC 4025 2.2). */
static size_t best_of(const struct harvest *h, uint32_t chance)
{
	size_t best = 0, equals = 0;

	for (size_t i = 1; i < h->count; i++) {
		if (h->good[i].precedence < h->good[best].precedence)
			best = i;
	}
	for (size_t i = 0; i < h->count; i++)
		equals += h->good[i].precedence == h->good[best].precedence;
	equals = equals ? chance % equals : 0;
	for (size_t i = 0; i < h->count; i++) {
		if (h->good[i].precedence == h->good[best].precedence && equals-- == 0)
			return i;
	}
	return best;
}

/* Every key that is published for the chosen gateway may be its key: they roll over. */
static void choose(const struct harvest *h, const struct view *v, struct finding *f)
{
	const struct delegation *best = &h->good[best_of(h, v->chance)];

	f->gateway = best->address;
	for (size_t i = 0; i < h->count; i++) {
		if (address_equal(&h->good[i].address, &best->address) && h->good[i].key.kind != KEY_NONE &&
		    public_key_copy(&f->keys[f->key_count], &h->good[i].key))
			f->key_count++;
	}
	f->needs_key = !f->key_count;
}

static bool is_secure(const struct dns_answer *a)
{
	return a && a->verdict == DNS_SECURE;
}

static bool is_answer(const struct dns_answer *a)
{
	return is_secure(a) || (a && a->verdict == DNS_INSECURE);
}

/* Weighs one set into f; true when it says anything for us (f->event is E03, E04, E10 or E11). */
static bool weigh(const struct dns_answer *a, const struct view *v, struct finding *f)
{
	bool secure = a->verdict == DNS_SECURE, spoken;
	struct harvest h;

	harvest_set(a, v, &h);
	f->source = a->question.type;
	f->ttl = a->ttl;
	if (h.malformed)
		snprintf(f->remark, sizeof(f->remark), "%zu malformed %s record(s): %s", h.malformed,
			 dns_type_name(a->question.type), h.why);
	if (h.count)
		choose(&h, v, f);
	harvest_discard(&h);
	spoken = f->key_count || f->needs_key;
	f->level = !spoken ? LEVEL_NONE : secure ? LEVEL_DNS_SECURE : LEVEL_DNS_INSECURE;
	if (spoken)
		f->event = secure ? E03_RECORD_SECURE : E04_RECORD_INSECURE;
	else
		f->event = h.tried ? E12_KEY_ABSENT : h.impossible ? E11_WRONG_GATEWAY : E10_MALFORMED;
	return spoken || h.tried || h.impossible || h.malformed;
}

static bool bogus(const struct dns_answer *a, struct finding *f)
{
	if (!a || a->verdict != DNS_BOGUS)
		return false;
	f->event = E09_BOGUS;
	f->source = a->question.type;
	snprintf(f->remark, sizeof(f->remark), "%.150s", a->why_bogus);
	return true;
}

/* Neither set holds anything for us: why not, and for how long that is true. */
static void absence(const struct dns_answer *const sets[2], struct finding *f)
{
	bool ours = true, proven = true, failed = false, late = false;

	f->ttl = 0;
	for (int i = 0; i < 2; i++) {
		const struct dns_answer *a = sets[i];

		late = late || !a || a->verdict == DNS_TIMEOUT;
		failed = failed || (a && a->verdict == DNS_FAILED);
		if (!is_answer(a))
			continue;
		ours = ours && a->count == 0;
		proven = proven && a->verdict == DNS_SECURE;
		f->ttl = f->ttl ? msec_earlier(f->ttl, a->ttl) : a->ttl;
	}
	f->event = failed   ? E07_DNS_FAILED
		   : late   ? E08_DNS_TIMEOUT
		   : !ours  ? E04B_NOTHING_OURS
		   : proven ? E05_NO_RECORD_PROVEN
			    : E06_NO_RECORD_UNPROVEN;
}

void finding_make(const struct dns_answer *ipseckey, const struct dns_answer *txt,
		  const struct address *local, const struct address *destination, uint32_t chance,
		  const struct gateways *tried, struct finding *f)
{
	const struct dns_answer *order[2] = { ipseckey, txt };
	const struct view v = { local, destination, chance, tried };
	bool spoke = false;

	memset(f, 0, sizeof(*f));
	if (bogus(ipseckey, f) || bogus(txt, f))
		return;
	/* Secure beats insecure; then IPSECKEY beats TXT. */
	if (is_secure(txt) && !is_secure(ipseckey)) {
		order[0] = txt;
		order[1] = ipseckey;
	}
	for (int i = 0; i < 2; i++) {
		struct finding one;

		if (!is_answer(order[i]) || order[i]->count == 0)
			continue;
		memset(&one, 0, sizeof(one));
		if (!weigh(order[i], &v, &one))
			continue;
		if (one.key_count || one.needs_key || !spoke)
			*f = one;
		/* A set that is all wrong gives way to the other, but never to a less proven one. */
		if (one.key_count || one.needs_key || (is_secure(order[0]) && !is_secure(order[1])))
			return;
		spoke = true;
	}
	if (!spoke)
		absence(order, f);
}

enum flow_event finding_add_keys(struct finding *f, const struct dns_answer *ipseckey,
				 const struct dns_answer *txt, const struct address *local)
{
	struct finding own;
	enum flow_event event;

	finding_make(ipseckey, txt, local, &f->gateway, 0, NULL, &own);
	event = own.event;
	if (own.key_count && address_equal(&own.gateway, &f->gateway)) {
		memcpy(f->keys, own.keys, own.key_count * sizeof(*own.keys));
		f->key_count = own.key_count;
		own.key_count = 0;
		f->needs_key = false;
		if (own.level < f->level)
			f->level = own.level;
		f->ttl = msec_earlier(f->ttl, own.ttl);
		event = E12_KEY_FOUND;
	} else if (event != E07_DNS_FAILED && event != E08_DNS_TIMEOUT && event != E09_BOGUS &&
		   event != E10_MALFORMED) {
		event = E12_KEY_ABSENT;
	}
	finding_discard(&own);
	return event;
}
