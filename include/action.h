/*
 * What goes out through the wall: a list of tagged values, carried out by the daemon in the order given.
 * An action owns what it carries. The node puts the list of one step into the one safe order: SAs are
 * installed, then policies put, then messages sent, then policies and last SAs removed (node.h).
 */
#ifndef CYGNET_ACTION_H
#define CYGNET_ACTION_H

#include "event.h"
#include "note.h"
#include "reason.h"

enum action_kind {
	ACTION_SEND,
	ACTION_JOB,
	ACTION_RESOLVE,
	ACTION_SA_INSTALL,
	ACTION_SA_REMOVE,
	ACTION_SA_QUERY, /* answered by EVENT_COUNTERS */
	ACTION_POLICY_PUT, /* added, or updated in place */
	ACTION_POLICY_REMOVE,
	ACTION_POLICY_QUERY, /* of an outbound one: answered by EVENT_POLICY_USE */
	ACTION_REPORT, /* to the client of a command */
	ACTION_TRANSITION, /* something changed its state: for `cygnet events` and the log */
	ACTION_KEYS, /* an IKE SA has keys: the key log, where one is wanted */
	ACTION_NOTE,
	ACTION_STOPPING, /* how far a stop is, at most four times a second */
	ACTION_STOPPED, /* a stop is complete; nothing of ours is left to wait for */
};

#define REPORT_FIELDS 32

/* One line of an answer to a command: words and values, made into JSON or text outside. */
struct report {
	uint64_t command;
	bool final; /* the last of this command; status is valid */
	int status; /* exit status (docs/commands.md): 0 done, 1 failed, 5 timed out, 6 not found, 7 refused by peer, 10 clear, 11 denied, 12 held */
	char kind[16]; /* what the line is: "conn", "sa", "flow", "history", "result" ... */
	struct report_field {
		char key[24];
		char *value; /* owned */
		bool number; /* print without quotes */
	} field[REPORT_FIELDS];
	size_t count;
};

struct action {
	enum action_kind kind;
	union {
		struct {
			struct endpoint local, remote;
			bool encapsulated; /* put the non-ESP marker before it */
			struct blob data;
		} send;
		struct job *job;
		struct {
			uint64_t number;
			struct dns_question question;
		} resolve;
		struct {
			uint64_t child; /* serial, for EVENT_KERNEL_FAILED */
			struct kernel_sa sa;
		} sa; /* INSTALL, REMOVE and QUERY (there spi, dst and reqid count) */
		struct kernel_policy policy;
		struct report *report;
		struct {
			char subject[8]; /* "ike", "child", "flow", "conn" */
			uint64_t serial;
			char name[96]; /* connection, or pair */
			char from[16], to[16];
			enum reason reason;
		} transition;
		struct {
			uint64_t spi_i, spi_r;
			struct sealing_key key_i, key_r;
		} keys;
		struct {
			enum note_level level;
			char *text; /* owned */
		} note;
		struct {
			unsigned confirmed, unanswered;
			unsigned waiting; /* STOPPING: peers that are still to answer */
			msec wait; /* STOPPING: how much longer it may take */
			bool left; /* STOPPED: SAs and policies are to stay for the next run */
		} stopped; /* STOPPING, STOPPED */
	};
};

struct actions {
	struct action *at;
	size_t count, room;
	bool failed; /* there was no memory for one: the step's caller must know */
	uint64_t
		unanswered; /* a command whose final report there was no memory for: whoever waits must be told; 0: none */
	bool no_debug; /* set by the caller: nobody reads notes of NOTE_DEBUG, and none are made */
};

void actions_init(struct actions *actions);
/* Frees everything that the actions still own (keys are wiped), and the list. crypto: for jobs not carried out. */
void actions_discard(const struct crypto *crypto, struct actions *actions);
/* The same, but the list keeps its room for the next step, so that adding to it seldom needs memory. */
void actions_clear(const struct crypto *crypto, struct actions *actions);
/* Room for so many in all; false without memory. */
MUST_USE bool actions_reserve(struct actions *actions, size_t room);
/* The next free action, zeroed, of a kind; NULL, and failed, without memory. Lends until the next call. */
struct action *actions_add(struct actions *actions, enum action_kind kind);

/* Shorthands. Text is copied. */
void actions_note(struct actions *actions, enum note_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void actions_transition(struct actions *actions, const char *subject, uint64_t serial, const char *name,
			const char *from, const char *to, enum reason reason);
void actions_send(struct actions *actions, const struct endpoint *local, const struct endpoint *remote,
		  bool encapsulated, struct bytes data);

/* A report of a command, added to the list; NULL without memory. Lends. */
struct report *actions_report(struct actions *actions, uint64_t command, const char *kind);
/* Adds a field; without memory or room the field is left out. */
void report_text(struct report *report, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void report_number(struct report *report, const char *key, int64_t value);
/* A final report with a result's status, reason word and sentence. */
void actions_result(struct actions *actions, uint64_t command, int status, enum reason reason,
		    const char *format, ...) __attribute__((format(printf, 5, 6)));

const char *action_kind_name(enum action_kind kind);

#endif
