/*
 * What every function of lib/ike works in: the tools of the house (crypto, plan), the table of all IKE
 * SAs, the news for the node, and, for the length of one step, the time and the list of actions. There is
 * one context a node; lib/ike/ike.c owns it.
 */
#ifndef CYGNET_IKE_SA_CONTEXT_H
#define CYGNET_IKE_SA_CONTEXT_H

#include "cookie.h"
#include "crowd.h"
#include "suspects.h"
#include "deadlines.h"
#include "ike.h"
#include "peers.h"
#include "table.h"

struct ike_context {
	const struct crypto *crypto; /* borrowed */
	const struct plan *plan; /* borrowed; NULL before the first */
	struct event_addresses *addresses; /* owned copy; NULL before the first */
	struct peers peers; /* the plan's connections, by peer */
	struct kernel_abilities abilities;
	struct ike_table table; /* owns every IKE SA */
	struct deadlines deadlines; /* serial of an IKE SA -> when to look at it */
	struct cookie_jar cookies;
	struct ike_news *news; /* ring, owned */
	size_t news_first, news_count, news_room;
	uint64_t last_serial; /* of IKE SAs and Child SAs alike */
	struct ike_counts totals; /* deletes_* only; the rest is counted when asked for */
	struct suspects *suspects; /* strangers that do not finish; owned */
	struct crowd *crowd; /* half-open ones by prefix; owned */
	size_t lingering; /* IKE SAs in DELETED */
	uint64_t ended[LIMIT_ENDED]; /* our SPIs of IKE SAs that were deleted: a ring */
	size_t ended_next;
	size_t gathered; /* octets of fragments kept in all */
	size_t half_open; /* as responder, not yet authenticated */
	size_t answering; /* of those, the ones whose IKE_SA_INIT is not answered yet: their key exchanges are under way */
	struct list half_opens; /* those, in the order in which they last proved something */
	bool stopping;
	uint64_t impossible; /* cells of sort NEVER that were reached: bugs, for ike_check */
	msec stray_since; /* second in which strays were answered, and how many (M5) */
	unsigned stray_count;

	/* valid during a step */
	msec now;
	struct actions *actions;
};

/* A half-open IKE SA of a stranger is there, or is not any more. */
void context_half_open(struct ike_context *c, struct ike_sa *sa, bool there);
/* It sent a message under our keys: it is taken for a newer one. */
void context_proved(struct ike_context *c, struct ike_sa *sa);
/*
 * Whether there is room for one more stranger. Key exchanges must not queue up: whoever is answered late has long asked
 * again. And half-open ones are below their limit, or the oldest has proved nothing for LIMIT_HALF_OPEN_STALE and gives
 * way: it is lent, or NULL.
 */
bool context_has_room(const struct ike_context *c, struct ike_sa **gives_way);

/*
 * How long a replaced IKE SA waits for its peer's delete: longer than a peer as patient as we are asks for an answer that is
 * lost. Were it closed before, the Child SAs would go with it at the peer, which does not know of the successor.
 */
msec context_replaced(const struct ike_context *c, uint32_t conn);

/* Has an IKE SA looked at as soon as the handler has returned. */
void context_look_at(struct ike_context *c, uint64_t serial);

/* An IKE SA that was deleted is remembered by our SPI: who still writes to it needs no error, and gets none. */
void context_ended(struct ike_context *c, uint64_t our_spi);
bool context_has_ended(const struct ike_context *c, uint64_t our_spi);

/* A fresh serial. */
uint64_t context_serial(struct ike_context *c);

/* Room for as many news as a step usually brings, and twice as many each time. */
MUST_USE bool context_news_grow(struct ike_context *c);
/* Appends news, filled by the caller; lends until the next call; NULL without memory. */
struct ike_news *context_news(struct ike_context *c, enum ike_news_kind kind);

/* The interval of proof of life of a connection; MSEC_NEVER: none is wanted. */
msec context_liveness(const struct ike_context *c, uint32_t conn);

/* A span with up to percent of jitter either way; without randomness the span itself. */
msec context_jitter(struct ike_context *c, msec span, unsigned percent);

#endif
