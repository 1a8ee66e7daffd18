/* What the daemon's rooms share: one struct, owned by main.c, and the rooms' faces. */
#ifndef CYGNET_DAEMON_DAEMON_H
#define CYGNET_DAEMON_DAEMON_H

#include <event2/event.h>
#include <stdio.h>

#include "kernel_port.h"
#include "keystore.h"
#include "node.h"

struct options {
	const char *config, *secrets, *policies, *nssdir, *rundir, *keylog, *trace;
	enum note_level level;
	bool foreground, adopt, leave_state;
	msec stop_deadline;
	uint16_t ike_port, natt_port;
};

struct waiting_event {
	struct event event;
	struct waiting_event *next;
};

struct daemon {
	struct options options;
	struct event_base *base;
	struct event_base *unused;
	struct node *node;
	struct keystore *keystore;
	const struct crypto *crypto;
	struct kernel_port *kernel;
	struct sockets *sockets;
	struct workers *workers;
	struct resolver *resolver;
	struct control *control;
	struct event_addresses *addresses; /* the last told */
	struct plan_places places;
	struct plan *plan; /* borrowed copy for comparing at reload: owned by the node */
	struct actions actions; /* of the step; its room is kept */
	struct waiting_event *first, *last; /* what a step's actions brought; fed after it */
	bool stepping, stopping, done;
	bool in_force; /* a plan has been: what is in the kernel is ours */
	bool leftovers; /* an earlier run left something in the kernel */
	bool leave; /* SAs and policies are to stay for the next run */
	bool lost; /* kernel messages were: all must be looked for */
	int exit_status;
	FILE *keylog, *trace;
	struct tape tape; /* while tracing: between the node and the provider */
	struct event *timer, *kernel_event, *signals[3];
};

/* start.c: opens all and puts the plan (adopted) into force; false with the reason. Closes what is open. */
bool daemon_open(struct daemon *d, struct plan *plan, char why[256]);
void daemon_close(struct daemon *d);

/* loop.c */
msec daemon_now(void);
/* Feeds one event (its contents are adopted) and carries out what follows; never nests. */
void daemon_feed(struct daemon *d, struct event *event);

/* sockets.c: UDP 500 and 4500 on every address. NULL with the reason. */
struct sockets *sockets_open(struct daemon *d, char why[256]);
void sockets_close(struct sockets *s);
void sockets_send(struct sockets *s, const struct endpoint *local, const struct endpoint *remote,
		  bool encapsulated, struct bytes data);
/* addresses.c: follows addresses as they come and go; tells the node and the sockets. */
bool addresses_open(struct daemon *d, char why[256]);
void addresses_close(struct daemon *d);
void sockets_follow(struct sockets *s, const struct event_addresses *addresses);

/* workers.c: threads that run jobs; results come home by one pipe. */
struct workers *workers_open(struct daemon *d, char why[256]);
void workers_close(struct workers *w);
void workers_start(struct workers *w, struct job *job); /* adopts */

/* resolver.c: libunbound on this loop. */
struct resolver *resolver_open(struct daemon *d, const struct setup *setup, char why[256]);
void resolver_close(struct resolver *r);
void resolver_ask(struct resolver *r, uint64_t number, const struct dns_question *question);

/* control.c: the control socket. */
struct control *control_open(struct daemon *d, char why[256]);
void control_close(struct control *c);
void control_report(struct control *c, const struct report *report);
/* There was no memory for the final report of a command: whoever waits for it is told so. */
void control_unanswered(struct control *c, uint64_t command);
void control_transition(struct control *c, const struct action *transition);

/* config.c: files into a plan. NULL with problems. */
struct plan *config_load(struct daemon *d, struct plan_problems *problems);
/* Loads and puts into force; false: the old one stays, the problems were noted. */
bool config_reload(struct daemon *d, struct plan_problems *problems);

/* log.c */
void log_open(const struct options *options, const char *file);
void log_reopen(void);
bool log_wants(enum note_level level);
void log_write(enum note_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* keylog.c: Wireshark's ikev2_decryption_table. */
FILE *keylog_open(const char *file, char why[256]);
void keylog_write(FILE *file, const struct action *keys);

/* instance.c: one daemon at a rundir, which it makes; false with the reason. */
bool instance_open(const struct options *options, char why[256]);
void instance_close(void);

/* background.c: forks; the parent waits for background_ready and ends. */
bool background_go(void);
void background_ready(void);

/* privileges.c: keeps NET_ADMIN, NET_BIND_SERVICE, NET_RAW. */
bool privileges_drop(char why[256]);

#endif
