/*
 * The numbers of IKEv2 messages: exchanges, payloads, notifications, protocols, methods (RFC 7296 3; IANA
 * "IKEv2 Parameters"), with their names.
 */
#ifndef CYGNET_IKE_WIRE_PAYLOAD_H
#define CYGNET_IKE_WIRE_PAYLOAD_H

#include "bytes.h"

enum exchange_type {
	IKE_SA_INIT = 34,
	IKE_AUTH = 35,
	CREATE_CHILD_SA = 36,
	INFORMATIONAL = 37,
};

enum payload_type {
	PAYLOAD_NONE = 0,
	PAYLOAD_SA = 33,
	PAYLOAD_KE = 34,
	PAYLOAD_IDI = 35,
	PAYLOAD_IDR = 36,
	PAYLOAD_CERT = 37,
	PAYLOAD_CERTREQ = 38,
	PAYLOAD_AUTH = 39,
	PAYLOAD_NONCE = 40,
	PAYLOAD_N = 41,
	PAYLOAD_D = 42,
	PAYLOAD_V = 43,
	PAYLOAD_TSI = 44,
	PAYLOAD_TSR = 45,
	PAYLOAD_SK = 46,
	PAYLOAD_CP = 47,
	PAYLOAD_EAP = 48,
	PAYLOAD_SKF = 53, /* RFC 7383 */
};

#define PAYLOAD_FIRST PAYLOAD_SA
#define PAYLOAD_LAST PAYLOAD_EAP
#define PAYLOAD_HEADER 4 /* octets of the generic payload header */

enum protocol_id {
	PROTOCOL_NONE = 0,
	PROTOCOL_IKE = 1,
	PROTOCOL_AH = 2,
	PROTOCOL_ESP = 3,
};

enum notify_type {
	NOTIFY_NONE = 0,
	UNSUPPORTED_CRITICAL_PAYLOAD = 1,
	INVALID_IKE_SPI = 4,
	INVALID_MAJOR_VERSION = 5,
	INVALID_SYNTAX = 7,
	INVALID_MESSAGE_ID = 9,
	INVALID_SPI = 11,
	NO_PROPOSAL_CHOSEN = 14,
	INVALID_KE_PAYLOAD = 17,
	AUTHENTICATION_FAILED = 24,
	SINGLE_PAIR_REQUIRED = 34,
	NO_ADDITIONAL_SAS = 35,
	INTERNAL_ADDRESS_FAILURE = 36,
	FAILED_CP_REQUIRED = 37,
	TS_UNACCEPTABLE = 38,
	INVALID_SELECTORS = 39,
	TEMPORARY_FAILURE = 43,
	CHILD_SA_NOT_FOUND = 44,
	NOTIFY_LAST_ERROR = 16383,
	INITIAL_CONTACT = 16384,
	SET_WINDOW_SIZE = 16385,
	ADDITIONAL_TS_POSSIBLE = 16386,
	IPCOMP_SUPPORTED = 16387,
	NAT_DETECTION_SOURCE_IP = 16388,
	NAT_DETECTION_DESTINATION_IP = 16389,
	COOKIE = 16390,
	USE_TRANSPORT_MODE = 16391,
	HTTP_CERT_LOOKUP_SUPPORTED = 16392,
	REKEY_SA = 16393,
	ESP_TFC_PADDING_NOT_SUPPORTED = 16394,
	NON_FIRST_FRAGMENTS_ALSO = 16395,
	CHILDLESS_IKEV2_SUPPORTED = 16418, /* RFC 6023 */
	IKEV2_FRAGMENTATION_SUPPORTED = 16430,
	SIGNATURE_HASH_ALGORITHMS = 16431,
};

/* RFC 7296 3.8, RFC 7427, RFC 7619 */
enum auth_type {
	AUTH_TYPE_RSA_SHA1 = 1,
	AUTH_TYPE_SECRET = 2,
	AUTH_TYPE_NULL = 13,
	AUTH_TYPE_SIGNATURE = 14,
};

/* "SA", "IDi" ...; NULL for a number that we do not know. */
const char *payload_name(uint8_t type);
/* "NO_PROPOSAL_CHOSEN" ..., or "notify" for a number that we do not know. */
const char *notify_name(uint16_t type);
bool notify_is_known(uint16_t type);
const char *exchange_name(uint8_t type);
/* The least octets of a payload's body; unknown: 0. */
size_t payload_least(uint8_t type);

static inline bool notify_is_error(uint16_t type)
{
	return type && type <= NOTIFY_LAST_ERROR;
}

#endif
