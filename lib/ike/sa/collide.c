/* The table of collide.h. Rows: ours; columns: theirs. */
#include "collide.h"

#include <string.h>

#define USUAL(follow, text, from)                \
	{                                        \
		ANSWER_USUAL, follow, text, from \
	}
#define LATER(text, from)                                \
	{                                                \
		ANSWER_LATER, FOLLOW_NOTHING, text, from \
	}
#define EMPTY(text, from)                                \
	{                                                \
		ANSWER_EMPTY, FOLLOW_NOTHING, text, from \
	}
#define APART(text) USUAL(FOLLOW_NOTHING, text, "house: another IKE SA")

/* @rfc 7296-2.25.1-1 7296-2.25.1-2 7296-2.25.1-3 7296-2.25.1-4 7296-2.25.1-6 7296-2.25.2-1 */
/* @rfc 7296-2.25.2-2 7296-2.25.2-3 7296-2.25.2-4 7296-2.25.2-5 7296-2.25.2-6 */
static const struct collision table[COLLIDE_CLASSES][COLLIDE_CLASSES] = {
	[COLLIDE_OTHER] = {
		[COLLIDE_OTHER] = USUAL(FOLLOW_NOTHING, "nothing meets", "RFC 7296 2.3"),
		[COLLIDE_CREATE_CHILD] = USUAL(FOLLOW_NOTHING, "nothing meets", "RFC 7296 1.3.1"),
		[COLLIDE_REKEY_CHILD] = USUAL(FOLLOW_NOTHING, "nothing meets", "RFC 7296 1.3.3"),
		[COLLIDE_REKEY_IKE] = USUAL(FOLLOW_NOTHING, "nothing meets", "RFC 7296 1.3.2"),
		[COLLIDE_DELETE_CHILD] = USUAL(FOLLOW_NOTHING, "nothing meets", "RFC 7296 1.4.1"),
		[COLLIDE_DELETE_IKE] = USUAL(FOLLOW_FORGET, "what we ask of an IKE SA that goes is moot", "RFC 7296 1.4.1"),
		[COLLIDE_INIT] = USUAL(FOLLOW_NOTHING, "nothing meets", "RFC 7296 1.2"),
		[COLLIDE_AUTH] = USUAL(FOLLOW_NOTHING, "nothing meets", "RFC 7296 1.2"),
	},
	[COLLIDE_CREATE_CHILD] = {
		[COLLIDE_OTHER] = USUAL(FOLLOW_NOTHING, "nothing meets", "RFC 7296 2.3"),
		[COLLIDE_CREATE_CHILD] = USUAL(FOLLOW_NONCES, "two children for one pair: one is redundant", "RFC 7296 2.8.1"),
		[COLLIDE_REKEY_CHILD] = USUAL(FOLLOW_NOTHING, "theirs is about another child", "RFC 7296 2.25.1"),
		[COLLIDE_REKEY_IKE] = LATER("a child under way would be left behind", "RFC 7296 2.25.1"),
		[COLLIDE_DELETE_CHILD] = USUAL(FOLLOW_NOTHING, "theirs is about another child", "RFC 7296 2.25.1"),
		[COLLIDE_DELETE_IKE] = USUAL(FOLLOW_FORGET, "the IKE SA goes, and the request with it", "RFC 7296 2.25.2"),
		[COLLIDE_INIT] = APART("it decides when both have a child"),
		[COLLIDE_AUTH] = APART("it decides when both have a child"),
	},
	[COLLIDE_REKEY_CHILD] = {
		[COLLIDE_OTHER] = USUAL(FOLLOW_NOTHING, "nothing meets", "RFC 7296 2.3"),
		[COLLIDE_CREATE_CHILD] = USUAL(FOLLOW_NOTHING, "theirs is a new child", "RFC 7296 2.25.1"),
		[COLLIDE_REKEY_CHILD] = USUAL(FOLLOW_NONCES, "two successors: one is redundant", "RFC 7296 2.8.1, 2.25.1"),
		[COLLIDE_REKEY_IKE] = LATER("a child under way would be left behind", "RFC 7296 2.25.1"),
		[COLLIDE_DELETE_CHILD] = USUAL(FOLLOW_NOTHING, "answered with D; our rekey will not find it", "RFC 7296 2.25.1"),
		[COLLIDE_DELETE_IKE] = USUAL(FOLLOW_FORGET, "the IKE SA goes, and the request with it", "RFC 7296 2.25.2"),
		[COLLIDE_INIT] = APART("it decides when both have a child"),
		[COLLIDE_AUTH] = APART("it decides when both have a child"),
	},
	[COLLIDE_REKEY_IKE] = {
		[COLLIDE_OTHER] = USUAL(FOLLOW_NOTHING, "nothing meets", "RFC 7296 2.3"),
		[COLLIDE_CREATE_CHILD] = LATER("the successor takes it", "RFC 7296 2.25.2"),
		[COLLIDE_REKEY_CHILD] = LATER("the successor takes it", "RFC 7296 2.25.2"),
		[COLLIDE_REKEY_IKE] = USUAL(FOLLOW_NONCES, "two successors: one is redundant; children wait for it", "RFC 7296 2.8.2, 2.25.2"),
		[COLLIDE_DELETE_CHILD] = USUAL(FOLLOW_NOTHING, "a child less moves", "RFC 7296 2.25.2"),
		[COLLIDE_DELETE_IKE] = USUAL(FOLLOW_FORGET, "our rekey is forgotten; a successor that the peer made stays", "RFC 7296 2.25.2"),
		[COLLIDE_INIT] = APART("it decides when both have a child"),
		[COLLIDE_AUTH] = APART("it decides when both have a child"),
	},
	[COLLIDE_DELETE_CHILD] = {
		[COLLIDE_OTHER] = USUAL(FOLLOW_NOTHING, "nothing meets", "RFC 7296 2.3"),
		[COLLIDE_CREATE_CHILD] = USUAL(FOLLOW_NOTHING, "theirs is a new child", "RFC 7296 2.25.1"),
		[COLLIDE_REKEY_CHILD] = LATER("it is being closed", "RFC 7296 2.25.1"),
		[COLLIDE_REKEY_IKE] = LATER("a child under way would be left behind", "RFC 7296 2.25.1"),
		[COLLIDE_DELETE_CHILD] = EMPTY("crossing: each request confirms the other", "RFC 7296 2.25.1"),
		[COLLIDE_DELETE_IKE] = USUAL(FOLLOW_FORGET, "the IKE SA goes, and the request with it", "RFC 7296 2.25.2"),
		[COLLIDE_INIT] = APART("another IKE SA"),
		[COLLIDE_AUTH] = APART("another IKE SA"),
	},
	[COLLIDE_DELETE_IKE] = {
		[COLLIDE_OTHER] = USUAL(FOLLOW_NOTHING, "it still answers", "RFC 7296 2.25.2"),
		[COLLIDE_CREATE_CHILD] = LATER("it is being closed", "RFC 7296 2.25.2"),
		[COLLIDE_REKEY_CHILD] = LATER("it is being closed", "RFC 7296 2.25.2"),
		[COLLIDE_REKEY_IKE] = LATER("it is being closed", "RFC 7296 2.25.2"),
		[COLLIDE_DELETE_CHILD] = USUAL(FOLLOW_NOTHING, "it still answers", "RFC 7296 2.25.2"),
		[COLLIDE_DELETE_IKE] = USUAL(FOLLOW_FORGET, "crossing: ours needs no answer any more", "RFC 7296 2.25.2"),
		[COLLIDE_INIT] = APART("the peer begins anew"),
		[COLLIDE_AUTH] = APART("the peer begins anew"),
	},
	[COLLIDE_INIT] = {
		[COLLIDE_OTHER] = USUAL(FOLLOW_NOTHING, "nothing meets", "RFC 7296 2.3"),
		[COLLIDE_CREATE_CHILD] = APART("it decides when both have a child"),
		[COLLIDE_REKEY_CHILD] = APART("it decides when both have a child"),
		[COLLIDE_REKEY_IKE] = APART("an older IKE SA"),
		[COLLIDE_DELETE_CHILD] = APART("an older IKE SA"),
		[COLLIDE_DELETE_IKE] = APART("an older IKE SA"),
		[COLLIDE_INIT] = USUAL(FOLLOW_ADDRESSES, "nobody is proven yet: both go on, one stays", "decision 9"),
		[COLLIDE_AUTH] = USUAL(FOLLOW_FORGET, "theirs has succeeded and ours is not even answered: it yields", "decision 9"),
	},
	[COLLIDE_AUTH] = {
		[COLLIDE_OTHER] = USUAL(FOLLOW_NOTHING, "nothing meets", "RFC 7296 2.3"),
		[COLLIDE_CREATE_CHILD] = APART("it decides when both have a child"),
		[COLLIDE_REKEY_CHILD] = APART("it decides when both have a child"),
		[COLLIDE_REKEY_IKE] = APART("an older IKE SA"),
		[COLLIDE_DELETE_CHILD] = APART("an older IKE SA"),
		[COLLIDE_DELETE_IKE] = APART("an older IKE SA"),
		[COLLIDE_INIT] = USUAL(FOLLOW_ADDRESSES, "the peer yields when ours succeeds first; else both go on, one stays", "decision 9"),
		[COLLIDE_AUTH] = USUAL(FOLLOW_ADDRESSES, "two first children for one pair: one stays", "decision 9"),
	},
};

