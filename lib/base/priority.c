/* Priorities of policies in our band (kernel.h). */
#include "kernel.h"

/*
 * A smaller number wins. Configured connections stand before opportunism; within a kind the longer prefix
 * stands first, one with a protocol before one without; a pair is one better than its template.
 */
uint32_t kernel_priority(enum kernel_priority_kind kind, const struct selector *src,
			 const struct selector *dst)
{
	bool exact;
	uint32_t bits = selector_prefix(src, &exact).bits + (uint32_t)selector_prefix(dst, &exact).bits;
	uint32_t base = KERNEL_PRIORITY_FIRST + (uint32_t)kind * 0x10000u;
	uint32_t width = (256u - bits) * 8u;

	if (src->protocol || dst->protocol)
		width -= 4;
	/* PAIR shares TEMPLATE's row, one step better. */
	if (kind == KERNEL_PRIORITY_PAIR)
		return KERNEL_PRIORITY_FIRST + (uint32_t)KERNEL_PRIORITY_TEMPLATE * 0x10000u + width + 7;
	return base + width + 8;
}
