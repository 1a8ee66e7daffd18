/*
 * The loop's one step: stamp the time, feed the node, carry out its actions in their order, arm the one
 * timer. Events that an action brings wait until the step is over: steps never nest.
 */
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "daemon.h"

msec daemon_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (msec)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void queue(struct daemon *d, struct event *event)
{
	struct waiting_event *w = calloc(1, sizeof(*w));

	if (!w) {
		log_write(NOTE_ERROR, "there was no memory for an event: %s is lost",
			  event_kind_name(event->kind));
		event_discard(d->crypto, event);
		return;
	}
	w->event = *event;
	if (d->last)
		d->last->next = w;
	else
		d->first = w;
	d->last = w;
}

static void kernel_failed(struct daemon *d, uint64_t child, uint32_t spi, const char *why)
{
	struct event event = { .kind = EVENT_KERNEL_FAILED };

	event.kernel_failed.child = child;
	event.kernel_failed.spi = spi;
	snprintf(event.kernel_failed.why, sizeof(event.kernel_failed.why), "%s", why);
	queue(d, &event);
}

static void policy_failed(struct daemon *d, const struct kernel_policy *policy, const char *why)
{
	struct event event = { .kind = EVENT_KERNEL_FAILED };

	event.kernel_failed.policy = *policy;
	snprintf(event.kernel_failed.why, sizeof(event.kernel_failed.why), "%s", why);
	queue(d, &event);
}

static void query(struct daemon *d, const struct action *a)
{
	struct event event = { .kind = EVENT_COUNTERS };

	event.counters.spi = a->sa.sa.spi;
	event.counters.dst = a->sa.sa.dst;
	event.counters.found = kernel_sa_query(d->kernel, &a->sa.sa, &event.counters.counters);
	queue(d, &event);
}

static void query_policy(struct daemon *d, const struct action *a)
{
	struct event event = { .kind = EVENT_POLICY_USE };

	event.policy_use.src = a->policy.src;
	event.policy_use.dst = a->policy.dst;
	event.policy_use.found = kernel_policy_query(d->kernel, &a->policy, &event.policy_use.used);
	queue(d, &event);
}

static void kernel_action(struct daemon *d, struct action *a)
{
	char why[96] = "";

	switch (a->kind) {
	case ACTION_SA_INSTALL:
		if (!kernel_sa_install(d->kernel, &a->sa.sa, why))
			kernel_failed(d, a->sa.child, a->sa.sa.spi, why);
		break;
	case ACTION_SA_REMOVE:
		if (!kernel_sa_remove(d->kernel, &a->sa.sa, why))
			log_write(NOTE_DEBUG, "an SA is gone already: %s", why);
		break;
	case ACTION_POLICY_PUT:
		if (!kernel_policy_put(d->kernel, &a->policy, why))
			policy_failed(d, &a->policy, why);
		break;
	case ACTION_POLICY_REMOVE:
		if (!kernel_policy_remove(d->kernel, &a->policy, why))
			log_write(NOTE_DEBUG, "a policy is gone already: %s", why);
		break;
	case ACTION_POLICY_QUERY:
		query_policy(d, a);
		break;
	default:
		query(d, a);
		break;
	}
}

static void stopped(struct daemon *d, const struct action *a)
{
	d->done = true;
	d->leave = a->stopped.left;
	d->exit_status = a->stopped.unanswered ? 1 : 0;
	sd_notifyf(0, "STATUS=stopped: %u confirmed, %u unanswered", a->stopped.confirmed,
		   a->stopped.unanswered);
	event_base_loopexit(d->base, NULL);
}

static void stopping(const struct action *a)
{
	/* The service manager is told how far it is, and to have as much patience as we. */
	sd_notifyf(0, "STATUS=stopping: %u peers confirmed, %u to go\nEXTEND_TIMEOUT_USEC=%lld",
		   a->stopped.confirmed, a->stopped.waiting, (long long)(a->stopped.wait + 5000) * 1000);
}

