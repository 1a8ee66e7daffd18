/* The simulated world (world.h): time, network, jobs, and the stepping of nodes. kernel.c holds the kernels. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "testing/cells.h"
#include "world_inside.h"

uint64_t world_draw(struct world *w, uint64_t below)
{
	return below ? sim_random_next(&w->chance) % below : 0;
}

/* An exponential-looking delay without floating point: the least of some draws is small, often. */
static msec draw_delay(struct world *w)
{
	msec d = (msec)world_draw(w, (uint64_t)w->delay * 2 + 1);

	if (w->long_delays && world_draw(w, 1000) < w->long_delays)
		return 1 + (msec)world_draw(w, 5000);
	return 1 + (world_draw(w, 10) == 0 ? d * 5 : d);
}

size_t sim_node_of(const struct world *w, const struct address *address)
{
	/* 10.0.0.1 onwards. */
	size_t i = address->family == ADDRESS_V4 ? (size_t)address->octet[3] - 1 : SIZE_MAX;

	return i < w->node_count && address_equal(&w->nodes[i].address, address) ? i : SIZE_MAX;
}

static bool is_cut(const struct world *w, size_t from, size_t to)
{
	return w->now < w->partition.until && w->partition.from == from && w->partition.to == to;
}

static unsigned loss_between(const struct world *w, size_t from, size_t to)
{
	uint64_t draw = w->seed * WORLD_NODES * WORLD_NODES + from * WORLD_NODES + to;

	return w->uneven && w->loss ? (unsigned)(sim_random_next(&draw) % (w->loss + 1)) : w->loss;
}

static void carry_packet(struct world *w, size_t from, struct action *a)
{
	size_t to = sim_node_of(w, &a->send.remote.address);
	unsigned copies = 1 + (world_draw(w, 100) < w->duplication);

	w->packets++;
	for (unsigned i = 0; to != SIZE_MAX && i < copies; i++) {
		struct sim_item *item;

		if (world_draw(w, 100) < loss_between(w, from, to) || is_cut(w, from, to) ||
		    (w->filter && !w->filter(w, from, to, bytes_of_blob(&a->send.data)))) {
			w->lost++;
			continue;
		}
		item = sim_item_new(SIM_PACKET, to);
		item->local = a->send.remote;
		item->remote = a->send.local;
		item->encapsulated = a->send.encapsulated;
		if (!blob_copy(&item->data, bytes_of_blob(&a->send.data)))
			abort();
		sim_schedule(w, item, w->now + draw_delay(w));
	}
}

static void carry_resolve(struct world *w, size_t node, const struct action *a)
{
	struct dns_answer *answer = w->dns ? w->dns(w, node, &a->resolve.question) : NULL;
	struct sim_item *item;

	if (!answer)
		return;
	answer->question = a->resolve.question;
	item = sim_item_new(SIM_RESOLVED, node);
	item->number = a->resolve.number;
	item->answer = answer;
	sim_schedule(w, item, w->now + draw_delay(w));
}

static void carry_out(struct world *w, size_t node, struct action *a)
{
	struct sim_node *n = &w->nodes[node];
	struct sim_item *item;

	switch (a->kind) {
	case ACTION_SEND:
		carry_packet(w, node, a);
		break;
	case ACTION_JOB:
		job_run(&n->crypto.crypto, a->job);
		item = sim_item_new(SIM_JOB, node);
		item->job = a->job;
		a->job = NULL;
		sim_schedule(w, item, w->now + (w->job_delay ? w->job_delay : (msec)world_draw(w, 20)));
		break;
	case ACTION_RESOLVE:
		carry_resolve(w, node, a);
		break;
	case ACTION_STOPPED:
		n->stopped = true;
		n->confirmed = a->stopped.confirmed;
		n->unanswered = a->stopped.unanswered;
		break;
	case ACTION_TRANSITION:
		if (w->transition)
			w->transition(w, a);
		break;
	case ACTION_REPORT:
		if (a->report->final)
			n->up_status = a->report->status;
		break;
	default:
		sim_kernel_action(w, node, a);
		break;
	}
}

/* now: the node's, of the step. */
static void check(struct world *w, size_t node, msec now)
{
	char why[160];

	w->checks++;
	if (!node_check(w->nodes[node].node, now, why))
		SIM_FAULT(w, "seed %llu at %lld ms, node %zu: %s", (unsigned long long)w->seed,
			  (long long)w->now, node, why);
	if (sim_met_impossible(w, node))
		SIM_FAULT(w, "seed %llu at %lld ms, node %zu: a cell that cannot be was reached",
			  (unsigned long long)w->seed, (long long)w->now, node);
}

