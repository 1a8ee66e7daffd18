/* Freeing what an event owns (event.h). */
#include <stdlib.h>

#include "event.h"

void event_discard(const struct crypto *crypto, struct event *event)
{
	if (event->kind == EVENT_JOB_DONE) {
		job_discard(crypto, event->job);
		event->job = NULL;
	} else if (event->kind == EVENT_PLAN) {
		plan_discard(event->plan);
		event->plan = NULL;
	} else if (event->kind == EVENT_KERNEL_STATE) {
		kernel_state_discard(event->kernel_state);
		event->kernel_state = NULL;
	} else if (event->kind == EVENT_RESOLVED && event->resolved.answer) {
		dns_answer_discard(event->resolved.answer);
		free(event->resolved.answer);
		event->resolved.answer = NULL;
	}
}
