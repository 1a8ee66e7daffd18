/*
 * Starting in order and stopping in reverse order: what the daemon has open. The node thinks; everything here only opens,
 * feeds and closes.
 */
#include <signal.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon.h"

static void timer(evutil_socket_t fd, short what, void *context)
{
	struct event event = { .kind = EVENT_TIME };

	daemon_feed(context, &event);
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
	static struct plan_problems problems;
	struct daemon *d = context;
	struct event event = { .kind = EVENT_COMMAND };

	if (number == SIGHUP) {
		log_reopen();
		config_reload(d, &problems);
		return;
	}
	sd_notify(0, d->options.leave_state
			     ? "STOPPING=1\nSTATUS=stopping; SAs and policies stay"
			     : "STOPPING=1\nSTATUS=deleting all SAs; waiting for the peers' confirmation");
	event.command.kind = COMMAND_SHUTDOWN;
	event.command.deadline = d->options.stop_deadline;
	event.command.leave_state = d->options.leave_state;
	daemon_feed(d, &event);
}

static void on_acquire(void *context, const struct kernel_acquire *acquire)
{
	struct event event = { .kind = EVENT_ACQUIRE };

	event.acquire = *acquire;
	daemon_feed(context, &event);
}

static void on_expire(void *context, const struct kernel_expire *expire)
{
	struct event event = { .kind = EVENT_EXPIRE };

	event.expire = *expire;
	daemon_feed(context, &event);
}

static void on_mapping(void *context, uint32_t spi, const struct endpoint *local,
		       const struct endpoint *remote)
{
	struct event event = { .kind = EVENT_MAPPING };

	event.mapping.spi = spi;
	event.mapping.local = *local;
	event.mapping.remote = *remote;
	daemon_feed(context, &event);
}

static void on_lost(void *context)
{
	struct daemon *d = context;

	d->lost = true;
}

static const struct kernel_port_handlers kernel_handlers = { on_acquire, on_expire, on_mapping, on_lost };

static void kernel_readable(evutil_socket_t fd, short what, void *context)
{
	struct event resync = { .kind = EVENT_RESYNC };
	struct daemon *d = context;

	kernel_port_read(d->kernel, &kernel_handlers, d);
	if (!d->lost)
		return;
	d->lost = false;
	log_write(NOTE_WARNING, "kernel messages were lost: looking for what they said");
	kernel_port_look(d->kernel, &kernel_handlers, d);
	daemon_feed(d, &resync);
}

/* What an earlier run left: the node says what is kept, and what goes when the plan's own policies stand. */
static void take_leftovers(struct daemon *d)
{
	struct event event = { .kind = EVENT_KERNEL_STATE };

	event.kernel_state = kernel_port_state(d->kernel);
	if (!event.kernel_state || (!event.kernel_state->sa_count && !event.kernel_state->policy_count)) {
		kernel_state_discard(event.kernel_state);
		return;
	}
	d->leftovers = true;
	event.kernel_state->adopt = d->options.adopt;
	log_write(NOTE_WARNING, "an earlier run left %zu SAs and %zu policies: %s",
		  event.kernel_state->sa_count, event.kernel_state->policy_count,
		  d->options.adopt ? "adopted until they are keyed anew" : "replaced");
	daemon_feed(d, &event);
}

static bool open_kernel(struct daemon *d, char why[256])
{
	struct event event = { .kind = EVENT_ABILITIES };
	char tuned[256];

	d->kernel = kernel_port_open(why);
	if (!d->kernel)
		return false;
	take_leftovers(d);
	if (!kernel_port_tune(d->kernel, 165, tuned))
		log_write(NOTE_WARNING, "%s: the first packet of a held destination may be lost", tuned);
	kernel_port_abilities(d->kernel, &event.abilities);
	if (!event.abilities.esp)
		log_write(NOTE_ERROR, "this kernel has no ESP: nothing can be encrypted");
	daemon_feed(d, &event);
	if (kernel_port_fd(d->kernel) < 0)
		return true;
	d->kernel_event =
		event_new(d->base, kernel_port_fd(d->kernel), EV_READ | EV_PERSIST, kernel_readable, d);
	return d->kernel_event && event_add(d->kernel_event, NULL) == 0;
}

