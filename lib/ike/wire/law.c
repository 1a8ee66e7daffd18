/*
 * The table of law.h. A row is one payload in one direction of one exchange; what has no row may not stand
 * there, except N and V, which may stand anywhere (RFC 7296 3.10, 3.12).
 */
#include "law.h"

struct article {
	uint8_t exchange;
	bool response;
	uint8_t payload;
	uint8_t min, max;
};

#define REQUEST false
#define ANSWER true
#define MANY LIMIT_PAYLOADS

/* @rfc 7296-1.2-1 7296-1.2-4 7296-1.3.1-1 7296-1.4-3 */
static const struct article law[] = {
	/* RFC 7296 1.2: HDR, SAi1, KEi, Ni  -->  HDR, SAr1, KEr, Nr, [CERTREQ] */
	{ IKE_SA_INIT, REQUEST, PAYLOAD_SA, 1, 1 },
	{ IKE_SA_INIT, REQUEST, PAYLOAD_KE, 1, 1 },
	{ IKE_SA_INIT, REQUEST, PAYLOAD_NONCE, 1, 1 },
	{ IKE_SA_INIT, ANSWER, PAYLOAD_SA, 1, 1 },
	{ IKE_SA_INIT, ANSWER, PAYLOAD_KE, 1, 1 },
	{ IKE_SA_INIT, ANSWER, PAYLOAD_NONCE, 1, 1 },
	{ IKE_SA_INIT, ANSWER, PAYLOAD_CERTREQ, 0, MANY },
	/* RFC 7296 1.2: SK {IDi, [CERT,] [CERTREQ,] [IDr,] AUTH, SAi2, TSi, TSr}  -->  SK {IDr, [CERT,] AUTH, SAr2, TSi, TSr} */
	{ IKE_AUTH, REQUEST, PAYLOAD_IDI, 1, 1 },
	{ IKE_AUTH, REQUEST, PAYLOAD_CERT, 0, MANY },
	{ IKE_AUTH, REQUEST, PAYLOAD_CERTREQ, 0, MANY },
	{ IKE_AUTH, REQUEST, PAYLOAD_IDR, 0, 1 },
	{ IKE_AUTH, REQUEST, PAYLOAD_AUTH, 0,
	  1 }, /* without it the initiator wants EAP: refused by the kind */
	{ IKE_AUTH, REQUEST, PAYLOAD_CP, 0, 1 },
	/* RFC 6023: SA and TS stand there together, or not at all; the kind sees to it */
	{ IKE_AUTH, REQUEST, PAYLOAD_SA, 0, 1 },
	{ IKE_AUTH, REQUEST, PAYLOAD_TSI, 0, 1 },
	{ IKE_AUTH, REQUEST, PAYLOAD_TSR, 0, 1 },
	{ IKE_AUTH, ANSWER, PAYLOAD_IDR, 1, 1 },
	{ IKE_AUTH, ANSWER, PAYLOAD_CERT, 0, MANY },
	{ IKE_AUTH, ANSWER, PAYLOAD_AUTH, 1, 1 },
	{ IKE_AUTH, ANSWER, PAYLOAD_CP, 0, 1 },
	{ IKE_AUTH, ANSWER, PAYLOAD_SA, 0, 1 },
	{ IKE_AUTH, ANSWER, PAYLOAD_TSI, 0, 1 },
	{ IKE_AUTH, ANSWER, PAYLOAD_TSR, 0, 1 },
	/* RFC 7296 1.3; rekeying an IKE SA has no TS, so they are optional here and the kind decides */
	{ CREATE_CHILD_SA, REQUEST, PAYLOAD_SA, 1, 1 },
	{ CREATE_CHILD_SA, REQUEST, PAYLOAD_NONCE, 1, 1 },
	{ CREATE_CHILD_SA, REQUEST, PAYLOAD_KE, 0, 1 },
	{ CREATE_CHILD_SA, REQUEST, PAYLOAD_TSI, 0, 1 },
	{ CREATE_CHILD_SA, REQUEST, PAYLOAD_TSR, 0, 1 },
	{ CREATE_CHILD_SA, REQUEST, PAYLOAD_CP, 0, 1 },
	{ CREATE_CHILD_SA, ANSWER, PAYLOAD_SA, 1, 1 },
	{ CREATE_CHILD_SA, ANSWER, PAYLOAD_NONCE, 1, 1 },
	{ CREATE_CHILD_SA, ANSWER, PAYLOAD_KE, 0, 1 },
	{ CREATE_CHILD_SA, ANSWER, PAYLOAD_TSI, 0, 1 },
	{ CREATE_CHILD_SA, ANSWER, PAYLOAD_TSR, 0, 1 },
	{ CREATE_CHILD_SA, ANSWER, PAYLOAD_CP, 0, 1 },
	/* RFC 7296 1.4: SK {[N,] [D,] [CP,] ...} */
	{ INFORMATIONAL, REQUEST, PAYLOAD_D, 0, MANY },
	{ INFORMATIONAL, REQUEST, PAYLOAD_CP, 0, 1 },
	{ INFORMATIONAL, ANSWER, PAYLOAD_D, 0, MANY },
	{ INFORMATIONAL, ANSWER, PAYLOAD_CP, 0, 1 },
};

static const struct article *article(uint8_t exchange, bool response, uint8_t payload)
{
	for (size_t i = 0; i < ARRAY_LENGTH(law); i++) {
		if (law[i].exchange == exchange && law[i].response == response && law[i].payload == payload)
			return &law[i];
	}
	return NULL;
}

bool law_sealed(uint8_t exchange, bool *known)
{
	*known = exchange >= IKE_SA_INIT && exchange <= INFORMATIONAL;
	return exchange != IKE_SA_INIT;
}

/* @rfc 7296-2.5-15 7296-2.21.2-6 7296-3.10.1-3 7296-3.12-2 */
enum reason law_check(const struct message *m, bool response, uint8_t *which)
{
	struct notify n;
	/* An answer may be an error alone (2.21), and a cookie or another such demand is one too (2.6). */
	bool may_lack = response && (message_notify(m, 0, &n) || message_notify(m, COOKIE, &n));

	for (size_t i = 0; i < m->count; i++) {
		uint8_t type = m->payload[i].type;
		const struct article *a = article(m->header.exchange, response, type);

		if (type == PAYLOAD_N || type == PAYLOAD_V)
			continue;
		if (!a || message_count(m, type) > a->max) {
			*which = type;
			return REASON_LAW;
		}
	}
	for (size_t i = 0; i < ARRAY_LENGTH(law); i++) {
		if (law[i].exchange != m->header.exchange || law[i].response != response || may_lack)
			continue;
		if (message_count(m, law[i].payload) < law[i].min) {
			*which = law[i].payload;
			return REASON_LAW;
		}
	}
	return REASON_OK;
}
