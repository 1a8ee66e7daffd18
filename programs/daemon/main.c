/* cygnetd: its options, and its life from the first file to the exit status. What is opened in between: start.c. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <sys/stat.h>

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

static bool go_background(const struct daemon *d)
{
	return d->options.foreground || getenv("NOTIFY_SOCKET") || background_go();
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
	if (!daemon_open(&d, plan, why)) {
		log_write(NOTE_ERROR, "cannot start: %s", why);
		daemon_close(&d);
		return 1;
	}
	log_write(NOTE_INFO, "cygnetd is ready");
	background_ready();
	sd_notify(0, "READY=1\nSTATUS=ready");
	event_base_dispatch(d.base);
	daemon_close(&d);
	return d.exit_status;
}
