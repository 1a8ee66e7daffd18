/* Fuzzes the reader of XFRM messages: hostile or torn netlink octets are harmless. */
#include <stddef.h>
#include <stdint.h>

#include "lib/kernel/xfrm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes left = bytes_of(data, size);
	size_t used = 1;

	while (left.len && used) {
		struct xfrm_message m;

		xfrm_read(left, &m, &used);
		if (used > left.len)
			__builtin_trap();
		left = bytes_of(left.at + used, left.len - used);
	}
	return 0;
}
