/* base64 (RFC 4648 4) and hexadecimal text (public_key.h). */
#include <stdlib.h>
#include <string.h>

#include "public_key.h"
#include "writer.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What is left after the last whole group of four digits: one octet with "==", two with "=", or nothing. */
static bool write_rest(struct writer *w, uint32_t bits, size_t digits_left, size_t padding)
{
	/* Unused bits are zero, so that every text has one spelling (RFC 4648 3.5). */
	if (digits_left == 2 && padding == 2 && (bits & 0x0f) == 0) {
		writer_u8(w, (uint8_t)(bits >> 4));
		return true;
	}
	if (digits_left == 3 && padding == 1 && (bits & 0x03) == 0) {
		writer_u16(w, (uint16_t)(bits >> 2));
		return true;
	}
	return digits_left == 0 && padding == 0;
}

/* A text whose length or padding is wrong is refused, not repaired. */
bool base64_decode(struct blob *out, struct bytes text)
{
	struct blob raw = { NULL, 0 };
	struct writer w;
	size_t count = 0, padding = 0;
	uint32_t bits = 0;
	bool ok = true;

	if (!blob_make(&raw, text.len / 4 * 3 + 3))
		return false;
	w = writer_into(raw.data, raw.len);
	for (size_t i = 0; ok && i < text.len; i++) {
		const char *digit = text.at[i] ? strchr(digits, text.at[i]) : NULL;

		if (is_space(text.at[i]))
			continue;
		if (text.at[i] == '=') {
			padding++;
			continue;
		}
		ok = digit && !padding;
		if (!ok)
			break;
		bits = bits << 6 | (uint32_t)(digit - digits);
		if (++count % 4 == 0) {
			writer_u8(&w, (uint8_t)(bits >> 16));
			writer_u16(&w, (uint16_t)bits);
			bits = 0;
		}
	}
	ok = ok && write_rest(&w, bits, count % 4, padding) && writer_ok(&w) &&
	     blob_copy(out, writer_written(&w));
	blob_discard(&raw);
	return ok;
}

char *base64_encode(struct bytes data)
{
	char *text = malloc((data.len + 2) / 3 * 4 + 1), *p = text;

	for (size_t i = 0; text && i < data.len; i += 3) {
		uint32_t bits = (uint32_t)data.at[i] << 16;

		bits |= i + 1 < data.len ? (uint32_t)data.at[i + 1] << 8 : 0;
		bits |= i + 2 < data.len ? data.at[i + 2] : 0;
		*p++ = digits[bits >> 18 & 63];
		*p++ = digits[bits >> 12 & 63];
		*p++ = i + 1 < data.len ? digits[bits >> 6 & 63] : '=';
		*p++ = i + 2 < data.len ? digits[bits & 63] : '=';
	}
	if (text)
		*p = '\0';
	return text;
}

static int nibble(uint8_t c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

bool hex_decode(struct blob *out, struct bytes text)
{
	struct blob raw = { NULL, 0 };

	if (text.len % 2 || !blob_make(&raw, text.len / 2))
		return false;
	for (size_t i = 0; i < raw.len; i++) {
		int high = nibble(text.at[2 * i]), low = nibble(text.at[2 * i + 1]);

		if (high < 0 || low < 0) {
			blob_discard(&raw);
			return false;
		}
		raw.data[i] = (uint8_t)(high << 4 | low);
	}
	blob_move(out, &raw);
	return true;
}