/*
 * What an acquire left half-way: the kernel would not ask again before it has forgotten it, minutes later. So it counts as
 * asked now, when there is a plan.
 */
static void take_up_acquires(struct daemon *d)
{
	if (d->leftovers)
		kernel_port_look(d->kernel, &kernel_handlers, d);
}

static bool open_store(struct daemon *d, const struct plan *plan, char why[256])
{
	const char *dir = d->options.nssdir    ? d->options.nssdir
			  : plan->setup.nssdir ? plan->setup.nssdir
					       : "/var/lib/ipsec/nss";
	char keys[4096];
	bool there;

	/* An empty folder, as the package makes it, is no database yet. */
	snprintf(keys, sizeof(keys), "%s/key4.db", dir);
	there = access(keys, R_OK) == 0;
	if (!there)
		log_write(NOTE_INFO, "there is no NSS database at %s: only shared keys and NULL can be used",
			  dir);
	d->keystore = keystore_open(there ? dir : NULL, false, why);
	if (d->keystore)
		d->crypto = keystore_crypto(d->keystore);
	return d->keystore != NULL;
}

static bool open_signals(struct daemon *d)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
		/* What holds again when the event is freed: a late signal must not cut the closing short. */
		signal(numbers[i], SIG_IGN);
		d->signals[i] = evsignal_new(d->base, numbers[i], on_signal, d);
		if (!d->signals[i] || event_add(d->signals[i], NULL))
			return false;
	}
	return true;
}

bool daemon_open(struct daemon *d, struct plan *plan, char why[256])
{
	struct event event = { .kind = EVENT_PLAN };

	d->base = event_base_new();
	if (!d->base || !instance_open(&d->options, why) || !open_store(d, plan, why))
		return false;
	tape_init(&d->tape, d->crypto, false);
	d->node = node_new(d->trace ? &d->tape.crypto : d->crypto);
	d->timer = evtimer_new(d->base, timer, d);
	if (!d->node || !d->timer || !actions_reserve(&d->actions, LIMIT_STEP_ACTIONS))
		return false;
	d->sockets = sockets_open(d, why);
	if (!d->sockets || !open_kernel(d, why))
		return false;
	d->resolver = resolver_open(d, &plan->setup, why);
	if (!d->resolver)
		return false;
	d->plan = plan;
	if (!addresses_open(d, why))
		return false;
	d->control = control_open(d, why);
	if (!d->control || !open_signals(d) || !privileges_drop(why))
		return false;
	/* Capabilities belong to threads: these get what is left now. No job comes before a plan. */
	d->workers = workers_open(d, why);
	if (!d->workers)
		return false;
	event.plan = plan;
	d->in_force = true;
	daemon_feed(d, &event);
	take_up_acquires(d);
	return true;
}

static void leave(struct daemon *d)
{
	struct kernel_state *state = kernel_port_state(d->kernel);

	if (state)
		log_write(NOTE_INFO, "left %zu SAs and %zu policies for the next run", state->sa_count,
			  state->policy_count);
	kernel_state_discard(state);
}

void daemon_close(struct daemon *d)
{
	control_close(d->control);
	workers_close(d->workers);
	if (d->resolver)
		resolver_close(d->resolver);
	if (d->sockets)
		addresses_close(d);
	sockets_close(d->sockets);
	node_discard(d->node);
	actions_discard(d->crypto, &d->actions);
	/* A start that failed has put nothing: what an earlier run left goes on to keep private what must be. */
	if (d->kernel && d->leave)
		leave(d);
	else if (d->kernel && d->in_force)
		kernel_port_flush_own(d->kernel);
	kernel_port_close(d->kernel);
	for (size_t i = 0; i < ARRAY_LENGTH(d->signals); i++) {
		if (d->signals[i])
			event_free(d->signals[i]);
	}
	if (d->kernel_event)
		event_free(d->kernel_event);
	if (d->timer)
		event_free(d->timer);
	if (d->base)
		event_base_free(d->base);
	keystore_close(d->keystore);
	instance_close();
	if (d->keylog)
		fclose(d->keylog);
	if (d->trace)
		fclose(d->trace);
	tape_discard(&d->tape);
}
