/*
 * A draft, all keywords applied, into a connection: defaults that depend on other keywords, and what
 * does not go together. Which end is ours is not known here (conn_orient): both ends are treated alike.
 */
#include <string.h>

#include "maker.h"
#include "suites.h"

static bool refuse(struct maker *m, const struct draft *draft, const char *name, const char *what)
{
	complain(m->problems, &(struct complaint){ .at = draft->at, .word = name }, "%s", what);
	return false;
}

static void remark(struct maker *m, const struct draft *draft, const char *name, const char *what)
{
	complain(m->problems, &(struct complaint){ .warning = true, .at = draft->at, .word = name }, "%s",
		 what);
}

static bool is_group(const struct end *end)
{
	return end->host == HOST_GROUP || end->host == HOST_OPPORTUNISTICGROUP;
}

static enum group_class class_of_name(const char *name)
{
	for (unsigned c = CLASS_CLEAR; c <= CLASS_BLOCK; c++) {
		if (strcmp(name, group_class_name((enum group_class)c)) == 0)
			return (enum group_class)c;
	}
	return CLASS_NONE;
}

/* The class says the name; under another name what happens at failure says it, and the safe one is assumed. */
static bool finish_group(struct maker *m, struct draft *draft, const char *name)
{
	struct conn *conn = &draft->conn;

	if (!is_group(&conn->left) && !is_group(&conn->right))
		return true;
	if (is_group(&conn->left) && is_group(&conn->right))
		return refuse(m, draft, name, "both ends are groups");
	conn->group = class_of_name(name);
	if (conn->group == CLASS_NONE && conn->type == CONN_PASSTHROUGH)
		conn->group = CLASS_CLEAR;
	else if (conn->group == CLASS_NONE && conn->type == CONN_DROP)
		conn->group = CLASS_BLOCK;
	else if (conn->group == CLASS_NONE)
		conn->group = conn->failure_shunt == SHUNT_PASS ? CLASS_PRIVATE_OR_CLEAR : CLASS_PRIVATE;
	if (conn->group == CLASS_PRIVATE && conn->failure_shunt == SHUNT_PASS) {
		complain(m->problems,
			 &(struct complaint){
				 .at = draft->failure_at, .word = "passthrough", .expected = "drop" },
			 "private never falls to clear: failureshunt is wrong");
		return false;
	}
	if (conn->group == CLASS_CLEAR || conn->group == CLASS_BLOCK) {
		enum conn_type type = conn->group == CLASS_CLEAR ? CONN_PASSTHROUGH : CONN_DROP;

		if (draft->type_given && (conn->type == CONN_PASSTHROUGH || conn->type == CONN_DROP) &&
		    conn->type != type)
			return refuse(m, draft, name, "type= contradicts the class of the group");
		conn->type = type;
	} else if (conn->type == CONN_PASSTHROUGH || conn->type == CONN_DROP) {
		return refuse(m, draft, name, "type= contradicts the class of the group");
	}
	return true;
}

static enum auth_method method_of_key(const struct end *a, const struct end *b)
{
	enum key_kind kind = a->key.kind != KEY_NONE ? a->key.kind : b->key.kind;

	/* Without any hint: libreswan's first default, too. */
	return kind == KEY_ECDSA_P256 ? AUTH_ECDSA : AUTH_RSA;
}

static bool key_fits(const struct end *end)
{
	bool rsa = end->auth == AUTH_RSA || end->auth == AUTH_RSA_PKCS1;

	return end->key.kind == KEY_NONE || (!rsa && end->auth != AUTH_ECDSA) ||
	       (end->key.kind == KEY_RSA) == rsa;
}

static bool by_key(const struct end *end)
{
	return end->auth == AUTH_RSA || end->auth == AUTH_RSA_PKCS1 || end->auth == AUTH_ECDSA;
}

