/* The printed names of the values that cross walls. */
#include <stdlib.h>
#include <string.h>

#include "action.h"
#include "dns.h"
#include "event.h"
#include "job.h"
#include "kernel.h"
#include "plan.h"

#define NAME_OF(names, i) ((unsigned)(i) < ARRAY_LENGTH(names) && names[i] ? names[i] : "?")

const char *job_kind_name(enum job_kind kind)
{
	static const char *const names[] = { "ke-make", "ke-share", "ke-answer", "sign", "verify" };

	return NAME_OF(names, kind);
}

const char *event_kind_name(enum event_kind kind)
{
	static const char *const names[] = { "time",      "packet",        "job-done", "acquire",
					     "expire",    "kernel-failed", "counters", "policy-use",
					     "resolved",  "command",       "plan",     "addresses",
					     "abilities", "resync",        "mapping",  "kernel-state" };
	return NAME_OF(names, kind);
}

static const char *const command_names[] = {
	"status",   "show",     "up",        "down",        "add",        "delete",       "route",
	"unroute",  "explain",  "oe-list",   "oe-initiate", "oe-forget",  "oe-pin-clear", "oe-pin-deny",
	"oe-unpin", "shutdown", "rekey-ike", "rekey-child", "delete-ike", "delete-child", "liveness"
};

const char *command_kind_name(enum command_kind kind)
{
	return NAME_OF(command_names, kind);
}

bool command_kind_parse(const char *name, enum command_kind *kind)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(command_names); i++) {
		if (strcmp(command_names[i], name) == 0) {
			*kind = (enum command_kind)i;
			return true;
		}
	}
	return false;
}

const char *action_kind_name(enum action_kind kind)
{
	static const char *const names[] = { "send",         "job",      "resolve",    "sa-install",
					     "sa-remove",    "sa-query", "policy-put", "policy-remove",
					     "policy-query", "report",   "transition", "keys",
					     "note",         "stopping", "stopped" };
	return NAME_OF(names, kind);
}

void kernel_state_discard(struct kernel_state *state)
{
	if (!state)
		return;
	free(state->sas);
	free(state->policies);
	free(state);
}

const char *kernel_direction_name(enum kernel_direction direction)
{
	static const char *const names[] = { "out", "in", "fwd" };

	return NAME_OF(names, direction);
}

const char *kernel_mode_name(enum kernel_mode mode)
{
	static const char *const names[] = { "transport", "tunnel" };

	return NAME_OF(names, mode);
}

const char *kernel_policy_action_name(enum kernel_policy_action action)
{
	static const char *const names[] = { "trap", "hold", "pass", "block", "ipsec" };

	return NAME_OF(names, action);
}

const char *dns_type_name(enum dns_type type)
{
	return type == DNS_A          ? "A"
	       : type == DNS_TXT      ? "TXT"
	       : type == DNS_AAAA     ? "AAAA"
	       : type == DNS_IPSECKEY ? "IPSECKEY"
				      : "?";
}

const char *dns_verdict_name(enum dns_verdict verdict)
{
	static const char *const names[] = { "secure", "insecure", "bogus", "failed", "timeout" };

	return NAME_OF(names, verdict);
}

void dns_answer_discard(struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		blob_discard(&answer->records[i].rdata);
	answer->count = 0;
}

const char *auth_method_name(enum auth_method method)
{
	static const char *const names[] = {
		"default", "never", "null", "secret", "rsa", "rsa-pkcs1", "ecdsa"
	};

	return NAME_OF(names, method);
}

const char *group_class_name(enum group_class group)
{
	static const char *const names[] = { "none",    "clear", "clear-or-private", "private-or-clear",
					     "private", "block" };
	return NAME_OF(names, group);
}

const char *key_kind_name(enum key_kind kind)
{
	static const char *const names[] = { "none", "RSA", "ECDSA" };

	return NAME_OF(names, kind);
}

const char *key_level_name(enum key_level level)
{
	static const char *const names[] = { "none",       "null",        "dns-insecure",
					     "dns-secure", "certificate", "pinned" };

	return NAME_OF(names, level);
}
