/* One line a note: to standard error (the journal's level prefix where the journal reads), or to a file. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon.h"

static struct {
	FILE *file; /* NULL: standard error */
	char name[512];
	enum note_level level;
	bool journal;
} out;

void log_reopen(void)
{
	if (!out.name[0])
		return;
	if (out.file)
		fclose(out.file);
	out.file = fopen(out.name, "ae");
	if (!out.file)
		fprintf(stderr, "cygnetd: cannot write %s: %s\n", out.name, strerror(errno));
	else
		setvbuf(out.file, NULL, _IOLBF, 0);
}

void log_open(const struct options *options, const char *file)
{
	out.level = options->level;
	out.journal = getenv("JOURNAL_STREAM") != NULL;
	if (!file)
		return;
	snprintf(out.name, sizeof(out.name), "%s", file);
	log_reopen();
}

bool log_wants(enum note_level level)
{
	return level <= out.level;
}

void log_write(enum note_level level, const char *format, ...)
{
	static const int syslog_levels[] = { 3, 4, 6, 7 };
	char line[LIMIT_NOTE_TEXT + 64], stamp[40] = "";
	FILE *to = out.file ? out.file : stderr;
	struct timespec now;
	struct tm tm;
	va_list args;

	if (level > out.level)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (out.journal && !out.file) {
		fprintf(to, "<%d>%s\n", syslog_levels[level], line);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	fprintf(to, "%s.%03ldZ %s: %s\n", stamp, now.tv_nsec / 1000000, note_level_name(level), line);
}
