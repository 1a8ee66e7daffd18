/* Threads that run jobs (job.h). A job is owned by one side at a time: the loop, the queue, a thread, the way home. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon.h"

struct ticket {
	struct job *job;
	struct ticket *next;
};

struct workers {
	struct daemon *d;
	pthread_t thread[LIMIT_WORKERS];
	unsigned threads;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct ticket *first, *last; /* to be done */
	struct ticket *done;
	bool ending;
	int home; /* eventfd: something is done */
	struct event *event;
};

/* Without this word a result lies there until another job is done. */
static void tell_home(const struct workers *w)
{
	const uint64_t one = 1;
	ssize_t written;

	do
		written = write(w->home, &one, sizeof(one));
	while (written < 0 && errno == EINTR);
	if (written != sizeof(one))
		log_write(NOTE_ERROR, "a job's way home is closed");
}

static void *work(void *context)
{
	struct workers *w = context;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct ticket *t;

		while (!w->first && !w->ending)
			pthread_cond_wait(&w->wake, &w->lock);
		if (w->ending)
			break;
		t = w->first;
		w->first = t->next;
		if (!w->first)
			w->last = NULL;
		pthread_mutex_unlock(&w->lock);
		job_run(w->d->crypto, t->job);
		pthread_mutex_lock(&w->lock);
		t->next = w->done;
		w->done = t;
		tell_home(w);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void come_home(evutil_socket_t fd, short what, void *context)
{
	struct workers *w = context;
	struct ticket *t, *order = NULL;
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	pthread_mutex_lock(&w->lock);
	t = w->done;
	w->done = NULL;
	pthread_mutex_unlock(&w->lock);
	while (t) {
		struct ticket *next = t->next;

		t->next = order;
		order = t;
		t = next;
	}
	while (order) {
		struct event event = { .kind = EVENT_JOB_DONE };

		t = order;
		order = t->next;
		event.job = t->job;
		free(t);
		daemon_feed(w->d, &event);
	}
}

struct workers *workers_open(struct daemon *d, char why[256])
{
	struct workers *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->d = d;
	w->home = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	w->event = w->home < 0 ? NULL : event_new(d->base, w->home, EV_READ | EV_PERSIST, come_home, w);
	if (w->event)
		event_add(w->event, NULL);
	while (w->event && w->threads < LIMIT_WORKERS &&
	       pthread_create(&w->thread[w->threads], NULL, work, w) == 0)
		w->threads++;
	if (w->threads)
		return w;
	snprintf(why, 256, "no worker thread can be started: %s", strerror(errno));
	workers_close(w);
	return NULL;
}

static void throw_away(struct workers *w, struct ticket *t)
{
	while (t) {
		struct ticket *next = t->next;

		job_discard(w->d->crypto, t->job);
		free(t);
		t = next;
	}
}

void workers_close(struct workers *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->threads; i++)
		pthread_join(w->thread[i], NULL);
	throw_away(w, w->first);
	throw_away(w, w->done);
	if (w->event)
		event_free(w->event);
	if (w->home >= 0)
		close(w->home);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	free(w);
}

void workers_start(struct workers *w, struct job *job)
{
	struct ticket *t = calloc(1, sizeof(*t));
	struct event event = { .kind = EVENT_JOB_DONE };

	if (!t) {
		/* Not done: its result says so (ok is false). */
		event.job = job;
		daemon_feed(w->d, &event);
		return;
	}
	t->job = job;
	pthread_mutex_lock(&w->lock);
	if (w->last)
		w->last->next = t;
	else
		w->first = t;
	w->last = t;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}
