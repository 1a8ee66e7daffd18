/*
 * A kernel that only keeps books (kernel_port.h): the bench's daemon and the daemon's tests are linked with
 * it in place of programs/daemon/kernel_port.c. It owns its entries. It is strict as XFRM is: what is there
 * cannot be installed again, what is not there cannot be removed. cygnetd never holds it (testing/tools/symbols).
 *
 * CYGNET_RECORD_BOOK names a file that gets one line at the end: what was installed, removed, refused, and
 * what the daemon had left behind before it flushed, and what it kept there for the next run.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "programs/daemon/kernel_port.h"

#define BUCKETS 4096
#define KEY_OCTETS 96

struct entry {
	struct entry *next;
	uint8_t key[KEY_OCTETS];
};

struct book {
	struct entry *bucket[BUCKETS];
	unsigned long count, added, updated, removed, refused;
};

struct kernel_port {
	struct book sas, policies;
	unsigned long left;
};

static unsigned place_of(const uint8_t key[KEY_OCTETS])
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < KEY_OCTETS; i++)
		h = (h ^ key[i]) * 16777619u;
	return h % BUCKETS;
}

static struct entry **find(struct book *b, const uint8_t key[KEY_OCTETS])
{
	struct entry **at = &b->bucket[place_of(key)];

	while (*at && memcmp((*at)->key, key, KEY_OCTETS) != 0)
		at = &(*at)->next;
	return at;
}

static bool add(struct book *b, const uint8_t key[KEY_OCTETS], bool update, char why[96])
{
	struct entry **at = find(b, key);

	if (*at && !update) {
		b->refused++;
		errno = EEXIST;
		snprintf(why, 96, "%s", strerror(errno));
		return false;
	}
	if (*at) {
		b->updated++;
		return true;
	}
	*at = calloc(1, sizeof(**at));
	if (!*at) {
		snprintf(why, 96, "%s", strerror(ENOMEM));
		return false;
	}
	memcpy((*at)->key, key, KEY_OCTETS);
	b->count++;
	b->added++;
	return true;
}

static bool take_out(struct book *b, const uint8_t key[KEY_OCTETS], char why[96])
{
	struct entry **at = find(b, key), *gone = *at;

	if (!gone) {
		b->refused++;
		errno = ESRCH;
		snprintf(why, 96, "%s", strerror(errno));
		return false;
	}
	*at = gone->next;
	free(gone);
	b->count--;
	b->removed++;
	return true;
}

static unsigned empty(struct book *b)
{
	unsigned removed = 0;

	for (size_t i = 0; i < BUCKETS; i++) {
		while (b->bucket[i]) {
			struct entry *gone = b->bucket[i];

			b->bucket[i] = gone->next;
			free(gone);
			removed++;
		}
	}
	b->count = 0;
	return removed;
}

static void sa_key(const struct kernel_sa *sa, uint8_t key[KEY_OCTETS])
{
	memset(key, 0, KEY_OCTETS);
	snprintf((char *)key, KEY_OCTETS, "%08x", sa->spi);
	memcpy(key + 16, sa->dst.octet, sizeof(sa->dst.octet));
}

static void policy_key(const struct kernel_policy *p, uint8_t key[KEY_OCTETS])
{
	char src[SELECTOR_TEXT], dst[SELECTOR_TEXT], text[2 * SELECTOR_TEXT + 8];
	size_t len;

	/* Long selectors (IPv6 with ports) are folded: two that collide would show up as an update. */
	len = (size_t)snprintf(text, sizeof(text), "%d %s %s", p->direction, selector_print(&p->src, src),
			       selector_print(&p->dst, dst));
	memset(key, 0, KEY_OCTETS);
	for (size_t i = 0; i < len; i++)
		key[i % KEY_OCTETS] = (uint8_t)(key[i % KEY_OCTETS] * 31 + (uint8_t)text[i]);
}

struct kernel_port *kernel_port_open(char why[256])
{
	struct kernel_port *port = calloc(1, sizeof(*port));

	if (!port)
		snprintf(why, 256, "no memory");
	return port;
}

