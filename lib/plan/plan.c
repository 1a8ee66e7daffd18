/* Making a plan from its texts, comparing it with the one before, and looking things up (plan.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

bool keep_source(struct making *m, const char *name, const char *text, size_t len, enum plan_source_kind kind)
{
	struct plan *plan = m->plan;
	struct plan_source *grown = realloc(plan->sources, (plan->source_count + 1) * sizeof(*grown)), *s;

	if (!grown)
		return false;
	plan->sources = grown;
	s = &grown[plan->source_count];
	s->name = strdup(name);
	s->text = malloc(len + 1);
	s->len = len;
	s->kind = kind;
	if (!s->name || !s->text) {
		free(s->name);
		free(s->text);
		return false;
	}
	if (len)
		memcpy(s->text, text, len);
	s->text[len] = '\0';
	plan->source_count++;
	return true;
}

const char *kept_name(const struct making *m)
{
	return m->plan->sources[m->plan->source_count - 1].name;
}

static void setup_defaults(struct setup *s)
{
	s->dnssec_enable = s->unique_ids = true;
	s->oe_dns_timeout_permissive = SECONDS(5);
	s->oe_dns_timeout_paranoid = SECONDS(15);
	s->oe_ike_timeout_permissive = SECONDS(4);
	s->oe_ike_timeout_paranoid = SECONDS(30);
	s->oe_short_timeout = SECONDS(60);
	s->oe_normal_timeout = MINUTES(15);
	s->oe_initial_lifespan = SECONDS(60);
	s->oe_lifespan = MINUTES(20);
	s->stop_deadline = LIMIT_STOP_DEADLINE;
}

static void conn_defaults(struct conn *conn)
{
	conn->authby = AUTH_RSA;
	conn->retransmit_interval = LIMIT_RETRANSMIT_INTERVAL;
	conn->retransmit_timeout = LIMIT_RETRANSMIT_TIMEOUT;
	conn->ike_lifetime = LIMIT_IKE_LIFETIME;
	conn->sa_lifetime = LIMIT_SA_LIFETIME;
	conn->left.ikeport = conn->right.ikeport = 500;
	conn->left.client.port_last = conn->right.client.port_last = UINT16_MAX;
}

static void end_discard(struct end *end)
{
	identity_discard(&end->id);
	public_key_discard(&end->key);
}

void plan_discard(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->conn_count; i++) {
		free(plan->conns[i].name);
		free(plan->conns[i].file);
		end_discard(&plan->conns[i].left);
		end_discard(&plan->conns[i].right);
	}
	for (size_t i = 0; i < plan->secret_count; i++) {
		struct secret *s = &plan->secrets[i];

		for (size_t k = 0; k < s->count; k++)
			identity_discard(&s->ids[k]);
		free(s->ids);
		free(s->any);
		free(s->file);
		blob_discard(&s->value);
	}
	for (size_t i = 0; i < plan->source_count; i++) {
		wipe(plan->sources[i].text, plan->sources[i].len);
		free(plan->sources[i].name);
		free(plan->sources[i].text);
	}
	for (size_t i = 0; i < plan->group_count; i++)
		free(plan->groups[i].file);
	free(plan->conns);
	free(plan->secrets);
	free(plan->sources);
	free(plan->groups);
	free(plan->setup.logfile);
	free(plan->setup.nssdir);
	free(plan->setup.dnssec_anchors);
	free(plan->setup.listen);
	free(plan);
}

/* also= first (it is weaker than what stands in the section itself), then the section's own settings. */
static void apply_section(struct making *m, struct section *s, struct conn *conn, unsigned depth)
{
	struct place at = { s->file, s->line, 1 };

	if (depth > LIMIT_ALSO_DEPTH || s->visiting) {
		problem(m, &at, false, s->name, "also= leads in a circle, or too deep");
		return;
	}
	s->visiting = true;
	for (size_t i = 0; i < s->count; i++) {
		const struct setting *setting = &s->settings[i];
		const struct section *other;

		if (strcmp(setting->key, "also") != 0)
			continue;
		other = section_find(m, "conn", setting->value);
		at = (struct place){ setting->file, setting->line, setting->value_column };
		if (other)
			apply_section(m, &m->sections[other - m->sections], conn, depth + 1);
		else
			problem(m, &at, false, setting->value, "also= names a connection that there is not");
	}
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->settings[i].key, "also") != 0)
			value_apply(m, s, &s->settings[i], conn);
	}
	s->visiting = false;
}

