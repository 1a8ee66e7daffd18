/*
 * cygnetd: starts in order, stops in reverse order. The node thinks; everything here only opens, feeds and
 * closes.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"

static const char usage[] =
	"cygnetd [--config F] [--secrets F] [--policies D] [--nssdir D] [--rundir D] [--foreground]\n"
	"        [--log-level error|warning|info|debug] [--keylog F] [--trace F] [--stop-deadline SECONDS]\n"
	"        [--ike-port N] [--natt-port N] [--adopt] [--leave-state]\n";

static const struct options defaults = {
	.config = "/etc/ipsec.conf",
	.secrets = "/etc/ipsec.secrets",
	.policies = "/etc/ipsec.d/policies",
	.rundir = "/run/cygnet",
	.level = NOTE_INFO,
	.ike_port = 500,
	.natt_port = 4500,
};

/* A whole number of a range: nothing else is guessed at. */
static bool number(const char *text, long least, long most, long *value)
{
	char *end;

	*value = strtol(text, &end, 10);
	if (*text && !*end && *value >= least && *value <= most)
		return true;
	fprintf(stderr, "cygnetd: '%s' is no number from %ld to %ld\n%s", text, least, most, usage);
	return false;
}

static bool parse_options(int argc, char **argv, struct options *o)
{
	static const struct option long_options[] = {
		{ "config", 1, NULL, 'c' },    { "secrets", 1, NULL, 's' },
		{ "policies", 1, NULL, 'p' },  { "nssdir", 1, NULL, 'n' },
		{ "rundir", 1, NULL, 'r' },    { "foreground", 0, NULL, 'f' },
		{ "log-level", 1, NULL, 'l' }, { "keylog", 1, NULL, 'k' },
		{ "trace", 1, NULL, 't' },     { "stop-deadline", 1, NULL, 'd' },
		{ "ike-port", 1, NULL, 'i' },  { "natt-port", 1, NULL, 'N' },
		{ "adopt", 0, NULL, 'a' },     { "leave-state", 0, NULL, 'L' },
		{ "help", 0, NULL, 'h' },      { NULL, 0, NULL, 0 },
	};
	long value;
	int c;

	*o = defaults;
	while ((c = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->config = optarg;
			break;
		case 's':
			o->secrets = optarg;
			break;
		case 'p':
			o->policies = optarg;
			break;
		case 'n':
			o->nssdir = optarg;
			break;
		case 'r':
			o->rundir = optarg;
			break;
		case 'f':
		case 'a':
		case 'L':
			*(c == 'f' ? &o->foreground : c == 'a' ? &o->adopt : &o->leave_state) = true;
			break;
		case 'k':
			o->keylog = optarg;
			break;
		case 't':
			o->trace = optarg;
			break;
		case 'd':
			if (!number(optarg, 1, 3600, &value))
				return false;
			o->stop_deadline = SECONDS(value);
			break;
		case 'i':
		case 'N':
			if (!number(optarg, 1, 65535, &value))
				return false;
			*(c == 'i' ? &o->ike_port : &o->natt_port) = (uint16_t)value;
			break;
		case 'l':
			if (note_level_parse(optarg, &o->level))
				break;
			fprintf(stderr, "cygnetd: no log level '%s'\n%s", optarg, usage);
			return false;
		case 'h':
			printf("%s", usage);
			exit(0);
		default:
			fprintf(stderr, "%s", usage);
			return false;
		}
	}
	if (optind < argc)
		fprintf(stderr, "cygnetd: what is '%s'?\n%s", argv[optind], usage);
	return optind == argc;
}

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
	sd_notify(0, "STOPPING=1\nSTATUS=deleting all SAs; waiting for the peers' confirmation");
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

static void kernel_readable(evutil_socket_t fd, short what, void *context)
{
	static const struct kernel_port_handlers handlers = { on_acquire, on_expire, on_mapping, on_lost };
	struct event resync = { .kind = EVENT_RESYNC };
	struct daemon *d = context;

	kernel_port_read(d->kernel, &handlers, d);
	if (!d->lost)
		return;
	d->lost = false;
	log_write(NOTE_WARNING, "kernel messages were lost: looking for what they said");
	kernel_port_look(d->kernel, &handlers, d);
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

static bool open_store(struct daemon *d, const struct plan *plan, char why[256])
{
	const char *dir = d->options.nssdir    ? d->options.nssdir
			  : plan->setup.nssdir ? plan->setup.nssdir
					       : "/var/lib/ipsec/nss";
	bool there = access(dir, R_OK) == 0;

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
		d->signals[i] = evsignal_new(d->base, numbers[i], on_signal, d);
		if (!d->signals[i] || event_add(d->signals[i], NULL))
			return false;
	}
	return true;
}

static bool go_background(const struct daemon *d)
{
	return d->options.foreground || getenv("NOTIFY_SOCKET") || background_go();
}

static bool open_all(struct daemon *d, struct plan *plan, char why[256])
{
	struct event event = { .kind = EVENT_PLAN };

	d->base = event_base_new();
	if (!d->base || !instance_open(&d->options, why) || !open_store(d, plan, why))
		return false;
	tape_init(&d->tape, d->crypto, false);
	d->node = node_new(d->trace ? &d->tape.crypto : d->crypto);
	d->timer = evtimer_new(d->base, timer, d);
	if (!d->node || !d->timer)
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
	daemon_feed(d, &event);
	return true;
}

static void close_all(struct daemon *d)
{
	control_close(d->control);
	workers_close(d->workers);
	if (d->resolver)
		resolver_close(d->resolver);
	if (d->sockets)
		addresses_close(d);
	sockets_close(d->sockets);
	node_discard(d->node);
	if (d->kernel && !d->leave)
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

/* A trace holds secrets: only root may read it. */
static void open_trace(struct daemon *d)
{
	mode_t mask = umask(0077);

	d->trace = fopen(d->options.trace, "we");
	umask(mask);
	log_write(NOTE_WARNING, "TRACE: everything, secrets too, is written to %s%s", d->options.trace,
		  d->trace ? "" : ": it cannot be opened");
	if (d->trace)
		fprintf(d->trace, "# cygnet-trace 1 crypto=nss\n");
}

int main(int argc, char **argv)
{
	static struct daemon d;
	static struct plan_problems problems;
	struct plan *plan;
	char why[256] = "there was no memory";

	if (!parse_options(argc, argv, &d.options))
		return 2;
	d.places = (struct plan_places){ d.options.config, d.options.secrets, d.options.policies };
	log_open(&d.options, NULL);
	plan = config_load(&d, &problems);
	if (!plan)
		return 8;
	if (!go_background(&d))
		return 1;
	log_open(&d.options, plan->setup.logfile);
	if (d.options.keylog) {
		d.keylog = keylog_open(d.options.keylog, why);
		log_write(NOTE_WARNING, "KEY LOG: all IKE keys are written to %s%s%s", d.options.keylog,
			  d.keylog ? "" : ": ", d.keylog ? "" : why);
	}
	if (d.options.trace)
		open_trace(&d);
	if (!open_all(&d, plan, why)) {
		log_write(NOTE_ERROR, "cannot start: %s", why);
		close_all(&d);
		return 1;
	}
	log_write(NOTE_INFO, "cygnetd is ready");
	background_ready();
	sd_notify(0, "READY=1\nSTATUS=ready");
	event_base_dispatch(d.base);
	close_all(&d);
	return d.exit_status;
}
