/* Choosing between proposals (choose.h). */
#include "choose.h"

#include <string.h>

#include "../wire/payload.h"

static bool is_aead(const struct suite *s)
{
	const struct encr_row *row = encr_find(s->encr, s->encr_bits);

	return row && row->aead;
}

/* @rfc 7296-3.3.1-7 7296-3.3.2-3 7296-3.3.3-1 7296-3.3.3-2 7296-3.3.5-4 */
static void add_suite(struct proposal *p, uint8_t protocol, const struct suite *s)
{
	proposal_add(p, TRANSFORM_ENCR, s->encr, s->encr_bits);
	if (protocol == PROTOCOL_IKE)
		proposal_add(p, TRANSFORM_PRF, s->prf, 0);
	/* An AEAD is offered without an integrity transform (RFC 5282 8). */
	if (!is_aead(s))
		proposal_add(p, TRANSFORM_INTEG, s->integ, 0);
	if (s->ke)
		proposal_add(p, TRANSFORM_KE, s->ke, 0);
	if (protocol != PROTOCOL_IKE)
		proposal_add(p, TRANSFORM_ESN, s->esn ? ESN_YES : ESN_NO, 0);
}

/* Suites that differ in free dimensions share a proposal: the group and ESN; with and without a group are apart. */
static bool share(const struct suite *a, const struct suite *b)
{
	return a->encr == b->encr && a->encr_bits == b->encr_bits && a->prf == b->prf &&
	       a->integ == b->integ && !a->ke == !b->ke;
}

/* A first IKE proposal has no SPI; that of a rekey has (RFC 7296 3.3.1). */
/* @rfc 7296-3.3.1-4 7296-3.3.1-5 */
static uint8_t spi_octets(uint8_t protocol, uint64_t spi)
{
	return protocol != PROTOCOL_IKE ? 4 : spi ? 8 : 0;
}

static bool is_first_of_its_kind(const struct suite *suites, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (share(&suites[k], &suites[i]))
			return false;
	}
	return true;
}

/* @rfc 7296-2.7-2 7296-3.3-1 7296-3.3-2 7296-3.3.1-2 */
void choose_offer(struct writer *w, uint8_t protocol, uint64_t spi, const struct suite *suites, size_t count)
{
	size_t proposals = 0, written = 0;

	for (size_t i = 0; i < count; i++)
		proposals += is_first_of_its_kind(suites, i);
	for (size_t i = 0; i < count; i++) {
		struct proposal p;

		if (!is_first_of_its_kind(suites, i))
			continue;
		memset(&p, 0, sizeof(p));
		p.number = (uint8_t)++written;
		p.protocol = protocol;
		p.spi = spi;
		p.spi_len = spi_octets(protocol, spi);
		for (size_t k = i; k < count; k++) {
			if (share(&suites[i], &suites[k]))
				add_suite(&p, protocol, &suites[k]);
		}
		proposal_write(w, &p, written < proposals);
	}
}

/* @rfc 7296-2.7-4 7296-2.7-5 7296-3.3.1-3 7296-3.3.6-2 */
void choose_reply(struct writer *w, uint8_t protocol, uint64_t spi, const struct choice *choice)
{
	struct proposal p;

	memset(&p, 0, sizeof(p));
	p.number = choice->number;
	p.protocol = protocol;
	p.spi = spi;
	p.spi_len = spi_octets(protocol, spi);
	add_suite(&p, protocol, &choice->suite);
	proposal_write(w, &p, false);
}

/* Whether a transform of the type stands in the proposal: with that id, or (any) at all. */
/* @rfc 7296-3.3.5-5 7296-3.3.6-5 */
static bool has(const struct proposal *p, uint8_t type, uint16_t id, uint16_t key_bits)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct transform *t = &p->transform[i];

		if (t->type == type && t->id == id && t->key_bits == key_bits)
			return true;
	}
	return false;
}

static bool has_type(const struct proposal *p, uint8_t type)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->transform[i].type == type)
			return true;
	}
	return false;
}

/* None at all, or NONE among them: RFC 7296 3.3.3 lets both mean "none needed". */
static bool none_will_do(const struct proposal *p, uint8_t type)
{
	return !has_type(p, type) || has(p, type, 0, 0);
}

/* Types that we do not know (a sequence number type beyond ESN, additional key exchanges) end a proposal (3.3.6). */
static bool knows_all_types(const struct proposal *p)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->transform[i].type < TRANSFORM_ENCR || p->transform[i].type > TRANSFORM_ESN)
			return false;
	}
	return true;
}