/* What the node itself says, before it is impaired: with the trace and the wiretap. */
static void note_actions(struct world *w, size_t node, const struct actions *actions)
{
	for (size_t i = 0; i < actions->count; i++) {
		const struct action *a = &actions->at[i];

		if (w->trace)
			sim_trace_action(w, node, a);
		if (a->kind == ACTION_SEND)
			sim_tap_sent(w, node, bytes_of_blob(&a->send.data));
		else if (a->kind == ACTION_KEYS)
			sim_tap_keys(w, a);
	}
	if (w->trace)
		sim_trace_random(w, node);
}

static void one_step(struct world *w, size_t node, struct event *event)
{
	struct sim_node *n = &w->nodes[node];
	struct actions *actions = &w->actions;
	msec now = impair_now(n->impair, w->now) + n->ahead;

	if (!actions_reserve(actions, LIMIT_STEP_ACTIONS))
		abort();
	w->steps++;
	tape_rewind(&n->tape);
	if (w->trace)
		sim_trace_event(w, node, event);
	impair_step_begins(n->impair);
	node_step(n->node, now, event, actions);
	impair_step_ends(n->impair);
	note_actions(w, node, actions);
	if (actions->unanswered)
		n->up_status = 1;
	if (actions->failed && !w->memory_fails && !impair_met(n->impair, "fail-allocation"))
		SIM_FAULT(w, "an action was lost for want of memory");
	impair_actions(n->impair, w->now, actions);
	for (size_t i = 0; i < actions->count; i++)
		carry_out(w, node, &actions->at[i]);
	actions_clear(&n->crypto.crypto, actions);
	check(w, node, now);
}

void sim_step(struct world *w, size_t node, struct event *event)
{
	struct impair_events in;

	impair_event(w->nodes[node].impair, w->now, event, &in);
	for (size_t i = 0; i < in.count; i++)
		one_step(w, node, &in.at[i].event);
	impair_events_discard(&in);
	sim_look(w, node);
}

void sim_look(struct world *w, size_t node)
{
	struct sim_node *n = &w->nodes[node];
	msec due = node_deadline(n->node);

	n->due = impair_deadline(n->impair, due == MSEC_NEVER ? MSEC_NEVER : due - n->ahead);
}

bool world_impair(struct world *w, size_t node, const char *text)
{
	char why[160];

	if (w->trace)
		fprintf(w->trace, "# %zu %lld impair %s\n", node, (long long)w->now, text);
	if (!impair_arm(w->nodes[node].impair, w->now, text, why)) {
		SIM_FAULT(w, "%s", why);
		return false;
	}
	sim_look(w, node);
	return true;
}

void sim_happen(struct world *w, struct sim_item *item)
{
	struct event event = { 0 };

	if (item->kind == SIM_ESP || item->kind == SIM_EXPIRE) {
		sim_kernel_item(w, item);
		return;
	}
	if (item->kind == SIM_PACKET) {
		sim_tap_delivered(w, item->node, bytes_of_blob(&item->data));
		event.kind = EVENT_PACKET;
		event.packet.local = item->local;
		event.packet.remote = item->remote;
		event.packet.encapsulated = item->encapsulated;
		event.packet.data = bytes_of_blob(&item->data);
	} else if (item->kind == SIM_JOB) {
		event.kind = EVENT_JOB_DONE;
		event.job = item->job;
		item->job = NULL;
	} else if (item->kind == SIM_RESOLVED) {
		event.kind = EVENT_RESOLVED;
		event.resolved.number = item->number;
		event.resolved.answer = item->answer;
		item->answer = NULL;
	} else {
		event = item->event;
	}
	sim_step(w, item->node, &event);
}

void sim_item_discard(struct world *w, struct sim_item *item)
{
	blob_discard(&item->data);
	job_discard(&w->nodes[item->node].crypto.crypto, item->job);
	if (item->answer)
		dns_answer_discard(item->answer);
	free(item->answer);
	free(item);
}

void sim_kernel_later(struct world *w, enum sim_item_kind kind, size_t node, uint32_t spi, uint64_t number,
		      bool hard, msec at)
{
	struct sim_item *item = sim_item_new(kind, node);

	item->spi = spi;
	item->number = number;
	item->hard = hard;
	sim_schedule(w, item, at);
}

