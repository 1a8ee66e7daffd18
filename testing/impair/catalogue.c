/* Each fault of the catalogue, and what provides it (impair.h). */
#include "impair.h"

static const struct impair_fault faults[] = {
	{ "libreswan", "drop_inbound", "drop-inbound any 1", NULL },
};

const struct impair_fault *impair_fault(size_t i)
{
	return i < ARRAY_LENGTH(faults) ? &faults[i] : NULL;
}