static bool finish_auth(struct maker *m, struct draft *draft, const char *name)
{
	struct conn *conn = &draft->conn;
	struct end *ends[] = { &conn->left, &conn->right };
	bool plain = conn->type == CONN_PASSTHROUGH || conn->type == CONN_DROP;

	for (size_t i = 0; i < 2; i++) {
		struct end *end = ends[i], *other = ends[1 - i];

		if (plain)
			end->auth = AUTH_NEVER;
		else if (end->auth == AUTH_DEFAULT && draft->authby != AUTH_DEFAULT)
			end->auth = draft->authby;
		else if (end->auth == AUTH_DEFAULT)
			end->auth = method_of_key(end, other);
		if (!key_fits(end))
			return refuse(m, draft, name, "public key is of another kind than authby= says");
		/* What a group's peers prove themselves with can only come from DNS. */
		if (is_group(end) && by_key(end) && end->key_source == KEY_SOURCE_NONE)
			end->key_source = KEY_SOURCE_DNS;
	}
	if (plain)
		return true;
	if ((ends[0]->auth == AUTH_NEVER) != (ends[1]->auth == AUTH_NEVER))
		return refuse(m, draft, name, "one end authenticates and the other never does");
	if (ends[0]->auth == AUTH_NEVER)
		return refuse(m, draft, name, "authby=never needs type=passthrough or type=drop");
	if (conn->start != AUTO_IGNORE && by_key(ends[0]) && by_key(ends[1]) &&
	    ends[0]->key_source == KEY_SOURCE_NONE && ends[1]->key_source == KEY_SOURCE_NONE)
		remark(m, draft, name, "neither end has a public key, so that no peer can prove itself:");
	return true;
}

static uint8_t family_of(const struct end *end)
{
	return end->host == HOST_ADDRESS ? end->address.family : 0;
}

static bool finish_addresses(struct maker *m, struct draft *draft, const char *name)
{
	struct conn *conn = &draft->conn;
	const struct end *left = &conn->left, *right = &conn->right;
	uint8_t l = family_of(left), r = family_of(right);

	if (l && r && l != r)
		return refuse(m, draft, name, "left and right are of different families");
	if (conn->family && ((l && l != conn->family) || (r && r != conn->family)))
		return refuse(m, draft, name, "hostaddrfamily= is not the family of the addresses");
	if (!conn->family)
		conn->family = l ? l : r;
	if (l && r && address_equal(&left->address, &right->address) && left->ikeport == right->ikeport)
		return refuse(m, draft, name, "left and right are the same address");
	if (left->host == HOST_ANY && right->host == HOST_ANY)
		return refuse(m, draft, name, "both ends are %any");
	if (left->host == HOST_DEFAULTROUTE && right->host == HOST_DEFAULTROUTE)
		return refuse(m, draft, name, "both ends are %defaultroute");
	if (left->has_client && right->has_client && left->client.first.family != right->client.first.family)
		return refuse(m, draft, name, "leftsubnet and rightsubnet are of different families");
	if (left->client.protocol && right->client.protocol &&
	    left->client.protocol != right->client.protocol)
		return refuse(m, draft, name, "leftprotoport and rightprotoport are of different protocols");
	return true;
}

static bool is_host(const struct end *end)
{
	return !end->has_client ||
	       (address_equal(&end->client.first, &end->client.last) &&
		(end->host != HOST_ADDRESS || address_equal(&end->client.first, &end->address)));
}

/* A margin that leaves no life is cut to half of it, and said so. */
static void finish_margin(struct maker *m, struct draft *draft, const char *name)
{
	struct conn *conn = &draft->conn;
	msec life = msec_earlier(conn->ike_lifetime, conn->sa_lifetime);
	msec most = conn->rekey_margin + conn->rekey_margin * conn->rekey_fuzz / 100;

	if (!conn->rekey || most <= life / 2)
		return;
	/* Nobody wrote the defaults: a short life silently has a short margin. */
	if (conn->rekey_margin != LIMIT_REKEY_MARGIN)
		remark(m, draft, name,
		       "rekeymargin= with rekeyfuzz= is more than half of ikelifetime= or salifetime=, half "
		       "is taken:");
	conn->rekey_margin = life / 4;
	if (conn->rekey_fuzz > 100)
		conn->rekey_fuzz = 100;
}

bool draft_finish(struct maker *m, struct draft *draft, const char *name)
{
	struct conn *conn = &draft->conn;

	if (!finish_group(m, draft, name) || !finish_auth(m, draft, name) ||
	    !finish_addresses(m, draft, name))
		return false;
	if (conn->type == CONN_TRANSPORT && (!is_host(&conn->left) || !is_host(&conn->right)))
		return refuse(m, draft, name, "transport mode is between two hosts: a subnet does not fit");
	if (conn->start == AUTO_START && (conn->left.host == HOST_ANY || conn->right.host == HOST_ANY))
		complain(m->problems,
			 &(struct complaint){ .warning = true, .at = draft->start_at, .word = "start" },
			 "a connection to %%any cannot be started, it waits for its peer:");
	if (conn->retransmit_interval > conn->retransmit_timeout)
		return refuse(m, draft, name, "retransmit-interval is longer than retransmit-timeout");
	finish_margin(m, draft, name);
	if (!conn->ike_count)
		suites_default(true, conn->ike, &conn->ike_count);
	if (!conn->esp_count)
		suites_default(false, conn->esp, &conn->esp_count);
	return true;
}
