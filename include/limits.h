/*
 * Every cap and timeout of the house in one place: every queue, list, cache and retry is bounded here.
 * Times are milliseconds (instant.h). What an operator can change by a keyword has its default here.
 */
#ifndef CYGNET_LIMITS_H
#define CYGNET_LIMITS_H

#include "instant.h"

/* Text and packets */
#define LIMIT_STEP_ACTIONS 256 /* a step's list has room for so many before any memory is asked for */
#define LIMIT_STEP_NEWS 64 /* the same of what IKE tells, and of what opportunism wishes */
#define LIMIT_NOTE_TEXT 512 /* octets of one log line */
#define LIMIT_DATAGRAM 65507 /* the largest UDP payload over IPv4 */
#define LIMIT_MESSAGE 16384 /* the largest IKE message that we read or write */
#define LIMIT_PAYLOADS 64 /* payloads of one message, nested ones not counted (M3) */
#define LIMIT_PROPOSALS 32 /* proposals of one SA payload */
#define LIMIT_TRANSFORMS 64 /* transforms of one proposal */
#define LIMIT_SELECTORS 32 /* selectors of one TS payload that we look at */
#define LIMIT_NONCE_MIN 16 /* RFC 7296 3.9 */
#define LIMIT_NONCE_MAX 256
#define LIMIT_NONCE_OURS 32
#define LIMIT_COOKIE 64 /* RFC 7296 2.6 */
#define LIMIT_IDENTITY 1024 /* octets of an identity that we keep */
#define LIMIT_DELETE_SPIS 256 /* SPIs of one delete payload that we look at */

/* Exchanges (RFC 7296 2.1 to 2.4) */
#define LIMIT_WINDOW 8 /* the largest window that the struct holds; 1 on the wire */
#define LIMIT_QUEUE 64 /* exchanges that wait in one IKE SA; deletes find room beyond it */
#define LIMIT_QUEUE_WAIT MINUTES(2) /* an exchange that waited for so long is given up; deletes are not */
#define LIMIT_RETRANSMIT_INTERVAL 500 /* first interval, doubled each time */
#define LIMIT_RETRANSMIT_TIMEOUT SECONDS(60) /* give up after this long */
#define LIMIT_RETRANSMIT_CEILING SECONDS(20) /* no single interval is longer */
#define LIMIT_RETRANSMIT_JITTER_PERCENT 10
#define LIMIT_INIT_RETRIES 4 /* cookie and INVALID_KE_PAYLOAD answers followed in one attempt */
#define LIMIT_HALF_OPEN_TIME SECONDS(30) /* a responder's patience between IKE_SA_INIT and IKE_AUTH */
#define LIMIT_HALF_OPEN 4096 /* half-open IKE SAs at which the stalest must make room */
#define LIMIT_ANSWERING 64 /* strangers' key exchanges under way; whoever comes then must come again */
#define LIMIT_HALF_OPEN_STALE \
	SECONDS(1) /* at the limit, one that has proved nothing for so long may give way */
#define LIMIT_SUSPECTS 65536 /* addresses that did not finish what they began, remembered */
#define LIMIT_SUSPECT 2 /* so many unfinished handshakes make an address wait while we are in need */
#define LIMIT_SUSPECT_TIME SECONDS(30)
#define LIMIT_HALF_OPEN_BUSY 1024 /* half-open IKE SAs from which opportunistic strangers are refused */
#define LIMIT_HALF_OPEN_PREFIX 64 /* half-open IKE SAs of one prefix (/24, /64) */
#define LIMIT_PREFIX_COOKIE 8 /* half-open IKE SAs of one prefix from which a cookie is asked for */
#define LIMIT_PREFIXES 4096 /* prefixes that are counted */
#define LIMIT_HALF_OPEN_COOKIE 64 /* half-open IKE SAs from which a cookie is asked for */
#define LIMIT_COOKIE_SECRET_LIFE SECONDS(90)
#define LIMIT_LINGER \
	SECONDS(30) /* DELETED, still answering retransmits (longer than a peer's patience is useless) */
#define LIMIT_ADOPT SECONDS(60) /* SAs of an earlier run that are not keyed anew by then are removed */
#define LIMIT_ENDED 256 /* IKE SAs that ended are remembered, so that their peers' last words draw no error */
#define LIMIT_STOP_DEADLINE SECONDS(5)
#define LIMIT_STOP_REDUNDANT \
	SECONDS(1) /* so long a stop waits for the peer's delete of an IKE SA that lost a crossing */
#define LIMIT_LIVENESS SECONDS(30) /* default interval of proof of life when there was output without input */
#define LIMIT_IKE_SAS 200000
#define LIMIT_SPI_DRAWS 64 /* draws of a fresh SPI; if all are taken, chance stands still */
#define LIMIT_CHILDREN 256 /* Child SAs of one IKE SA */
#define LIMIT_REPLAY_WINDOW 128 /* packets, on inbound SAs (N3) */
#define LIMIT_STRAY_ANSWERS_PER_SECOND 10 /* unprotected errors that we send, over all addresses (M5) */

/* Lifetimes */
#define LIMIT_IKE_LIFETIME HOURS(8)
#define LIMIT_SA_LIFETIME HOURS(8)
#define LIMIT_REKEY_MARGIN MINUTES(9) /* how long before the end rekeying begins */
#define LIMIT_REKEY_FUZZ 100 /* percent by which the margin is enlarged at random */
#define LIMIT_REKEY_RETRY \
	SECONDS(10) /* first wait after a rekey that failed; doubled each time, up to five minutes */
