/*
 * One line for a message (message.h): what the log, the trace and the decoder say of it. It names types and
 * sizes only, because contents are secrets or a stranger's octets.
 */
#include "message.h"

#include "note.h"

static void add_payload(struct text *text, const struct payload *p)
{
	struct notify n;

	text_add(text, "%s", payload_name(p->type));
	if (p->type != PAYLOAD_N)
		return;
	if (!notify_read(p->body, &n))
		text_add(text, "(malformed)");
	else if (notify_is_known(n.type))
		text_add(text, "(%s)", notify_name(n.type));
	else
		text_add(text, "(%u)", n.type);
}

const char *message_describe(const struct message *m, struct text *text)
{
	const struct ike_header *h = &m->header;

	text_clear(text);
	text_add(text, "%s", exchange_name(h->exchange));
	if (h->exchange < IKE_SA_INIT || h->exchange > INFORMATIONAL)
		text_add(text, " %u", h->exchange);
	text_add(text, " %s %u:", message_is_response(m) ? "answer" : "request", h->message_id);
	if (m->opened && m->fragment.total)
		text_add(text, " SKF of %u{", m->fragment.total);
	else if (m->opened)
		text_add(text, " SK{");
	for (size_t i = 0; i < m->count; i++) {
		if (i || !m->opened)
			text_add(text, " ");
		add_payload(text, &m->payload[i]);
	}
	if (m->opened)
		text_add(text, "}");
	else if (m->fragment.total)
		text_add(text, " SKF %u/%u %zu octets", m->fragment.number, m->fragment.total,
			 m->sealed_body.len);
	else if (m->sealed)
		text_add(text, " SK(%zu octets)", m->sealed_body.len);
	return text->at;
}
