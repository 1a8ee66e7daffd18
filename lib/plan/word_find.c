/* Finding keywords: aliases, left and right, and the nearest spelling (words.h). */
#include "words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct word_alias word_aliases[] = {
	{ "keylife", "salifetime", false },
	{ "lifetime", "salifetime", false },
	{ "ipsec-lifetime", "salifetime", false },
	{ "ikev2", "keyexchange", false },
	{ "phase2alg", "esp", false },
	{ "aggrmode", "aggressive", false },
	{ "ikev1-dpdtimeout", "dpdtimeout", false },
	{ "nflog", "nflog-group", false },
	{ "policy-label", "sec-label", false },
	{ "remote_peer_type", "remote-peer-type", false },
	{ "send-no-esp-tfc", "send-esp-tfc-padding-not-supported", false },
	{ "xauthusername", "username", false },
	{ "dnssec-rootkey-file", "dnssec-anchors", true },
	{ "curl-timeout", "crl-timeout", true },
	{ "xfrmlifetime", "expire-lifetime", true },
	{ "virtual_private", "virtual-private", true },
	{ "plutologfile", "logfile", true },
};
const size_t word_alias_count = ARRAY_LENGTH(word_aliases);

static const char *proper_name(const char *name, bool setup)
{
	for (size_t i = 0; i < word_alias_count; i++) {
		if (word_aliases[i].setup == setup && strcasecmp(name, word_aliases[i].alias) == 0)
			return word_aliases[i].name;
	}
	return name;
}

static const struct word_row *find_at(const char *name, enum word_place place)
{
	name = proper_name(name, place == PLACE_SETUP);
	for (size_t i = 0; i < word_count; i++) {
		if (word_table[i].place == place && strcasecmp(name, word_table[i].name) == 0)
			return &word_table[i];
	}
	return NULL;
}

/* "leftid", "left-id" -> "id". */
static const char *without_side(const char *name, enum word_side *side)
{
	size_t len;

	if (strncasecmp(name, "left", 4) == 0)
		*side = SIDE_LEFT;
	else if (strncasecmp(name, "right", 5) == 0)
		*side = SIDE_RIGHT;
	else
		return NULL;
	len = *side == SIDE_LEFT ? 4 : 5;
	return name + len + (name[len] == '-' && name[len + 1] != '\0');
}

const struct word_row *word_find(const char *name, bool setup, enum word_side *side)
{
	const struct word_row *row = find_at(name, setup ? PLACE_SETUP : PLACE_CONN);
	const char *bare;

	*side = SIDE_NONE;
	if (row || setup)
		return row;
	bare = without_side(name, side);
	return bare ? find_at(bare, PLACE_END) : NULL;
}

bool word_nearest(const char *name, bool setup, char out[64])
{
	struct nearest best = nearest_of(name);
	char spelled[64];

	out[0] = '\0';
	for (size_t i = 0; i < word_count + word_alias_count; i++) {
		bool alias = i >= word_count;
		const char *word = alias ? word_aliases[i - word_count].alias : word_table[i].name;
		bool end = !alias && word_table[i].place == PLACE_END;

		if ((alias ? word_aliases[i - word_count].setup : word_table[i].place == PLACE_SETUP) !=
		    setup)
			continue;
		for (unsigned side = 0; side < (end ? 2u : 1u); side++) {
			snprintf(spelled, sizeof(spelled), "%s%s", !end ? "" : side ? "right" : "left", word);
			nearest_try(&best, spelled);
			if (best.best == spelled) {
				memcpy(out, spelled, sizeof(spelled));
				best.best = NULL;
			}
		}
	}
	/* "subnet" without a side is likelier a forgotten left than a misspelling of something else. */
	if (!setup && find_at(name, PLACE_END))
		snprintf(out, 64, "left%s", name);
	return out[0] != '\0';
}

static bool is_public_key(const struct word_row *row)
{
	return row->set == set_rsa_key || row->set == set_public_key;
}

size_t word_slot(const struct word_row *row)
{
	size_t i = 0;

	if (!is_public_key(row))
		return (size_t)(row - word_table);
	while (!is_public_key(&word_table[i]))
		i++;
	return i;
}
