/* Identities (identity.h, RFC 7296 3.5). */
#include "identity.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "limits.h"
#include "note.h"
#include "public_key.h"

bool identity_set(struct identity *id, uint8_t type, struct bytes data)
{
	struct blob copy = { NULL, 0 };

	if (data.len > LIMIT_IDENTITY || !blob_copy(&copy, data))
		return false;
	identity_discard(id);
	id->type = type;
	id->data = copy;
	return true;
}

bool identity_copy(struct identity *id, const struct identity *from)
{
	return identity_set(id, from->type, bytes_of_blob(&from->data));
}

bool identity_of_address(struct identity *id, const struct address *address)
{
	uint8_t type = address->family == ADDRESS_V6 ? ID_IPV6_ADDR : ID_IPV4_ADDR;

	return address->family != ADDRESS_NONE && identity_set(id, type, address_bytes(address));
}

static bool parse_key_id(struct identity *id, const char *hex)
{
	struct blob raw = { NULL, 0 };
	bool ok = hex_decode(&raw, bytes_of_text(hex)) && raw.len &&
		  identity_set(id, ID_KEY_ID, bytes_of_blob(&raw));

	blob_discard(&raw);
	return ok;
}

/* @rfc 7296-3.5-2 7296-3.5-3 7296-3.5-4 7296-3.5-5 7296-3.5-6 */
bool identity_parse(struct identity *id, const char *text)
{
	struct address address;

	if (text[0] == '\0')
		return false;
	if (strcmp(text, "%null") == 0)
		return identity_set(id, ID_NULL, BYTES_NONE);
	if (text[0] == '%')
		return false;
	if (address_parse(&address, text))
		return identity_of_address(id, &address);
	if (text[0] == '@' && text[1] == '#')
		return parse_key_id(id, text + (text[2] == '0' && text[3] == 'x' ? 4 : 2));
	if (text[0] == '@')
		return text[1] != '\0' && identity_set(id, ID_FQDN, bytes_of_text(text + 1));
	if (strchr(text, '@'))
		return identity_set(id, ID_RFC822_ADDR, bytes_of_text(text));
	return identity_set(id, ID_FQDN, bytes_of_text(text));
}

bool identity_equal(const struct identity *a, const struct identity *b)
{
	if (a->type != b->type || a->type == ID_NONE || a->data.len != b->data.len)
		return false;
	if (a->type == ID_FQDN || a->type == ID_RFC822_ADDR) {
		for (size_t i = 0; i < a->data.len; i++) {
			if (tolower(a->data.data[i]) != tolower(b->data.data[i]))
				return false;
		}
		return true;
	}
	return bytes_equal(bytes_of_blob(&a->data), bytes_of_blob(&b->data));
}

bool identity_address(const struct identity *id, struct address *address)
{
	size_t want = id->type == ID_IPV4_ADDR ? 4 : id->type == ID_IPV6_ADDR ? 16 : 0;

	return want && id->data.len == want && address_from_bytes(address, bytes_of_blob(&id->data));
}

const char *identity_print(const struct identity *id, char text[IDENTITY_TEXT])
{
	struct address address;
	char address_text[ADDRESS_TEXT];
	struct text t;

	text_clear(&t);
	if (identity_address(id, &address)) {
		text_add(&t, "%s", address_print(&address, address_text));
	} else if (id->type == ID_NONE) {
		text_add(&t, "none");
	} else if (id->type == ID_NULL) {
		text_add(&t, "%%null");
	} else if (id->type == ID_FQDN) {
		text_add(&t, "@");
		text_add_escaped(&t, bytes_of_blob(&id->data));
	} else if (id->type == ID_RFC822_ADDR) {
		text_add_escaped(&t, bytes_of_blob(&id->data));
	} else {
		if (id->type == ID_KEY_ID)
			text_add(&t, "@#");
		else
			text_add(&t, "type %u:", id->type);
		text_add_hex(&t, bytes_of_blob(&id->data));
	}
	snprintf(text, IDENTITY_TEXT, "%.*s%s", IDENTITY_TEXT - 4, t.at,
		 t.used > IDENTITY_TEXT - 4 ? "..." : "");
	return text;
}

void identity_discard(struct identity *id)
{
	blob_discard(&id->data);
	id->type = ID_NONE;
}
