/*
 * Fuzzes a whole node with what a network may bring: the input is cut into datagrams that arrive at a node
 * with a configured connection, some of them with the SPIs of an attempt that is under way.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "testing/sim/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char config[] = "conn t\n left=10.0.0.1\n right=10.0.0.2\n authby=secret\n auto=add\n";
	struct endpoint from = { .port = 500 };
	struct world w;

	world_init(&w, 1, 2, NULL);
	from.address = w.nodes[1].address;
	if (!world_configure(&w, 0, config, ": PSK \"a secret of the fuzzer\"\n", NULL, NULL))
		__builtin_trap();
	if (size && data[0] & 1)
		world_command(&w, 0, COMMAND_UP, "t");
	while (size > 2) {
		size_t len = (size_t)(data[0] << 8 | data[1]) % 2048;

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		world_inject(&w, 0, &from, bytes_of(data, len));
		if (!world_run(&w, len % 50))
			__builtin_trap();
		data += len;
		size -= len;
	}
	if (!world_run(&w, SECONDS(100)) || !world_end(&w))
		__builtin_trap();
	return 0;
}
