/*
 * Any octets as two DNS answers (IPSECKEY and TXT): no crash, no leak, and whatever is concluded obeys
 * the rules of weighing. The input: two verdicts, chance, then records, each a set, a length and data.
 */
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "../../lib/oe/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define CHECK(x)                 \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)

static void add_record(struct dns_answer *answer, struct bytes data)
{
	if (answer->count == LIMIT_DNS_RECORDS) {
		answer->more = true;
		return;
	}
	CHECK(blob_copy(&answer->records[answer->count].rdata, data));
	answer->count++;
}

/* One record by itself: a verdict, a cause for what is wrong, and a key that can be published again. */
static void check_record(enum dns_type type, struct bytes rdata)
{
	struct delegation d;
	struct blob again = { NULL, 0 };
	const char *why = NULL;
	enum record_verdict v =
		type == DNS_TXT ? record_read_txt(rdata, &d, &why) : record_read_ipseckey(rdata, &d, &why);

	CHECK(v == RECORD_GOOD || d.key.kind == KEY_NONE);
	CHECK(v != RECORD_MALFORMED || (why && why[0]));
	CHECK(v != RECORD_NOT_OURS || type == DNS_TXT);
	CHECK(d.precedence <= (type == DNS_TXT ? UINT16_MAX : UINT8_MAX) || v != RECORD_GOOD);
	if (v == RECORD_GOOD && d.gateway == GATEWAY_ADDRESS)
		CHECK(!address_is_any(&d.address) && !address_is_loopback(&d.address) &&
		      !address_is_multicast(&d.address));
	if (v == RECORD_GOOD && d.key.kind != KEY_NONE && type == DNS_IPSECKEY) {
		CHECK(public_key_to_dns(&d.key, &again));
		/* RFC 3110 has two forms of a short exponent's length; ours is the short one. */
		CHECK(again.len <= rdata.len);
		CHECK(memcmp(again.data + again.len - 32, rdata.at + rdata.len - 32, 32) == 0);
	}
	blob_discard(&again);
	public_key_discard(&d.key);
}

static bool is_answer(const struct dns_answer *a)
{
	return a->verdict == DNS_SECURE || a->verdict == DNS_INSECURE;
}

static void check_finding(const struct dns_answer *ipseckey, const struct dns_answer *txt,
			  const struct address *local, const struct address *remote, const struct finding *f)
{
	bool keyed = f->event == E03_RECORD_SECURE || f->event == E04_RECORD_INSECURE;
	bool bogus = ipseckey->verdict == DNS_BOGUS || txt->verdict == DNS_BOGUS;
	const struct dns_answer *used = f->source == DNS_TXT ? txt : ipseckey;

	CHECK((f->event == E09_BOGUS) == bogus);
	CHECK(keyed == (f->key_count > 0 || f->needs_key) && !(f->key_count && f->needs_key));
	/* Only a proven gateway that is somebody else is asked for its own key. */
	CHECK(!f->needs_key || (used->verdict == DNS_SECURE && !address_equal(&f->gateway, remote)));
	CHECK(f->key_count <= LIMIT_DNS_RECORDS);
	CHECK(memchr(f->remark, '\0', sizeof(f->remark)));
	CHECK(f->event >= E03_RECORD_SECURE && f->event <= E11_WRONG_GATEWAY);
	if (f->event == E05_NO_RECORD_PROVEN)
		CHECK(ipseckey->verdict == DNS_SECURE && txt->verdict == DNS_SECURE);
	if (!keyed)
		return;
	CHECK(is_answer(used) && used->count >= f->key_count);
	CHECK((f->level == LEVEL_DNS_SECURE) == (used->verdict == DNS_SECURE));
	CHECK(f->gateway.family == remote->family && !address_equal(&f->gateway, local));
	/* RFC 4025 4.1.2 */
	CHECK(used->verdict == DNS_SECURE || address_equal(&f->gateway, remote));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct reader r = reader_of(bytes_of(data, len));
	struct dns_answer *sets[2] = { calloc(1, sizeof(struct dns_answer)),
				       calloc(1, sizeof(struct dns_answer)) };
	struct address local, remote;
	struct finding f;
	uint32_t chance;

	CHECK(sets[0] && sets[1]);
	CHECK(address_parse(&local, "192.0.2.10") && address_parse(&remote, "198.51.100.20"));
	sets[0]->question.type = DNS_IPSECKEY;
	sets[1]->question.type = DNS_TXT;
	for (int i = 0; i < 2; i++) {
		sets[i]->verdict = (enum dns_verdict)(reader_u8(&r) % (DNS_TIMEOUT + 1));
		sets[i]->ttl = SECONDS(60 + i);
	}
	chance = reader_u8(&r);
	while (reader_ok(&r) && r.left) {
		int set = reader_u8(&r) & 1;
		size_t wanted = reader_u16(&r);
		struct bytes rdata = reader_take(&r, wanted < r.left ? wanted : r.left);

		check_record(sets[set]->question.type, rdata);
		add_record(sets[set], rdata);
	}
	memset(&f, 0, sizeof(f));
	finding_make(sets[0], sets[1], &local, &remote, chance, NULL, &f);
	check_finding(sets[0], sets[1], &local, &remote, &f);
	/* The same records as those of the gateway itself. */
	if (f.needs_key) {
		enum flow_event event = finding_add_keys(&f, sets[0], sets[1], &local);

		CHECK((event == E12_KEY_FOUND) == (f.key_count > 0) && f.level <= LEVEL_DNS_SECURE);
	}
	finding_discard(&f);
	for (int i = 0; i < 2; i++) {
		dns_answer_discard(sets[i]);
		free(sets[i]);
	}
	return 0;
}
