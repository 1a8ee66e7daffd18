/* Addresses and selectors between our values and the kernel's structs. */
#ifndef CYGNET_KERNEL_XFRM_INSIDE_H
#define CYGNET_KERNEL_XFRM_INSIDE_H

#include <linux/xfrm.h>

#include "kernel.h"

uint16_t xfrm_family(const struct address *a); /* AF_INET, AF_INET6 or 0 */
void xfrm_put_address(const struct address *a, xfrm_address_t *out);
void xfrm_get_address(uint16_t family, const xfrm_address_t *in, struct address *a);
/* false when a selector is no prefix, or its ports are neither one nor all. */
MUST_USE bool xfrm_put_selector(const struct selector *src, const struct selector *dst,
				struct xfrm_selector *out);
void xfrm_get_selector(const struct xfrm_selector *in, struct selector *src, struct selector *dst);

#endif
