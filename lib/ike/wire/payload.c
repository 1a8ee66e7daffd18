/* Names and least sizes of payloads, notifications, exchanges (payload.h). */
#include "payload.h"

static const struct {
	uint8_t type, least;
	const char *name;
} payloads[] = {
	{ PAYLOAD_SA, 0, "SA" },     { PAYLOAD_KE, 4, "KE" },       { PAYLOAD_IDI, 4, "IDi" },
	{ PAYLOAD_IDR, 4, "IDr" },   { PAYLOAD_CERT, 1, "CERT" },   { PAYLOAD_CERTREQ, 1, "CERTREQ" },
	{ PAYLOAD_AUTH, 4, "AUTH" }, { PAYLOAD_NONCE, 1, "Ni/Nr" }, { PAYLOAD_N, 4, "N" },
	{ PAYLOAD_D, 4, "D" },       { PAYLOAD_V, 0, "V" },         { PAYLOAD_TSI, 4, "TSi" },
	{ PAYLOAD_TSR, 4, "TSr" },   { PAYLOAD_SK, 0, "SK" },       { PAYLOAD_CP, 4, "CP" },
	{ PAYLOAD_EAP, 0, "EAP" },   { PAYLOAD_SKF, 4, "SKF" },
};

static const struct {
	uint16_t type;
	const char *name;
} notifies[] = {
	{ UNSUPPORTED_CRITICAL_PAYLOAD, "UNSUPPORTED_CRITICAL_PAYLOAD" },
	{ INVALID_IKE_SPI, "INVALID_IKE_SPI" },
	{ INVALID_MAJOR_VERSION, "INVALID_MAJOR_VERSION" },
	{ INVALID_SYNTAX, "INVALID_SYNTAX" },
	{ INVALID_MESSAGE_ID, "INVALID_MESSAGE_ID" },
	{ INVALID_SPI, "INVALID_SPI" },
	{ NO_PROPOSAL_CHOSEN, "NO_PROPOSAL_CHOSEN" },
	{ INVALID_KE_PAYLOAD, "INVALID_KE_PAYLOAD" },
	{ AUTHENTICATION_FAILED, "AUTHENTICATION_FAILED" },
	{ SINGLE_PAIR_REQUIRED, "SINGLE_PAIR_REQUIRED" },
	{ NO_ADDITIONAL_SAS, "NO_ADDITIONAL_SAS" },
	{ INTERNAL_ADDRESS_FAILURE, "INTERNAL_ADDRESS_FAILURE" },
	{ FAILED_CP_REQUIRED, "FAILED_CP_REQUIRED" },
	{ TS_UNACCEPTABLE, "TS_UNACCEPTABLE" },
	{ INVALID_SELECTORS, "INVALID_SELECTORS" },
	{ TEMPORARY_FAILURE, "TEMPORARY_FAILURE" },
	{ CHILD_SA_NOT_FOUND, "CHILD_SA_NOT_FOUND" },
	{ INITIAL_CONTACT, "INITIAL_CONTACT" },
	{ SET_WINDOW_SIZE, "SET_WINDOW_SIZE" },
	{ ADDITIONAL_TS_POSSIBLE, "ADDITIONAL_TS_POSSIBLE" },
	{ IPCOMP_SUPPORTED, "IPCOMP_SUPPORTED" },
	{ NAT_DETECTION_SOURCE_IP, "NAT_DETECTION_SOURCE_IP" },
	{ NAT_DETECTION_DESTINATION_IP, "NAT_DETECTION_DESTINATION_IP" },
	{ COOKIE, "COOKIE" },
	{ USE_TRANSPORT_MODE, "USE_TRANSPORT_MODE" },
	{ HTTP_CERT_LOOKUP_SUPPORTED, "HTTP_CERT_LOOKUP_SUPPORTED" },
	{ REKEY_SA, "REKEY_SA" },
	{ ESP_TFC_PADDING_NOT_SUPPORTED, "ESP_TFC_PADDING_NOT_SUPPORTED" },
	{ NON_FIRST_FRAGMENTS_ALSO, "NON_FIRST_FRAGMENTS_ALSO" },
	{ CHILDLESS_IKEV2_SUPPORTED, "CHILDLESS_IKEV2_SUPPORTED" },
	{ IKEV2_FRAGMENTATION_SUPPORTED, "IKEV2_FRAGMENTATION_SUPPORTED" },
	{ SIGNATURE_HASH_ALGORITHMS, "SIGNATURE_HASH_ALGORITHMS" },
};

const char *payload_name(uint8_t type)
{
	for (size_t i = 0; i < ARRAY_LENGTH(payloads); i++) {
		if (payloads[i].type == type)
			return payloads[i].name;
	}
	return NULL;
}

size_t payload_least(uint8_t type)
{
	for (size_t i = 0; i < ARRAY_LENGTH(payloads); i++) {
		if (payloads[i].type == type)
			return payloads[i].least;
	}
	return 0;
}

static const char *find_notify(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_LENGTH(notifies); i++) {
		if (notifies[i].type == type)
			return notifies[i].name;
	}
	return NULL;
}

const char *notify_name(uint16_t type)
{
	const char *name = find_notify(type);

	return name ? name : "notify";
}

bool notify_is_known(uint16_t type)
{
	return find_notify(type) != NULL;
}

const char *exchange_name(uint8_t type)
{
	static const char *const names[] = { "IKE_SA_INIT", "IKE_AUTH", "CREATE_CHILD_SA", "INFORMATIONAL" };

	return type >= IKE_SA_INIT && type <= INFORMATIONAL ? names[type - IKE_SA_INIT] : "exchange";
}
