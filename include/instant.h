/*
 * Time as the core sees it: milliseconds on a clock that only goes forward and counts suspend
 * (CLOCK_BOOTTIME in the daemon, the world's clock in the simulator). Nothing in lib/ knows the date.
 */
#ifndef CYGNET_INSTANT_H
#define CYGNET_INSTANT_H

#include <stdint.h>

/* An instant, or a span, in milliseconds. */
typedef int64_t msec;

/* "Never": later than every instant. */
#define MSEC_NEVER INT64_MAX

static inline msec msec_earlier(msec a, msec b)
{
	return a < b ? a : b;
}

/* now + span, without running past never. */
static inline msec msec_after(msec now, msec span)
{
	return span >= MSEC_NEVER - now ? MSEC_NEVER : now + span;
}

#define SECONDS(n) ((msec)(n)*1000)
#define MINUTES(n) SECONDS((msec)(n)*60)
#define HOURS(n) MINUTES((msec)(n)*60)

#endif