static void transition(struct daemon *d, const struct action *a)
{
	control_transition(d->control, a);
	log_write(NOTE_DEBUG, "%s %llu %s: %s -> %s (%s)", a->transition.subject,
		  (unsigned long long)a->transition.serial, a->transition.name, a->transition.from,
		  a->transition.to, reason_word(a->transition.reason));
}

static void carry_out(struct daemon *d, struct action *a)
{
	switch (a->kind) {
	case ACTION_SEND:
		sockets_send(d->sockets, &a->send.local, &a->send.remote, a->send.encapsulated,
			     bytes_of_blob(&a->send.data));
		break;
	case ACTION_JOB:
		workers_start(d->workers, a->job);
		a->job = NULL;
		break;
	case ACTION_RESOLVE:
		resolver_ask(d->resolver, a->resolve.number, &a->resolve.question);
		break;
	case ACTION_SA_INSTALL:
	case ACTION_SA_REMOVE:
	case ACTION_SA_QUERY:
	case ACTION_POLICY_PUT:
	case ACTION_POLICY_REMOVE:
	case ACTION_POLICY_QUERY:
		kernel_action(d, a);
		break;
	case ACTION_REPORT:
		control_report(d->control, a->report);
		break;
	case ACTION_TRANSITION:
		transition(d, a);
		break;
	case ACTION_KEYS:
		if (d->keylog)
			keylog_write(d->keylog, a);
		break;
	case ACTION_NOTE:
		log_write(a->note.level, "%s", a->note.text);
		break;
	case ACTION_STOPPING:
		stopping(a);
		break;
	case ACTION_STOPPED:
		stopped(d, a);
		break;
	}
}

/* The format of testing/tools/replay.c: the daemon is node 0. */
static void trace_random(struct daemon *d)
{
	fprintf(d->trace, "R 0 ");
	for (size_t i = 0; i < d->tape.used; i++)
		fprintf(d->trace, "%02x", d->tape.octets[i]);
	fprintf(d->trace, "\n");
	fflush(d->trace);
}

static void trace(struct daemon *d, const char *kind, char *line)
{
	if (line)
		fprintf(d->trace, "%s%s\n", kind, line);
	free(line);
}

/* What IKE believes to be in the kernel may not be: it is looked for. */
static void lost_action(struct daemon *d, enum event_kind during)
{
	struct event resync = { .kind = EVENT_RESYNC };

	log_write(NOTE_ERROR, "there was no memory for an action");
	if (during != EVENT_RESYNC)
		queue(d, &resync);
}

static void step(struct daemon *d, struct event *event)
{
	struct actions *actions = &d->actions;
	msec now = daemon_now();

	actions->no_debug = !d->trace && !log_wants(NOTE_DEBUG);
	if (d->trace) {
		tape_rewind(&d->tape);
		fprintf(d->trace, "E 0 %lld ", (long long)now);
		trace(d, "", event_print(event));
	}
	node_step(d->node, now, event, actions);
	for (size_t i = 0; i < actions->count; i++) {
		if (d->trace)
			trace(d, "A 0 ", action_print(&actions->at[i]));
		carry_out(d, &actions->at[i]);
	}
	if (d->trace)
		trace_random(d);
	if (actions->failed)
		lost_action(d, event->kind);
	if (actions->unanswered)
		control_unanswered(d->control, actions->unanswered);
	actions_clear(d->crypto, actions);
}

static void arm(struct daemon *d)
{
	msec due = node_deadline(d->node), wait;
	struct timeval tv;

	if (due == MSEC_NEVER) {
		event_del(d->timer);
		return;
	}
	wait = due - daemon_now();
	if (wait < 0)
		wait = 0;
	tv.tv_sec = (time_t)(wait / 1000);
	tv.tv_usec = (suseconds_t)(wait % 1000 * 1000);
	event_add(d->timer, &tv);
}

void daemon_feed(struct daemon *d, struct event *event)
{
	if (d->stepping) {
		queue(d, event);
		return;
	}
	d->stepping = true;
	step(d, event);
	while (d->first) {
		struct waiting_event *w = d->first;

		d->first = w->next;
		if (!d->first)
			d->last = NULL;
		step(d, &w->event);
		free(w);
	}
	d->stepping = false;
	arm(d);
}