const struct collision *collide(enum collide_class ours, enum collide_class theirs)
{
	static const struct collision outside;

	if ((unsigned)ours >= COLLIDE_CLASSES || (unsigned)theirs >= COLLIDE_CLASSES)
		return &outside;
	return &table[ours][theirs];
}

/* @rfc 7296-2.8.1-4 */
bool collide_is_lower(struct bytes a, struct bytes b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.at, b.at, common) : 0;

	return order < 0 || (order == 0 && a.len < b.len);
}

struct bytes collide_lowest(struct bytes a, struct bytes b)
{
	return collide_is_lower(b, a) ? b : a;
}

const char *collide_class_name(enum collide_class class)
{
	static const char *const names[COLLIDE_CLASSES] = {
		"nothing about it", "create child", "rekey child", "rekey IKE",
		"delete child",     "delete IKE",   "IKE_SA_INIT", "IKE_AUTH",
	};
	return (unsigned)class < COLLIDE_CLASSES ? names[class] : "?";
}

const char *collide_answer_name(enum collide_answer answer)
{
	static const char *const names[] = { "?", "as usual", "TEMPORARY_FAILURE", "empty" };

	return (unsigned)answer < ARRAY_LENGTH(names) ? names[answer] : "?";
}

const char *collide_follow_name(enum collide_follow follow)
{
	static const char *const names[] = { "?", "nothing", "nonces decide", "addresses decide",
					     "ours is forgotten" };

	return (unsigned)follow < ARRAY_LENGTH(names) ? names[follow] : "?";
}
