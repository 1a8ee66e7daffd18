/* The keyword table as a manual page, ipsec.conf(5), in plain roff (plan_man_page). */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

/* A text that grows; failed sticks. */
struct page {
	char *text;
	size_t used, room;
	bool failed;
};

static void page_add(struct page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void page_add(struct page *p, const char *format, ...)
{
	va_list args;
	int len;

	if (p->room - p->used < 4096 && !p->failed) {
		char *grown = realloc(p->text, p->room + 65536);

		p->failed = !grown;
		if (grown) {
			p->text = grown;
			p->room += 65536;
		}
	}
	if (p->failed)
		return;
	va_start(args, format);
	len = vsnprintf(p->text + p->used, p->room - p->used, format, args);
	va_end(args);
	p->failed = len < 0 || (size_t)len >= p->room - p->used;
	if (!p->failed)
		p->used += (size_t)len;
}

/* Words of the table: a hyphen stays a hyphen, a backslash is printed. */
static void page_words(struct page *p, const char *text)
{
	for (; *text; text++) {
		if (*text == '-')
			page_add(p, "\\-");
		else if (*text == '\\')
			page_add(p, "\\e");
		else
			page_add(p, "%c", *text);
	}
}

static const char head[] =
	".TH IPSEC.CONF 5 \"\" \"Cygnet\" \"File formats\"\n"
	".SH NAME\nipsec.conf \\- connections and settings of cygnetd\n"
	".SH DESCRIPTION\n"
	"The file consists of sections. A line that is not indented begins one:\n"
	".BR \"config setup\" ,\n.BI \"conn \" NAME\nor\n.BR \"conn %default\" .\n"
	"The indented lines below it are its keywords, each written\n.IB keyword = value .\n"
	".PP\nA value that holds blanks may stand in double quotes, a list in braces. From a number sign at "
	"the start of a\n"
	"line or after a blank to the end of the line is comment. A line\n.BI \"include \" FILE\n"
	"that is not indented reads other files, by a pattern of the shell too; a relative name counts from "
	"the folder of\n"
	"the file that includes. A line that begins with\n.B version\nand keywords that begin with\n.B "
	"x\\-\nare ignored.\n"
	".PP\nKeywords that are marked\n.I left/right\nare written with\n.B left\nor\n.B right\nbefore them. "
	"Which end is ours is\n"
	"found by our own addresses.\n"
	".PP\n.BI also= NAME\ntakes over the keywords of another conn. The section's own keywords win over "
	"those, of several\n"
	"the first named wins, and all win over\n.BR \"conn %default\" ,\nwherever in the files that stands. "
	"Of several sections\n"
	".B \"conn %default\"\nthe later wins. A section without both\n.B left\nand\n.B right\nis only a "
	"part for others.\n"
	".PP\nA fault is told with file, line, column, the word, what was expected and the nearest spelling; "
	"with a fault\n"
	"nothing of the configuration is applied.\n"
	".SH OPPORTUNISTIC GROUPS\n"
	"A conn with\n.B right=%group\nor\n.B right=%opportunisticgroup\nis for the destinations in the "
	"file\n"
	".I /etc/ipsec.d/policies/NAME\nof its name, one on a line, optionally followed by protocol, source "
	"port and\n"
	"destination port. The names\n.BR clear ,\n.BR clear\\-or\\-private ,\n.BR private\\-or\\-clear "
	",\n.B private\nand\n.B block\n"
	"are the classes. Under another name\n.B failureshunt=passthrough\nmakes it private\\-or\\-clear, "
	"and otherwise it is\n"
	"private. The longest match wins; a destination in two groups belongs to the safer one.\n"
	"Without\n.B authby\nthe peer's key comes from DNS.\n";

static void page_choices(struct page *p, const struct choice *c)
{
	page_add(p, "One of");
	for (bool first = true; c->word; c++) {
		if (c->refused)
			continue;
		page_add(p, "%s ", first ? "" : ",");
		page_words(p, c->word);
		first = false;
	}
	page_add(p, ".\n");
}

static void page_row(struct page *p, const struct word_row *row)
{
	page_add(p, ".TP\n.B ");
	if (row->place == PLACE_END) {
		page_add(p, "left");
		page_words(p, row->name);
		page_add(p, ", right");
	}
	page_words(p, row->name);
	page_add(p, "\n");
	page_words(p, row->meaning);
	page_add(p, "\n");
	if (row->choices)
		page_choices(p, row->choices);
	if (row->expected) {
		page_add(p, "Value: ");
		page_words(p, row->expected);
		page_add(p, ".\n");
	}
	if (row->fallback) {
		page_add(p, "Default: ");
		page_words(p, row->fallback);
		page_add(p, ".\n");
	}
	for (size_t i = 0; i < word_alias_count; i++) {
		if (strcmp(word_aliases[i].name, row->name) != 0 ||
		    word_aliases[i].setup != (row->place == PLACE_SETUP))
			continue;
		page_add(p, "Also written ");
		page_words(p, word_aliases[i].alias);
		page_add(p, ".\n");
	}
}

static void page_section(struct page *p, const char *title, enum word_place place, enum word_status status)
{
	page_add(p, "%s", title);
	for (size_t i = 0; i < word_count; i++) {
		if (word_table[i].place == place && word_table[i].status == status)
			page_row(p, &word_table[i]);
	}
}

static void page_list(struct page *p, const char *title, enum word_status status, enum word_status other)
{
	page_add(p, "%s", title);
	for (size_t i = 0; i < word_count; i++) {
		const struct word_row *row = &word_table[i];

		if (row->status != status && row->status != other)
			continue;
		page_add(p, ".TP\n.B ");
		page_words(p, row->name);
		page_add(p, "%s\n",
			 row->place == PLACE_SETUP ? " (config setup)"
			 : row->place == PLACE_END ? " (left/right)"
						   : "");
		page_words(p, row->meaning);
		page_add(p, ".\n");
	}
}

char *plan_man_page(void)
{
	struct page p = { NULL, 0, 0, false };

	page_add(&p, "%s", head);
	page_section(&p, ".SH CONFIG SETUP\n", PLACE_SETUP, WORD_ACTS);
	page_section(&p, ".SH CONN: THE ENDS\n", PLACE_END, WORD_ACTS);
	page_section(&p, ".SH CONN\n", PLACE_CONN, WORD_ACTS);
	page_list(&p,
		  ".SH REFUSED KEYWORDS\nTo ignore these would make a connection weaker than its file says; "
		  "a value that\n"
		  "asks for nothing (like no) is accepted.\n",
		  WORD_REFUSED, WORD_REFUSED);
	page_list(&p,
		  ".SH KEYWORDS WITHOUT EFFECT\nThese are known from other implementations. Each is told of "
		  "by a warning.\n",
		  WORD_IDLE, WORD_OBSOLETE);
	page_add(&p, ".SH FILES\n.I /etc/ipsec.conf\n.br\n.I /etc/ipsec.d/policies/\n.SH SEE ALSO\n"
		     ".BR ipsec.secrets (5),\n.BR cygnetd (8),\n.BR cygnet (8)\n");
	if (p.failed) {
		free(p.text);
		return NULL;
	}
	return p.text;
}
