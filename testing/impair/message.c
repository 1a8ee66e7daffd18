/*
 * Rewriting messages (impair.h). Two things keep the rest of the world honest. What was rewritten once is rewritten in
 * the same way whenever it is sent again. And AUTH covers the first messages as they were on the wire (RFC 7296 2.15):
 * the node's cryptography is given them, so that a fault in a first message is that fault and not also a broken proof.
 */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

void impair_learn_keys(struct impair *im, const struct action *a)
{
	size_t at = im->key_count++ % IMPAIR_KEYS;

	im->keys[at].spi_i = a->keys.spi_i;
	im->keys[at].spi_r = a->keys.spi_r;
	im->keys[at].key_i = a->keys.key_i;
	im->keys[at].key_r = a->keys.key_r;
}

static bool matches_header(const struct impair_which *w, struct bytes data)
{
	struct ike_header h;

	if (w->keepalive)
		return data.len == 1 && data.at[0] == 0xff;
	return header_read(data, &h) && (!w->exchange || w->exchange == h.exchange) &&
	       (h.flags & FLAG_RESPONSE ? w->answer : w->request);
}

bool impair_matches(struct impair *im, const struct impair_which *which, struct bytes data)
{
	struct draft *d;
	bool is;

	if (!matches_header(which, data) || !which->payload)
		return matches_header(which, data);
	d = calloc(1, sizeof(*d));
	is = d && draft_open(im, data, d) && draft_bears(d, which->payload);
	if (d)
		draft_discard(d);
	free(d);
	return is;
}

/* ---- what was rewritten ---- */

static bool find_memo(const struct impair *im, int direction, struct bytes data, struct blob *out)
{
	size_t count = im->memo_count < IMPAIR_MEMOS ? im->memo_count : IMPAIR_MEMOS;

	for (size_t i = 0; i < count; i++) {
		const struct blob *from = direction == OUTBOUND ? &im->memo[i].node : &im->memo[i].wire;
		const struct blob *to = direction == OUTBOUND ? &im->memo[i].wire : &im->memo[i].node;

		if (bytes_equal(bytes_of_blob(from), data))
			return blob_copy(out, bytes_of_blob(to));
	}
	return false;
}

static void keep_memo(struct impair *im, int direction, struct bytes from, struct bytes to)
{
	size_t at = im->memo_count % IMPAIR_MEMOS;
	struct blob *node = &im->memo[at].node, *wire = &im->memo[at].wire;

	if (blob_copy(node, direction == OUTBOUND ? from : to) &&
	    blob_copy(wire, direction == OUTBOUND ? to : from))
		im->memo_count++;
}

static bool is_first(struct bytes octets, const struct blob *message)
{
	return message->len && message->len < octets.len &&
	       bytes_equal(bytes_of(octets.at, message->len), bytes_of_blob(message));
}

bool impair_substitute(const struct impair *im, struct bytes octets, struct blob *out)
{
	size_t count = im->memo_count < IMPAIR_MEMOS ? im->memo_count : IMPAIR_MEMOS;

	for (size_t i = 0; i < count; i++) {
		const struct blob *node = &im->memo[i].node, *wire = &im->memo[i].wire;
		size_t rest = octets.len - node->len;

		if (!is_first(octets, node) || !blob_make(out, wire->len + rest))
			continue;
		memcpy(out->data, wire->data, wire->len);
		memcpy(out->data + wire->len, octets.at + node->len, rest);
		return true;
	}
	return false;
}

/* ---- rewriting ---- */

static bool is_for(const struct armed *a, int direction)
{
	return impair_is_edit(a) && impair_is(a, "ignore-notify") == (direction == INBOUND);
}

static bool edit(struct impair *im, int direction, struct bytes data, struct blob *out)
{
	struct draft *d = calloc(1, sizeof(*d));
	bool changed = false;

	if (!d || !draft_open(im, data, d)) {
		free(d);
		return false;
	}
	for (size_t i = 0; i < im->armed_count; i++) {
		struct armed *a = &im->armed[i];

		if (!is_for(a, direction) || !matches_header(&a->which, data) ||
		    (a->which.payload && !draft_bears(d, a->which.payload)))
			continue;
		/* Beyond its occasions it changes nothing, and is asked only to be counted. */
		if (a->occasions + 1 < a->from || a->occasions >= a->to)
			a->occasions++;
		else if (impair_edit(a, d))
			changed = impair_takes(im, a) || changed;
	}
	changed = changed && draft_write(im, d, out);
	draft_discard(d);
	free(d);
	return changed;
}

void impair_rewrite(struct impair *im, int direction, struct blob *data)
{
	struct blob made = { NULL, 0 };
	bool any = false;

	if (find_memo(im, direction, bytes_of_blob(data), &made)) {
		blob_move(data, &made);
		return;
	}
	for (size_t i = 0; i < im->armed_count; i++)
		any = any || is_for(&im->armed[i], direction);
	if (!any || data->len < HEADER_OCTETS)
		return;
	/* What was left as it is stays so when it is sent again. */
	if (!edit(im, direction, bytes_of_blob(data), &made) && !blob_copy(&made, bytes_of_blob(data)))
		return;
	keep_memo(im, direction, bytes_of_blob(data), bytes_of_blob(&made));
	blob_move(data, &made);
}
