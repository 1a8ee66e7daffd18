/*
 * DNS by libunbound, on a loop of events that we lend it: every descriptor that it opens passes through here
 * first and is exempted from policies, so that looking a destination up never waits for a destination.
 * Packets are taken apart by libldns; the records' meaning is lib/oe's.
 */
#include <event2/event.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unbound-event.h>
#include <unbound.h>

#include "daemon.h"
#include "list.h"

struct resolver {
	struct daemon *d;
	struct ub_event_base base;
	struct ub_ctx *ctx;
	struct list asked;
	size_t count;
};

struct query {
	struct list link;
	struct resolver *owner;
	uint64_t number;
	struct dns_question question;
	int id;
};

/* ---- the loop that libunbound sees (unbound-event.h): a thin coat over libevent ---- */

struct coat {
	struct ub_event ub;
	struct event *event;
	struct resolver *owner;
	void (*callback)(int fd, short what, void *argument);
	void *argument;
	int fd;
	short what;
};

static void coat_called(evutil_socket_t fd, short what, void *context)
{
	struct coat *c = context;
	short bits = (short)((what & EV_TIMEOUT ? UB_EV_TIMEOUT : 0) | (what & EV_READ ? UB_EV_READ : 0) |
			     (what & EV_WRITE ? UB_EV_WRITE : 0) | (what & EV_SIGNAL ? UB_EV_SIGNAL : 0));

	c->callback((int)fd, bits, c->argument);
}

static void coat_rebuild(struct coat *c)
{
	short what = (short)((c->what & UB_EV_READ ? EV_READ : 0) | (c->what & UB_EV_WRITE ? EV_WRITE : 0) |
			     (c->what & UB_EV_PERSIST ? EV_PERSIST : 0) |
			     (c->what & UB_EV_SIGNAL ? EV_SIGNAL : 0));

	event_assign(c->event, c->owner->d->base, c->fd, what, coat_called, c);
}

static void add_bits(struct ub_event *ub, short bits)
{
	struct coat *c = (struct coat *)ub;

	c->what = (short)(c->what | bits);
	coat_rebuild(c);
}

static void del_bits(struct ub_event *ub, short bits)
{
	struct coat *c = (struct coat *)ub;

	c->what = (short)(c->what & ~bits);
	coat_rebuild(c);
}

static void exempt(struct coat *c)
{
	int family = 0;
	socklen_t len = sizeof(family);
	char why[96];

	if (c->fd >= 0 && getsockopt(c->fd, SOL_SOCKET, SO_DOMAIN, &family, &len) == 0 &&
	    (family == AF_INET || family == AF_INET6) &&
	    !kernel_port_exempt(c->owner->d->kernel, c->fd, family, why))
		log_write(NOTE_WARNING, "a DNS socket is not exempt from policies: %s", why);
}

static void set_fd(struct ub_event *ub, int fd)
{
	struct coat *c = (struct coat *)ub;

	c->fd = fd;
	exempt(c);
	coat_rebuild(c);
}

static void coat_free(struct ub_event *ub)
{
	struct coat *c = (struct coat *)ub;

	event_free(c->event);
	free(c);
}

static int coat_add(struct ub_event *ub, struct timeval *tv)
{
	return event_add(((struct coat *)ub)->event, tv);
}

static int coat_del(struct ub_event *ub)
{
	return event_del(((struct coat *)ub)->event);
}

static int timer_add(struct ub_event *ub, struct ub_event_base *base, void (*cb)(int, short, void *),
		     void *arg, struct timeval *tv)
{
	struct coat *c = (struct coat *)ub;

	c->callback = cb;
	c->argument = arg;
	c->fd = -1;
	c->what = UB_EV_TIMEOUT;
	coat_rebuild(c);
	return event_add(c->event, tv);
}

static int signal_add(struct ub_event *ub, struct timeval *tv)
{
	return event_add(((struct coat *)ub)->event, tv);
}

static void winsock_unregister(struct ub_event *ub)
{
}

static void winsock_wouldblock(struct ub_event *ub, int what)
{
}

static struct ub_event_vmt coat_methods = {
	add_bits,  del_bits, set_fd,     coat_free, coat_add,           coat_del,
	timer_add, coat_del, signal_add, coat_del,  winsock_unregister, winsock_wouldblock,
};

