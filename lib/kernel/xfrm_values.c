/* Addresses and selectors to and from the kernel's structs (xfrm_inside.h). */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "xfrm_inside.h"

uint16_t xfrm_family(const struct address *a)
{
	return a->family == ADDRESS_V4 ? AF_INET : a->family == ADDRESS_V6 ? AF_INET6 : 0;
}

void xfrm_put_address(const struct address *a, xfrm_address_t *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out, a->octet, address_octets(a));
}

void xfrm_get_address(uint16_t family, const xfrm_address_t *in, struct address *a)
{
	memset(a, 0, sizeof(*a));
	if (family == AF_INET || family == AF_INET6) {
		a->family = family == AF_INET ? ADDRESS_V4 : ADDRESS_V6;
		memcpy(a->octet, in, address_octets(a));
	}
}

/* Ports: all, or one; for ICMP type and code stand in the places of the two ports (RFC 4301 4.4.1.1). */
static bool put_port(const struct selector *s, __be16 *port, __be16 *mask)
{
	if (s->port_first == 0 && s->port_last == UINT16_MAX) {
		*port = *mask = 0;
		return true;
	}
	*port = htons(s->port_first);
	*mask = htons(UINT16_MAX);
	return s->port_first == s->port_last;
}

bool xfrm_put_selector(const struct selector *src, const struct selector *dst, struct xfrm_selector *out)
{
	bool src_exact, dst_exact;
	struct prefix s = selector_prefix(src, &src_exact), d = selector_prefix(dst, &dst_exact);

	memset(out, 0, sizeof(*out));
	out->family = xfrm_family(&s.address);
	out->proto = src->protocol ? src->protocol : dst->protocol;
	out->prefixlen_s = s.bits;
	out->prefixlen_d = d.bits;
	xfrm_put_address(&s.address, &out->saddr);
	xfrm_put_address(&d.address, &out->daddr);
	return out->family && src_exact && dst_exact && s.address.family == d.address.family &&
	       put_port(src, &out->sport, &out->sport_mask) && put_port(dst, &out->dport, &out->dport_mask);
}

static void get_one(const struct xfrm_selector *in, const xfrm_address_t *address, uint8_t bits, __be16 port,
		    __be16 mask, struct selector *s)
{
	struct prefix p = { .bits = bits };
	struct address first, last;

	xfrm_get_address(in->family, address, &p.address);
	if (p.bits > 8 * address_octets(&p.address))
		p.bits = (uint8_t)(8 * address_octets(&p.address));
	prefix_range(&p, &first, &last);
	memset(s, 0, sizeof(*s));
	s->first = first;
	s->last = last;
	s->protocol = in->proto;
	s->port_first = mask ? ntohs(port) : 0;
	s->port_last = mask ? ntohs(port) : UINT16_MAX;
}

void xfrm_get_selector(const struct xfrm_selector *in, struct selector *src, struct selector *dst)
{
	get_one(in, &in->saddr, in->prefixlen_s, in->sport, in->sport_mask, src);
	get_one(in, &in->daddr, in->prefixlen_d, in->dport, in->dport_mask, dst);
}