msec sim_delay(struct world *w)
{
	return draw_delay(w);
}

void sim_later(struct world *w, size_t node, const struct event *event, msec after)
{
	struct sim_item *item = sim_item_new(SIM_EVENT, node);

	item->event = *event;
	sim_schedule(w, item, w->now + after);
}

/* The next thing: an item, or a node's deadline. */
static bool advance(struct world *w, msec end)
{
	msec next = w->heap_count ? w->heap[0]->at : MSEC_NEVER;
	size_t who = SIZE_MAX;

	for (size_t i = 0; i < w->node_count; i++) {
		msec due = w->nodes[i].due;

		if (due < next) {
			next = due;
			who = i;
		}
	}
	if (next > end)
		return false;
	if (next > w->now)
		w->now = next;
	if (who != SIZE_MAX) {
		struct event time = { .kind = EVENT_TIME };

		sim_step(w, who, &time);
	} else {
		sim_choose(w, w->heap[0], SIM_DELIVER);
	}
	return true;
}

bool world_run(struct world *w, msec span)
{
	msec end = w->now + span;
	uint64_t still = 0;
	msec before = -1;

	while (!w->fault[0] && advance(w, end)) {
		still = w->now == before ? still + 1 : 0;
		before = w->now;
		if (still > 20000)
			SIM_FAULT(w, "seed %llu: time stands still at %lld ms", (unsigned long long)w->seed,
				  (long long)w->now);
	}
	w->now = end;
	return !w->fault[0];
}

static void start_node(struct world *w, size_t i)
{
	struct sim_node *n = &w->nodes[i];
	struct event_addresses *a = calloc(1, sizeof(*a));
	struct event event = { .kind = EVENT_ADDRESSES };
	struct event abilities = { .kind = EVENT_ABILITIES };

	tape_discard(&n->tape);
	tape_init(&n->tape, &n->crypto.crypto, false);
	n->impair = impair_new(&n->tape.crypto);
	n->node = n->impair ? node_new(impair_crypto(n->impair)) : NULL;
	n->plan = NULL;
	if (!n->node || !a)
		abort();
	a->at[0] = n->address;
	a->count = 1;
	a->default_v4 = n->address;
	event.addresses = a;
	sim_step(w, i, &event);
	free(a);
	abilities.abilities = (struct kernel_abilities){ "sim", true, true, true, true, 128 };
	sim_step(w, i, &abilities);
	n->up_status = -1;
	n->stopped = false;
	sim_look(w, i);
}

void world_init(struct world *w, uint64_t seed, size_t node_count, FILE *trace)
{
	memset(w, 0, sizeof(*w));
	w->trace = trace;
	w->seed = seed;
	w->chance = seed * 7919 + 1;
	w->now = SECONDS(1000);
	w->delay = 20;
	w->node_count = node_count;
	for (size_t i = 0; i < node_count; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.0.0.%zu", i + 1);
		if (!address_parse(&w->nodes[i].address, text))
			abort();
		sim_crypto_init(&w->nodes[i].crypto, seed * 31 + i);
		start_node(w, i);
	}
}

void world_sleep(struct world *w, size_t node, msec span)
{
	w->nodes[node].ahead += span;
	sim_look(w, node);
}

/* The daemon ends: its threads with their jobs, and what was said to it. Packets are under way all the same. */
static void end_node(struct world *w, size_t i)
{
	struct sim_item *items[64];
	size_t count;
	bool any;

	do {
		any = false;
		count = sim_pending(w, items, ARRAY_LENGTH(items));
		for (size_t k = 0; k < count; k++) {
			if (items[k]->node != i || items[k]->kind == SIM_PACKET)
				continue;
			sim_choose(w, items[k], SIM_LOSE);
			any = true;
		}
	} while (any && count == ARRAY_LENGTH(items));
	if (w->name)
		cells_note(node_oe(w->nodes[i].node), w->name);
	node_discard(w->nodes[i].node);
	impair_discard(w->nodes[i].impair);
	if (w->trace)
		fprintf(w->trace, "N %zu\n", i);
}

void world_restart(struct world *w, size_t i)
{
	end_node(w, i);
	sim_kernel_clear(&w->nodes[i]);
	start_node(w, i);
}

