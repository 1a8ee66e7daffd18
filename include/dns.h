/*
 * DNS as the core sees it: a question by name and type, an answer with its records' raw data and what
 * DNSSEC says of it. The daemon's resolver (libunbound, libldns) takes packets apart; the meaning of the
 * records is read in lib/oe with a grammar of our own.
 */
#ifndef CYGNET_DNS_H
#define CYGNET_DNS_H

#include "bytes.h"
#include "instant.h"
#include "limits.h"

enum dns_type {
	DNS_A = 1,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_IPSECKEY = 45,
};

#define DNS_NAME_TEXT 256 /* a name in presentation form, with NUL; longer ones cannot exist unescaped */

struct dns_question {
	char name[DNS_NAME_TEXT]; /* "20.100.51.198.in-addr.arpa." */
	enum dns_type type;
};

enum dns_verdict {
	DNS_SECURE, /* proven by DNSSEC, presence or absence */
	DNS_INSECURE, /* nothing proves it */
	DNS_BOGUS, /* validation failed */
	DNS_FAILED, /* SERVFAIL, REFUSED, unreachable: no answer at all (E07) */
	DNS_TIMEOUT, /* E08 */
};

struct dns_record {
	struct blob rdata; /* as on the wire; names in it are not compressed */
};

struct dns_answer {
	struct dns_question question;
	enum dns_verdict verdict;
	bool nxdomain;
	msec ttl; /* of the records, or of the negative answer (RFC 2308) */
	char why_bogus[160]; /* the resolver's own words, or empty */
	struct dns_record records[LIMIT_DNS_RECORDS];
	size_t count; /* 0: no such record */
	bool more; /* there were more than LIMIT_DNS_RECORDS */
};

const char *dns_type_name(enum dns_type type); /* "TXT", "IPSECKEY" ... */
const char *
dns_verdict_name(enum dns_verdict verdict); /* "secure", "insecure", "bogus", "failed", "timeout" */
void dns_answer_discard(struct dns_answer *answer); /* frees the records; not the struct itself */

#endif