static bool is_group_host(const struct end *end)
{
	return end->host == HOST_GROUP || end->host == HOST_OPPORTUNISTICGROUP;
}

static enum group_class class_of(const struct conn *conn)
{
	for (int g = CLASS_CLEAR; g <= CLASS_BLOCK; g++) {
		if (strcmp(conn->name, group_class_name((enum group_class)g)) == 0)
			return (enum group_class)g;
	}
	/* A group of another name: its shunts say what it is. */
	if (conn->type == CONN_PASSTHROUGH)
		return CLASS_CLEAR;
	if (conn->type == CONN_DROP)
		return CLASS_BLOCK;
	return conn->failure_shunt == SHUNT_PASS ? CLASS_PRIVATE_OR_CLEAR : CLASS_PRIVATE;
}

/* What an end is when its section has not said. */
static void finish_end(struct conn *conn, struct end *end)
{
	if (end->auth == AUTH_DEFAULT)
		end->auth = conn->authby;
	if (end->key_source == KEY_SOURCE_CONFIGURED && end->key.kind == KEY_ECDSA_P256 && end->auth == AUTH_RSA)
		end->auth = AUTH_ECDSA;
	if (is_group_host(end) && end->auth != AUTH_NULL && end->auth != AUTH_SECRET &&
	    end->key_source == KEY_SOURCE_NONE)
		end->key_source = KEY_SOURCE_DNS;
}

static void finish_conn(struct making *m, struct conn *conn)
{
	struct place at = { conn->file, conn->line, 1 };

	if (is_group_host(&conn->left) || is_group_host(&conn->right))
		conn->group = class_of(conn);
	finish_end(conn, &conn->left);
	finish_end(conn, &conn->right);
	if (!conn->ike_count)
		conn->ike_count = suites_default(true, conn->ike);
	if (!conn->esp_count)
		conn->esp_count = suites_default(false, conn->esp);
	if (conn->group == CLASS_PRIVATE && conn->failure_shunt == SHUNT_PASS)
		problem(m, &at, false, conn->name, "a private group must not fall back to clear (failureshunt=passthrough)");
	if (conn->start == AUTO_IGNORE)
		return;
	if (conn->left.host == HOST_NONE || conn->right.host == HOST_NONE)
		problem(m, &at, false, conn->name, "the connection needs left= and right=");
	else if (conn->left.host == HOST_ADDRESS && conn->right.host == HOST_ADDRESS &&
		 conn->left.address.family != conn->right.address.family)
		problem(m, &at, false, conn->name, "left= and right= are of different families");
}

static bool same_end(const struct end *a, const struct end *b)
{
	return a->host == b->host && address_equal(&a->address, &b->address) && a->id.type == b->id.type &&
	       bytes_equal(bytes_of_blob(&a->id.data), bytes_of_blob(&b->id.data)) && a->has_client == b->has_client &&
	       (a->has_client ? selector_equal(&a->client, &b->client) :
				a->client.protocol == b->client.protocol && a->client.port_first == b->client.port_first) &&
	       a->auth == b->auth && a->key_source == b->key_source && public_key_equal(&a->key, &b->key) &&
	       a->has_ckaid == b->has_ckaid && memcmp(a->ckaid, b->ckaid, CKAID_OCTETS) == 0 && a->ikeport == b->ikeport;
}

static bool same_suites(const struct suite *a, size_t a_count, const struct suite *b, size_t b_count)
{
	for (size_t i = 0; a_count == b_count && i < a_count; i++) {
		if (!suite_equal(&a[i], &b[i]))
			return false;
	}
	return a_count == b_count;
}