#define LIMIT_REKEY_REFUSALS \
	5 /* after so many (five minutes) a peer that always says "later" gets a new handshake (RFC 7296 2.25) */
#define LIMIT_AGAIN SECONDS(1) /* what there was no memory for is tried again after it */
#define LIMIT_REFUSED 256 /* policies that the kernel refused, and that are put again */
#define LIMIT_DRAIN SECONDS(5) /* an inbound SA stays for so long after its delete (RFC 7296 2.8) */
#define LIMIT_CHANGE_OVER \
	SECONDS(10) /* how often we look whether the peer uses an SA that we have not changed over to */
#define LIMIT_NEWCOMER \
	SECONDS(3) /* a Child SA of a new IKE SA that nobody has used yet takes the old one's place after it */
#define LIMIT_NEWCOMER_LOOK 250 /* ms: how often we look whether the peer uses it already */
#define LIMIT_CONTACT \
	SECONDS(5) /* IKE SAs that their peer has forgotten (INITIAL_CONTACT) are kept so long */
#define LIMIT_REDUNDANT SECONDS(5) /* a redundant Child SA that nobody closed is deleted by us after it */
#define LIMIT_REKEYED \
	SECONDS(75) /* a replaced IKE SA that its peer does not delete is deleted by us after it, at least */
#define LIMIT_IKE_QUIET MINUTES(30) /* an IKE SA without children is closed after it */
#define LIMIT_MESSAGE_ID 0x80000000u /* an IKE SA is replaced at this message ID, long before the last */

/* Fragmentation (RFC 7383) */
#define LIMIT_FRAGMENTS 64 /* fragments of one message */
#define LIMIT_FRAGMENT_SIZE 1280 /* octets of an IP datagram that bears a fragment */
#define LIMIT_FRAGMENT_SIZE_SMALL 576 /* the same after loss */
#define LIMIT_FRAGMENT_LOSSES 2 /* retransmissions after which fragments become small */

#define LIMIT_GATHER_TIME SECONDS(15) /* fragments of an unfinished message are kept for so long */
#define LIMIT_GATHERED (16u * 1024 * 1024) /* octets of fragments gathered in all */
#define LIMIT_HINT SECONDS(10) /* a hint makes us ask a peer for a sign of life at most so often */
#define IKE_NATT_PORT 4500

/* NAT (RFC 7296 2.23, RFC 3948) */
#define LIMIT_KEEPALIVE SECONDS(20)

/* Jobs and actions */
#define LIMIT_JOBS 4096 /* jobs under way */
#define LIMIT_WORKERS 2 /* worker threads by default */

/* Opportunism */
#define LIMIT_FLOWS 65536 /* pairs remembered */
#define LIMIT_UNHEARD 4096 /* acquires that are looked for at once after kernel messages were lost */
#define LIMIT_FLOW_HISTORY 16 /* transitions remembered for each pair */
#define LIMIT_FLOWS_TRYING 4096 /* pairs in POTENTIAL, AUTHTXT and PENDING together */
#define LIMIT_GATEWAYS 4 /* gateways tried for one pair */
#define LIMIT_GATEWAYS_PERMISSIVE 2 /* of a pair that falls into clear: its user waits */
#define LIMIT_DNS_RECORDS 16 /* usable records of one answer */
#define LIMIT_DNS_TEXT 8192 /* octets of one joined TXT record */
#define LIMIT_DNS_QUERIES 1024 /* queries under way */

#define LIMIT_OE_DNS_PERMISSIVE SECONDS(5) /* defaults of the oe-* keywords */
#define LIMIT_OE_DNS_PARANOID SECONDS(15)
#define LIMIT_OE_IKE_PERMISSIVE SECONDS(4)
#define LIMIT_OE_IKE_PARANOID SECONDS(30)
#define LIMIT_OE_SHORT SECONDS(60)
#define LIMIT_OE_NORMAL MINUTES(15)
#define LIMIT_OE_INITIAL_LIFESPAN SECONDS(60)
#define LIMIT_OE_LIFESPAN MINUTES(20)

/* Configuration */
#define LIMIT_CONFIG_FILE (16u * 1024 * 1024)
#define LIMIT_INCLUDE_DEPTH 10
#define LIMIT_ALSO_DEPTH 10
#define LIMIT_CONFIG_WORD 8192
#define LIMIT_CONNS 100000
#define LIMIT_PASSWORD_FILE 4096 /* octets of nsspassword that we read */
#define LIMIT_CONFIG_FILES 10000 /* texts of one configuration */
#define LIMIT_CONFIG_SPAN HOURS(24 * 365) /* the longest time that an operator can write */
#define LIMIT_CONFIG_NAME 128 /* octets of a connection's name */
#define LIMIT_SECRET_IDS 64 /* identities of one entry of ipsec.secrets */
#define LIMIT_SECRET_WEAK 16 /* octets below which a shared secret is worth a warning */

/* Control socket */
#define LIMIT_CONTROL_CLIENTS 64
#define LIMIT_CONTROL_LINE 65536 /* octets of one request */
#define LIMIT_CONTROL_BACKLOG (4u * 1024 * 1024) /* octets waiting for a slow client before it is dropped */

#endif