/* @rfc 7296-3.3.2-3 7296-3.3.3-1 7296-3.3.3-2 7296-3.3.6-4 */
static bool contains(const struct proposal *p, uint8_t protocol, const struct suite *s)
{
	if (p->protocol != protocol || !knows_all_types(p) || !has(p, TRANSFORM_ENCR, s->encr, s->encr_bits))
		return false;
	if (is_aead(s) ? !none_will_do(p, TRANSFORM_INTEG) : !has(p, TRANSFORM_INTEG, s->integ, 0))
		return false;
	if (protocol == PROTOCOL_IKE)
		return (p->spi_len == 0 || (p->spi_len == 8 && p->spi)) && has(p, TRANSFORM_PRF, s->prf, 0) &&
		       has(p, TRANSFORM_KE, s->ke, 0);
	/* The first Child SA takes its keys from the IKE SA: a group must not be demanded (1.2). */
	return p->spi_len == 4 && p->spi > UINT8_MAX &&
	       (s->ke ? has(p, TRANSFORM_KE, s->ke, 0) : none_will_do(p, TRANSFORM_KE)) &&
	       has(p, TRANSFORM_ESN, s->esn ? ESN_YES : ESN_NO, 0);
}

/* @rfc 7296-2.7-3 7296-3.3.4-2 7296-3.3.6-1 */
bool choose_suite(const struct proposal_list *list, uint8_t protocol, const struct suite *suites,
		  size_t count, uint16_t preferred_ke, struct choice *choice)
{
	for (int pass = preferred_ke ? 0 : 1; pass < 2; pass++) {
		for (size_t i = 0; i < count; i++) {
			if (pass == 0 && suites[i].ke != preferred_ke)
				continue;
			for (size_t k = 0; k < list->count; k++) {
				if (!contains(&list->at[k], protocol, &suites[i]))
					continue;
				*choice = (struct choice){ suites[i], list->at[k].number, list->at[k].spi };
				return true;
			}
		}
	}
	return false;
}

/* The number of the proposal in which choose_offer wrote a suite. */
static unsigned number_of(const struct suite *suites, size_t count, const struct suite *suite)
{
	unsigned number = 0;

	for (size_t i = 0; i < count; i++) {
		number += is_first_of_its_kind(suites, i);
		if (share(&suites[i], suite))
			return number;
	}
	return 0;
}

/*
 * An answer names one transform of each type that was offered, and none that was not (3.3.6), under the number of the proposal
 * that they were offered in (3.3.1).
 */
/* @rfc 7296-2.7-5 7296-3.3.1-3 7296-3.3.6-3 */
bool choose_confirm(const struct proposal_list *list, uint8_t protocol, const struct suite *suites,
		    size_t count, struct choice *choice)
{
	const struct proposal *p = &list->at[0];

	if (list->count != 1)
		return false;
	for (size_t i = 0; i < p->count; i++) {
		if (p->transform[i].type == (protocol == PROTOCOL_ESP ? TRANSFORM_PRF : TRANSFORM_ESN))
			return false;
		for (size_t k = 0; k < i; k++) {
			if (p->transform[i].type == p->transform[k].type)
				return false;
		}
	}
	return choose_suite(list, protocol, suites, count, 0, choice) &&
	       choice->number == number_of(suites, count, &choice->suite);
}

static void add_group(uint16_t *groups, size_t *count, uint16_t group)
{
	for (size_t i = 0; i < *count; i++) {
		if (groups[i] == group)
			return;
	}
	if (group)
		groups[(*count)++] = group;
}

size_t choose_esp_groups(const struct conn *conn, uint16_t of_ike_sa, uint16_t *groups)
{
	size_t count = 0;

	if (conn->pfs == PFS_NO)
		return 0;
	/* What esp= names; else the IKE SA's own, and those that ike= allows. */
	for (size_t i = 0; i < conn->esp_count && count < ESP_GROUPS; i++)
		add_group(groups, &count, conn->esp[i].ke);
	if (count)
		return count;
	add_group(groups, &count, of_ike_sa);
	for (size_t i = 0; i < conn->ike_count && count < ESP_GROUPS; i++)
		add_group(groups, &count, conn->ike[i].ke);
	return count;
}

/* @rfc 7296-3.3.2-2 */
static void add_esp(const struct conn *conn, const struct kernel_abilities *abilities, uint16_t group,
		    struct suite *out, size_t *count)
{
	for (size_t i = 0; i < conn->esp_count; i++) {
		struct suite s = conn->esp[i];

		s.prf = 0;
		s.ke = group;
		if (is_aead(&s) && !abilities->aead)
			continue;
		if (abilities->esn) {
			s.esn = true;
			out[(*count)++] = s;
		}
		s.esn = false;
		out[(*count)++] = s;
	}
}

size_t choose_esp_suites(const struct conn *conn, const struct kernel_abilities *abilities,
			 const uint16_t *groups, size_t count_of_groups, struct suite *out)
{
	size_t count = 0;

	for (size_t i = 0; i < count_of_groups; i++)
		add_esp(conn, abilities, groups[i], out, &count);
	if (!count_of_groups || conn->pfs != PFS_INSIST)
		add_esp(conn, abilities, 0, out, &count);
	return count;
}