static bool same_conn(const struct conn *a, const struct conn *b)
{
	return same_end(&a->left, &b->left) && same_end(&a->right, &b->right) && a->type == b->type &&
	       a->start == b->start && a->group == b->group && a->family == b->family &&
	       same_suites(a->ike, a->ike_count, b->ike, b->ike_count) &&
	       same_suites(a->esp, a->esp_count, b->esp, b->esp_count) && a->keyingtries == b->keyingtries &&
	       a->retransmit_interval == b->retransmit_interval && a->retransmit_timeout == b->retransmit_timeout &&
	       a->ike_lifetime == b->ike_lifetime && a->sa_lifetime == b->sa_lifetime &&
	       a->negotiation_shunt == b->negotiation_shunt && a->failure_shunt == b->failure_shunt;
}

/* An unchanged connection keeps its number, so that nothing that refers to it is disturbed. */
static void number_conn(struct making *m, struct conn *conn)
{
	const struct conn *before = m->previous ? plan_conn_by_name(m->previous, conn->name) : NULL;

	conn->serial = before && same_conn(before, conn) ? before->serial : m->next_serial++;
	conn->reqid = KERNEL_REQID_FIRST + (conn->serial & (KERNEL_REQID_LAST - KERNEL_REQID_FIRST));
}

static bool make_conns(struct making *m)
{
	struct plan *plan = m->plan;

	plan->conns = calloc(m->section_count + 1, sizeof(*plan->conns));
	if (!plan->conns)
		return false;
	for (size_t i = 0; i < m->section_count; i++) {
		struct section *s = &m->sections[i];
		struct conn *conn = &plan->conns[plan->conn_count];

		if (strcmp(s->kind, "conn") != 0 || strcmp(s->name, "%default") == 0)
			continue;
		conn_defaults(conn);
		conn->name = strdup(s->name);
		conn->file = strdup(s->file);
		conn->line = s->line;
		plan->conn_count++;
		if (!conn->name || !conn->file)
			return false;
		for (size_t k = 0; k < m->section_count; k++) {
			if (strcmp(m->sections[k].name, "%default") == 0)
				apply_section(m, &m->sections[k], conn, 0);
		}
		apply_section(m, s, conn, 0);
		finish_conn(m, conn);
		number_conn(m, conn);
	}
	return true;
}

static bool add_config(void *sink, const char *name, const char *text, size_t len)
{
	return parse_config(sink, name, text, len);
}

static bool add_secrets(void *sink, const char *name, const char *text, size_t len)
{
	return parse_secrets(sink, name, text, len);
}

static bool add_group(void *sink, const char *name, const char *text, size_t len)
{
	return parse_group(sink, name, text, len);
}

static void load_groups(struct making *m, const char *folder)
{
	char pattern[512], why[160];

	for (size_t i = 0; folder && i < m->plan->conn_count; i++) {
		const struct conn *conn = &m->plan->conns[i];
		struct place at = { conn->file, conn->line, 1 };

		if (conn->group == CLASS_NONE)
			continue;
		snprintf(pattern, sizeof(pattern), "%s/%s", folder, conn->name);
		why[0] = '\0';
		if (!m->loader->load(m->loader->context, pattern, NULL, m, add_group, why))
			problem(m, &at, true, conn->name, "the group has no file %.180s", pattern);
	}
}

static void load_all(struct making *m, const struct plan_places *places)
{
	struct place at = { places->config, 0, 0 };
	char why[160] = "";

	if (!m->loader->load(m->loader->context, places->config, NULL, m, add_config, why)) {
		problem(m, &at, false, "", "cannot be read: %s", why);
		return;
	}
	for (size_t i = 0; i < m->section_count; i++) {
		if (strcmp(m->sections[i].kind, "config") == 0) {
			for (size_t k = 0; k < m->sections[i].count; k++)
				value_apply(m, &m->sections[i], &m->sections[i].settings[k], NULL);
		}
	}
	if (!make_conns(m))
		problem(m, &at, false, "", "there was no memory");
	why[0] = '\0';
	at.file = places->secrets;
	if (places->secrets && !m->loader->load(m->loader->context, places->secrets, NULL, m, add_secrets, why))
		problem(m, &at, true, "", "cannot be read: %s", why);
	load_groups(m, places->policies);
}