static struct ub_event *new_event(struct ub_event_base *base, int fd, short bits,
				  void (*cb)(int, short, void *), void *arg)
{
	struct coat *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->owner = (struct resolver *)((char *)base - offsetof(struct resolver, base));
	c->event = event_new(c->owner->d->base, -1, 0, coat_called, c);
	if (!c->event) {
		free(c);
		return NULL;
	}
	c->ub.magic = UB_EVENT_MAGIC;
	c->ub.vmt = &coat_methods;
	c->callback = cb;
	c->argument = arg;
	c->fd = fd;
	c->what = bits;
	exempt(c);
	coat_rebuild(c);
	return &c->ub;
}

static struct ub_event *new_signal(struct ub_event_base *base, int fd, void (*cb)(int, short, void *),
				   void *arg)
{
	return new_event(base, fd, UB_EV_SIGNAL | UB_EV_PERSIST, cb, arg);
}

static struct ub_event *winsock_register(struct ub_event_base *base, void *wsaevent,
					 void (*cb)(int, short, void *), void *arg)
{
	return NULL;
}

static void base_free(struct ub_event_base *base)
{
}

static int base_dispatch(struct ub_event_base *base)
{
	return 0;
}

static int base_loopexit(struct ub_event_base *base, struct timeval *tv)
{
	return 0;
}

static struct ub_event_base_vmt base_methods = {
	base_free, base_dispatch, base_loopexit, new_event, new_signal, winsock_register,
};

/* ---- answers ---- */

static void take_records(ldns_pkt *packet, enum dns_type type, struct dns_answer *answer)
{
	ldns_rr_list *section = ldns_pkt_answer(packet);
	uint32_t ttl = UINT32_MAX;

	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		ldns_rr *rr = ldns_rr_list_rr(section, i);
		ldns_buffer *wire;

		if (ldns_rr_ttl(rr) < ttl)
			ttl = ldns_rr_ttl(rr);
		if ((enum dns_type)ldns_rr_get_type(rr) != type)
			continue; /* a CNAME on the way, a signature */
		if (answer->count == LIMIT_DNS_RECORDS) {
			answer->more = true;
			break;
		}
		wire = ldns_buffer_new(LIMIT_DNS_TEXT);
		if (wire && ldns_rr_rdata2buffer_wire(wire, rr) == LDNS_STATUS_OK &&
		    blob_copy(&answer->records[answer->count].rdata,
			      bytes_of(ldns_buffer_begin(wire), ldns_buffer_position(wire))))
			answer->count++;
		ldns_buffer_free(wire);
	}
	if (answer->count)
		answer->ttl = (msec)ttl * 1000;
}

/* RFC 2308 5: the lesser of the SOA's own TTL and its MINIMUM. */
static void take_negative_ttl(ldns_pkt *packet, struct dns_answer *answer)
{
	ldns_rr_list *section = ldns_pkt_authority(packet);

	for (size_t i = 0; !answer->count && i < ldns_rr_list_rr_count(section); i++) {
		ldns_rr *rr = ldns_rr_list_rr(section, i);
		uint32_t ttl = ldns_rr_ttl(rr), least;

		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SOA || ldns_rr_rd_count(rr) < 7)
			continue;
		least = ldns_rdf2native_int32(ldns_rr_rdf(rr, 6));
		answer->ttl = (msec)(ttl < least ? ttl : least) * 1000;
	}
}

static struct dns_answer *make_answer(const struct query *q, int rcode, const void *packet, int len,
				      int secure, const char *why_bogus)
{
	struct dns_answer *answer = calloc(1, sizeof(*answer));
	ldns_pkt *parsed = NULL;

	if (!answer)
		return NULL;
	answer->question = q->question;
	answer->verdict = secure == 2 ? DNS_SECURE : DNS_INSECURE;
	if (why_bogus)
		snprintf(answer->why_bogus, sizeof(answer->why_bogus), "%s", why_bogus);
	if (secure == 1) {
		answer->verdict = DNS_BOGUS;
		return answer;
	}
	answer->nxdomain = rcode == LDNS_RCODE_NXDOMAIN;
	if ((rcode != LDNS_RCODE_NOERROR && !answer->nxdomain) || !packet ||
	    ldns_wire2pkt(&parsed, packet, (size_t)len) != LDNS_STATUS_OK) {
		answer->verdict = DNS_FAILED;
		return answer;
	}
	take_records(parsed, q->question.type, answer);
	take_negative_ttl(parsed, answer);
	ldns_pkt_free(parsed);
	return answer;
}

