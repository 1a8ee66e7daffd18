/* Reading configuration files for lib/plan, which opens none itself. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"

/* The text of a file, malloc'ed and NUL-ended; NULL with errno. */
static char *read_file(const char *name, size_t *len)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text = NULL;
	size_t used = 0;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= (off_t)LIMIT_CONFIG_FILE)
		text = malloc((size_t)st.st_size + 1);
	else
		errno = EFBIG;
	while (text && used < (size_t)st.st_size) {
		ssize_t n = read(fd, text + used, (size_t)st.st_size - used);

		if (n <= 0)
			break;
		used += (size_t)n;
	}
	if (text)
		text[used] = '\0';
	*len = used;
	close(fd);
	return text;
}

/* Secrets that others can read are none; included files count too. */
static void warn_of_readers(const struct plan *plan)
{
	for (size_t i = 0; i < plan->source_count; i++) {
		const struct plan_source *s = &plan->sources[i];
		struct stat st;

		if (s->kind == SOURCE_SECRETS && stat(s->name, &st) == 0 && (st.st_mode & 0077))
			log_write(NOTE_WARNING, "%s has mode %04o: others can read the secrets; chmod 600",
				  s->name, (unsigned)st.st_mode & 07777);
	}
}

/* Patterns are relative to the file that includes them; their matches come in order. */
static bool load(void *context, const char *pattern, const char *includer, void *sink,
		 bool (*add)(void *sink, const char *name, const char *text, size_t len), char why[160])
{
	char path[1024], folder[512];
	glob_t found;
	bool ok = true;
	int rc;

	if (includer && pattern[0] != '/') {
		snprintf(folder, sizeof(folder), "%s", includer);
		snprintf(path, sizeof(path), "%s/%s", dirname(folder), pattern);
	} else {
		snprintf(path, sizeof(path), "%s", pattern);
	}
	rc = glob(path, GLOB_BRACE | (includer ? 0 : GLOB_NOMAGIC), NULL, &found);
	if (rc) {
		snprintf(why, 160, "%s", rc == GLOB_NOMATCH ? "no such file" : "cannot look for it");
		return false;
	}
	for (size_t i = 0; ok && i < found.gl_pathc; i++) {
		size_t len;
		char *text = read_file(found.gl_pathv[i], &len);

		if (!text) {
			snprintf(why, 160, "%s", strerror(errno));
			ok = false;
			break;
		}
		ok = add(sink, found.gl_pathv[i], text, len);
		wipe(text, len);
		free(text);
	}
	globfree(&found);
	return ok;
}

struct plan *config_load(struct daemon *d, struct plan_problems *problems)
{
	const struct plan_loader loader = { d, load };
	struct plan *plan = plan_make(&d->places, &loader, d->plan, problems);
	char text[640];

	for (size_t i = 0; i < problems->count && i < PLAN_PROBLEMS; i++)
		log_write(problems->at[i].warning ? NOTE_WARNING : NOTE_ERROR, "%s",
			  plan_problem_print(&problems->at[i], text));
	if (plan)
		warn_of_readers(plan);
	return plan;
}

bool config_reload(struct daemon *d, struct plan_problems *problems)
{
	struct event event = { .kind = EVENT_PLAN };

	event.plan = config_load(d, problems);
	if (!event.plan) {
		log_write(NOTE_ERROR, "the configuration has %zu errors: nothing was changed",
			  problems->errors);
		return false;
	}
	/* The node owns the plan; it lives until the next one, which is made by comparing with it. */
	d->plan = event.plan;
	daemon_feed(d, &event);
	if (d->addresses)
		sockets_follow(d->sockets, d->addresses); /* listen= may have changed */
	return true;
}