struct plan *plan_make(const struct plan_places *places, const struct plan_loader *loader, const struct plan *previous,
		       struct plan_problems *problems)
{
	struct making m = { .previous = previous, .problems = problems, .loader = loader, .next_serial = 1 };

	memset(problems, 0, sizeof(*problems));
	m.plan = calloc(1, sizeof(*m.plan));
	if (!m.plan)
		return NULL;
	if (previous)
		m.next_serial = previous->next_serial;
	setup_defaults(&m.plan->setup);
	load_all(&m, places);
	m.plan->next_serial = m.next_serial;
	sections_discard(&m);
	if (problems->errors) {
		plan_discard(m.plan);
		return NULL;
	}
	return m.plan;
}

/* A loader over texts in memory: a pattern is a name. */
struct memory {
	const struct plan_source *sources;
	size_t count;
};

static bool load_memory(void *context, const char *pattern, const char *includer, void *sink,
			bool (*add)(void *sink, const char *name, const char *text, size_t len), char why[160])
{
	const struct memory *memory = context;

	for (size_t i = 0; i < memory->count; i++) {
		const struct plan_source *s = &memory->sources[i];

		if (strcmp(s->name, pattern) == 0)
			return add(sink, s->name, s->text, s->len);
	}
	snprintf(why, 160, "no such file");
	return false;
}

struct plan *plan_make_from_sources(const struct plan_source *sources, size_t count, const struct plan_places *places,
				    const struct plan *previous, struct plan_problems *problems)
{
	struct memory memory = { sources, count };
	struct plan_loader loader = { &memory, load_memory };

	return plan_make(places, &loader, previous, problems);
}

const struct conn *plan_conn(const struct plan *plan, uint32_t serial)
{
	for (size_t i = 0; plan && serial && i < plan->conn_count; i++) {
		if (plan->conns[i].serial == serial)
			return &plan->conns[i];
	}
	return NULL;
}

const struct conn *plan_conn_by_name(const struct plan *plan, const char *name)
{
	for (size_t i = 0; plan && i < plan->conn_count; i++) {
		if (strcmp(plan->conns[i].name, name) == 0)
			return &plan->conns[i];
	}
	return NULL;
}

const struct conn *plan_conn_by_reqid(const struct plan *plan, uint32_t reqid)
{
	for (size_t i = 0; plan && i < plan->conn_count; i++) {
		if (plan->conns[i].reqid == reqid)
			return &plan->conns[i];
	}
	return NULL;
}

/* Whether an end can be us, and at which address. */
static bool is_ours(const struct end *end, const struct conn *conn, const struct end *other,
		    const struct address *addresses, size_t count, const struct address *default_v4,
		    const struct address *default_v6, struct address *address)
{
	uint8_t family = conn->family ? conn->family : other->host == HOST_ADDRESS ? other->address.family : ADDRESS_V4;

	if (end->host == HOST_DEFAULTROUTE) {
		*address = family == ADDRESS_V6 ? *default_v6 : *default_v4;
		return address->family != ADDRESS_NONE;
	}
	if (end->host != HOST_ADDRESS)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (address_equal(&addresses[i], &end->address)) {
			*address = end->address;
			return true;
		}
	}
	return false;
}

bool conn_orient(const struct conn *conn, const struct address *addresses, size_t count,
		 const struct address *default_v4, const struct address *default_v6, const struct end **local,
		 const struct end **remote, struct address *address)
{
	struct address l = { 0 }, r = { 0 };
	bool left = is_ours(&conn->left, conn, &conn->right, addresses, count, default_v4, default_v6, &l);
	bool right = is_ours(&conn->right, conn, &conn->left, addresses, count, default_v4, default_v6, &r);

	if (left == right)
		return false;
	*local = left ? &conn->left : &conn->right;
	*remote = left ? &conn->right : &conn->left;
	*address = left ? l : r;
	return true;
}