static void tell(struct resolver *r, uint64_t number, struct dns_answer *answer)
{
	struct event event = { .kind = EVENT_RESOLVED };

	if (!answer)
		return;
	event.resolved.number = number;
	event.resolved.answer = answer;
	log_write(NOTE_DEBUG, "dns: %s %s: %s, %zu records%s%s", answer->question.name,
		  dns_type_name(answer->question.type), dns_verdict_name(answer->verdict), answer->count,
		  answer->why_bogus[0] ? ": " : "", answer->why_bogus);
	daemon_feed(r->d, &event);
}

static void answered(void *context, int rcode, void *packet, int len, int secure, char *why_bogus,
		     int limited)
{
	struct query *q = context;
	struct resolver *r = q->owner;
	struct dns_answer *answer = make_answer(q, rcode, packet, len, secure, why_bogus);
	uint64_t number = q->number;

	list_remove(&q->link);
	r->count--;
	free(q);
	tell(r, number, answer);
}

static void fail(struct resolver *r, uint64_t number, const struct dns_question *question)
{
	struct dns_answer *answer = calloc(1, sizeof(*answer));

	if (!answer)
		return;
	answer->question = *question;
	answer->verdict = DNS_FAILED;
	tell(r, number, answer);
}

void resolver_ask(struct resolver *r, uint64_t number, const struct dns_question *question)
{
	struct query *q = r && r->count < LIMIT_DNS_QUERIES ? calloc(1, sizeof(*q)) : NULL;

	if (!q) {
		if (r)
			fail(r, number, question);
		return;
	}
	q->owner = r;
	q->number = number;
	q->question = *question;
	list_append(&r->asked, &q->link);
	r->count++;
	if (ub_resolve_event(r->ctx, question->name, question->type, LDNS_RR_CLASS_IN, q, answered, &q->id) ==
	    0)
		return;
	list_remove(&q->link);
	r->count--;
	free(q);
	fail(r, number, question);
}

/* ---- opening ---- */

/* libunbound answers these zones itself, empty, unless it is told that they are in use. */
static void open_special_zones(struct ub_ctx *ctx)
{
	static const char *const zones[] = {
		"2.0.192.in-addr.arpa. nodefault",
		"100.51.198.in-addr.arpa. nodefault",
		"113.0.203.in-addr.arpa. nodefault",
		"8.b.d.0.1.0.0.2.ip6.arpa. nodefault",
		"test. nodefault",
	};

	ub_ctx_set_option(ctx, "unblock-lan-zones:", "yes");
	ub_ctx_set_option(ctx, "insecure-lan-zones:", "no");
	for (size_t i = 0; i < ARRAY_LENGTH(zones); i++)
		ub_ctx_set_option(ctx, "local-zone:", zones[i]);
}

static bool configure(struct resolver *r, const struct setup *setup, char why[256])
{
	const char *anchors = setup->dnssec_anchors ? setup->dnssec_anchors : "/usr/share/dns/root.key";
	char text[ADDRESS_TEXT];
	int rc = 0;

	open_special_zones(r->ctx);
	for (size_t i = 0; i < setup->forwarder_count && !rc; i++)
		rc = ub_ctx_set_fwd(r->ctx, address_print(&setup->forwarders[i], text));
	if (!setup->forwarder_count)
		rc = ub_ctx_resolvconf(r->ctx, NULL);
	if (rc) {
		snprintf(why, 256, "forwarders: %s", ub_strerror(rc));
		return false;
	}
	rc = ub_ctx_add_ta_file(r->ctx, anchors);
	if (rc)
		log_write(NOTE_WARNING, "trust anchors %s: %s: no DNS answer will be secure", anchors,
			  ub_strerror(rc));
	return true;
}

struct resolver *resolver_open(struct daemon *d, const struct setup *setup, char why[256])
{
	struct resolver *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->d = d;
	list_init(&r->asked);
	r->base.magic = UB_EVENT_MAGIC;
	r->base.vmt = &base_methods;
	r->ctx = ub_ctx_create_ub_event(&r->base);
	if (r->ctx && configure(r, setup, why))
		return r;
	if (!r->ctx)
		snprintf(why, 256, "libunbound cannot be opened");
	resolver_close(r);
	return NULL;
}

void resolver_close(struct resolver *r)
{
	struct list *pos, *next;

	if (!r)
		return;
	LIST_FOR_EACH (pos, next, &r->asked) {
		struct query *q = LIST_ENTRY(pos, struct query, link);

		ub_cancel(r->ctx, q->id);
		list_remove(&q->link);
		free(q);
	}
	if (r->ctx)
		ub_ctx_delete(r->ctx);
	free(r);
}