static void write_book(const struct kernel_port *port)
{
	const char *name = getenv("CYGNET_RECORD_BOOK");
	FILE *f = name ? fopen(name, "we") : NULL;

	if (!f)
		return;
	fprintf(f, "sas-added %lu sas-removed %lu sas-refused %lu policies-added %lu policies-updated %lu",
		port->sas.added, port->sas.removed, port->sas.refused, port->policies.added,
		port->policies.updated);
	fprintf(f, " policies-removed %lu policies-refused %lu left %lu sas-kept %lu policies-kept %lu\n",
		port->policies.removed, port->policies.refused, port->left, port->sas.count,
		port->policies.count);
	fclose(f);
}

void kernel_port_close(struct kernel_port *port)
{
	if (!port)
		return;
	write_book(port);
	empty(&port->sas);
	empty(&port->policies);
	free(port);
}

int kernel_port_fd(const struct kernel_port *port)
{
	return -1;
}

void kernel_port_look(struct kernel_port *port, const struct kernel_port_handlers *handlers, void *context)
{
}

void kernel_port_read(struct kernel_port *port, const struct kernel_port_handlers *handlers, void *context)
{
}

/* For the test that looks for keys where none may be: what was installed, in hexadecimal. */
static void write_keys(const struct kernel_sa *sa)
{
	const char *name = getenv("CYGNET_RECORD_KEYS");
	FILE *f = name ? fopen(name, "ae") : NULL;

	if (!f)
		return;
	setbuf(f, NULL);
	for (size_t i = 0; i < sa->encr_key_len; i++)
		fprintf(f, "%02x", sa->encr_key[i]);
	fprintf(f, "\n");
	fclose(f);
}

bool kernel_sa_install(struct kernel_port *port, const struct kernel_sa *sa, char why[96])
{
	uint8_t key[KEY_OCTETS];

	write_keys(sa);
	sa_key(sa, key);
	return add(&port->sas, key, false, why);
}

bool kernel_sa_remove(struct kernel_port *port, const struct kernel_sa *sa, char why[96])
{
	uint8_t key[KEY_OCTETS];

	sa_key(sa, key);
	return take_out(&port->sas, key, why);
}

bool kernel_sa_query(struct kernel_port *port, const struct kernel_sa *sa, struct kernel_counters *counters)
{
	uint8_t key[KEY_OCTETS];

	sa_key(sa, key);
	memset(counters, 0, sizeof(*counters));
	return *find(&port->sas, key) != NULL;
}

bool kernel_policy_put(struct kernel_port *port, const struct kernel_policy *policy, char why[96])
{
	uint8_t key[KEY_OCTETS];

	policy_key(policy, key);
	return add(&port->policies, key, true, why);
}

bool kernel_policy_remove(struct kernel_port *port, const struct kernel_policy *policy, char why[96])
{
	uint8_t key[KEY_OCTETS];

	policy_key(policy, key);
	return take_out(&port->policies, key, why);
}

bool kernel_policy_query(struct kernel_port *port, const struct kernel_policy *policy, uint64_t *used)
{
	uint8_t key[KEY_OCTETS];

	policy_key(policy, key);
	*used = 0;
	return *find(&port->policies, key) != NULL;
}

struct kernel_state *kernel_port_state(struct kernel_port *port)
{
	return calloc(1, sizeof(struct kernel_state));
}

unsigned kernel_port_flush_own(struct kernel_port *port)
{
	unsigned removed = empty(&port->policies) + empty(&port->sas);

	port->left += removed;
	return removed;
}

void kernel_port_abilities(struct kernel_port *port, struct kernel_abilities *abilities)
{
	*abilities = (struct kernel_abilities){
		.port = "record", .esp = true, .aead = true, .esn = true, .replay_window_max = 4096
	};
}

bool kernel_port_exempt(struct kernel_port *port, int fd, int family, char why[96])
{
	return true;
}

bool kernel_port_tune(struct kernel_port *port, unsigned acquire_expires_s, char why[256])
{
	return true;
}