void world_restart_daemon(struct world *w, size_t i, bool adopt)
{
	struct event event = { .kind = EVENT_KERNEL_STATE };

	end_node(w, i);
	start_node(w, i);
	event.kernel_state = sim_kernel_state(&w->nodes[i]);
	event.kernel_state->adopt = adopt;
	sim_step(w, i, &event);
}

bool world_end(struct world *w)
{
	while (w->heap_count)
		sim_choose(w, w->heap[0], SIM_LOSE);
	free(w->heap);
	w->heap = NULL;
	w->heap_room = 0;
	sim_tap_discard(w);
	actions_discard(NULL, &w->actions);
	for (size_t i = 0; i < w->node_count; i++) {
		struct sim_node *n = &w->nodes[i];

		if (w->name)
			cells_note(node_oe(n->node), w->name);
		node_discard(n->node);
		impair_discard(n->impair);
		tape_discard(&n->tape);
		if (n->crypto.live_secrets)
			SIM_FAULT(w, "seed %llu: %ld ephemeral keys leaked", (unsigned long long)w->seed,
				  n->crypto.live_secrets);
		if (n->stopped && (n->sas || n->policies))
			SIM_FAULT(w, "seed %llu: node %zu stopped and left kernel state",
				  (unsigned long long)w->seed, i);
		sim_kernel_clear(n);
	}
	return !w->fault[0];
}

bool world_configure(struct world *w, size_t node, const char *config, const char *secrets,
		     const char *group_name, const char *group_text)
{
	char group_file[128] = "";
	struct plan_source sources[3] = { { .kind = SOURCE_CONFIG },
					  { .kind = SOURCE_SECRETS },
					  { .kind = SOURCE_GROUP } };
	struct plan_places places = { "conf", secrets ? "secrets" : NULL, group_name ? "policies" : NULL };
	static struct plan_problems problems;
	struct event event = { .kind = EVENT_PLAN };
	char name0[] = "conf", name1[] = "secrets", text[640];

	snprintf(group_file, sizeof(group_file), "policies/%s", group_name ? group_name : "");
	sources[0].name = name0;
	sources[1].name = name1;
	sources[2].name = group_file;
	sources[0].text = strdup(config);
	sources[1].text = strdup(secrets ? secrets : "");
	sources[2].text = strdup(group_text ? group_text : "");
	for (int i = 0; i < 3; i++)
		sources[i].len = strlen(sources[i].text);
	event.plan = plan_make_from_sources(sources, 3, &places, w->nodes[node].plan, &problems);
	for (int i = 0; i < 3; i++)
		free(sources[i].text);
	if (!event.plan) {
		for (size_t i = 0; i < problems.count && i < PLAN_PROBLEMS; i++)
			fprintf(stderr, "%s\n", plan_problem_print(&problems.at[i], text));
		SIM_FAULT(w, "the configuration is wrong");
		return false;
	}
	w->nodes[node].plan = event.plan;
	sim_step(w, node, &event);
	return true;
}

void world_command(struct world *w, size_t node, enum command_kind kind, const char *name)
{
	struct event event = { .kind = EVENT_COMMAND };

	event.command.number = 1;
	event.command.kind = kind;
	snprintf(event.command.name, sizeof(event.command.name), "%s", name);
	w->nodes[node].up_status = -1;
	sim_step(w, node, &event);
}

void world_order(struct world *w, size_t node, enum command_kind kind, const struct address *destination)
{
	struct event event = { .kind = EVENT_COMMAND };

	event.command.number = 1;
	event.command.kind = kind;
	event.command.address = *destination;
	w->nodes[node].up_status = -1;
	sim_step(w, node, &event);
}

void world_stop(struct world *w, size_t node, bool leave)
{
	struct event event = { .kind = EVENT_COMMAND };

	event.command.number = 1;
	event.command.kind = COMMAND_SHUTDOWN;
	event.command.leave_state = leave;
	sim_step(w, node, &event);
}

void world_inject(struct world *w, size_t node, const struct endpoint *from, struct bytes data)
{
	struct event event = { .kind = EVENT_PACKET };

	event.packet.local = (struct endpoint){ w->nodes[node].address, 500 };
	event.packet.remote = *from;
	event.packet.data = data;
	sim_step(w, node, &event);
}

static void count_child(void *context, const struct ike_child_view *view)
{
	++*(size_t *)context;
}

size_t world_children(const struct world *w, size_t node)
{
	size_t count = 0;

	ike_each_child(node_ike(w->nodes[node].node), count_child, &count);
	return count;
}
