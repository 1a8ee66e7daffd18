/* ipsec.conf's grammar: sections, comments, quotes, include, also=, %default, places of faults. */
#include "plan_fixture.h"

static void sections_and_comments(void **state)
{
	struct plan *plan = make_well(
		"# first\nversion 2\n\nconfig setup\n\tlogfile=/var/log/x # behind\n"
		"conn a # name\n   # indented comment\n left = 192.0.2.1\n right=192.0.2.2\n"
		" leftid=@a#b\n x-note=anything \"goes\n auto = add\n authby=secret\n\nconn \"b\"\n" ENDS
		" leftid=\"@b c\"\n");
	const struct conn *a = plan_conn_by_name(plan, "a");
	char text[IDENTITY_TEXT];

	assert_int_equal(plan->conn_count, 2);
	assert_string_equal(plan->setup.logfile, "/var/log/x");
	assert_non_null(a);
	assert_int_equal(a->line, 6);
	assert_string_equal(a->file, CONF);
	assert_int_equal(a->start, AUTO_ADD);
	assert_string_equal(identity_print(&a->left.id, text), "@a#b");
	assert_string_equal(identity_print(&plan_conn_by_name(plan, "b")->left.id, text), "@b c");
	assert_null(plan_conn_by_name(plan, "c"));
	plan_discard(plan);
}

static void line_ends_and_odd_octets(void **state)
{
	struct texts t = { .count = 0 };
	struct plan *plan =
		make_well("conn a\r\n left=192.0.2.1\r\n right=192.0.2.2\r\n authby=secret\r\n auto=add");
	const char nul[] = "conn a\n left=192.0.2.1\0 \n right=192.0.2.2\n";

	assert_int_equal(plan->conns[0].start, AUTO_ADD);
	plan_discard(plan);
	plan_discard(make_well("\xef\xbb\xbf"
			       "conn a # \xff\xfe\n" ENDS));
	plan_discard(make_well(""));
	texts_add_raw(&t, CONF, nul, sizeof(nul) - 1, SOURCE_CONFIG);
	texts_add(&t, SECRETS, "", SOURCE_SECRETS);
	assert_null(make_texts(&t, NULL));
	assert_told(CONF ":2:16: control character 0x00");
	assert_refused("conn a\001b\n" ENDS, ":1:7: control character 0x01");
	assert_refused("conn a\n leftid=@\x1b[31m\n" ENDS, ":2:10: control character 0x1b");
	assert_refused("conn \xc3\xa4\n" ENDS, "bad name of a conn '\\xc3\\xa4'");
}

static void long_lines(void **state)
{
	static char text[1 << 20];
	struct plan *plan;

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "# ", 2);
	plan = make_well(text);
	plan_discard(plan);
	memcpy(text, "config setup\n logfile=", 22);
	assert_refused(text, CONF ":2:10: value is too long");
	memcpy(text, "conn xxxxxxxxxxxxxxxxx", 22);
	assert_refused(text, "bad name of a conn");
}

static void quotes_and_braces(void **state)
{
	struct plan *plan =
		make_well("conn a\n" ENDS " authby={ecdsa, secret}\n ike=\"aes_gcm256, aes256\"\n");

	assert_int_equal(plan->conns[0].left.auth, AUTH_ECDSA);
	plan_discard(plan);
	assert_refused("conn a\n leftid=\"@x\n" ENDS, ":2:9: quotes are not closed");
	assert_refused("conn a\n authby={secret\n" ENDS, ":2:9: list is not closed");
	assert_refused("conn a\n leftid=@x\"y\n" ENDS, "quote inside a value");
	assert_refused("conn a\n leftid=\"@x\" y\n" ENDS, "quotes are not closed");
}

static void heads(void **state)
{
	assert_refused("con a\n" ENDS,
		       CONF ":1:1: unknown section 'con': expected config setup, conn NAME or include FILE; "
			    "did you mean 'conn'?");
	assert_int_equal(problems.count, 1);
	assert_refused("config steup\n", "unknown kind of config 'steup'");
	assert_refused("conn\n" ENDS, "conn has no name");
	assert_refused("conn a b\n" ENDS, ":1:8: more than one name of a conn 'b'");
	assert_refused("conn %x\n" ENDS, "bad name of a conn '%x'");
	assert_refused(" left=1.2.3.4\n", ":1:2: line outside of a section");
	assert_refused("conn a\n" ENDS "auto=add\n",
		       ":4:1: keyword at the start of a line ends its section 'auto'");
	assert_refused("conn a\n left\n" ENDS, ":2:2: line without = 'left'");
	assert_refused("conn a\n" ENDS "conn a\n" ENDS,
		       ":4:1: second conn of that name, the other is at " CONF ":1: 'a'");
}

static void many_faults_are_told_at_once(void **state)
{
	char text[20000] = "conn a\n" ENDS;

	assert_refused("conn a\n lefft=1.2.3.4\n left=x\n right=192.0.2.2\nconn b\n auto=maybe\n" ENDS,
		       ":2:2: unknown keyword");
	assert_told(":3:7: not an address");
	assert_told(":6:7: unknown value 'maybe'");
	assert_int_equal(problems.errors, 3);
	for (unsigned i = 0; i < 100; i++)
		sprintf(text + strlen(text), " nonsense%u=1\n", i);
	assert_null(make(text));
	assert_int_equal(problems.errors, 100);
	assert_int_equal(problems.count, 100);
	/* Warnings make room for errors. */
	strcpy(text, "conn a\n");
	for (unsigned i = 0; i < 100; i++)
		sprintf(text + strlen(text), " mtu=%u\n", i);
	strcat(text, " nonsense=1\n" ENDS);
	assert_null(make(text));
	assert_told("unknown keyword 'nonsense'");
}

static void nearest_spelling(void **state)
{
	assert_refused("conn a\n lefft=192.0.2.1\n" ENDS, "unknown keyword 'lefft'; did you mean 'left'?");
	assert_refused("conn a\n rigthid=@x\n" ENDS, "did you mean 'rightid'?");
	assert_refused("conn a\n subnet=192.0.2.0/24\n" ENDS, "did you mean 'leftsubnet'?");
	assert_refused("conn a\n ikelifetme=1h\n" ENDS, "did you mean 'ikelifetime'?");
	assert_refused("conn a\n xyzzyplugh=1h\n" ENDS, "unknown keyword 'xyzzyplugh'\n");
	assert_refused("config setup\n nsdir=/x\n", "did you mean 'nssdir'?");
	assert_refused("config setup\n left=1.2.3.4\n",
		       "keyword is in the wrong section 'left': expected it in a conn");
	assert_refused("conn a\n nssdir=/x\n" ENDS, "expected it in config setup");
}

static void also_and_default(void **state)
{
	struct plan *plan =
		make_well("conn one\n also=base\n also=second\n left=192.0.2.1\n ikelifetime=1h\n"
			  "conn base\n ikelifetime=2h\n salifetime=2h\n right=192.0.2.9\n also=second\n"
			  "conn second\n salifetime=3h\n keyingtries=3\n right=192.0.2.8\n"
			  "conn %default\n keyingtries=9\n retransmit-timeout=9s\n auto=add\n authby=secret\n"
			  "conn %default\n retransmit-timeout=8s\n");
	const struct conn *conn;

	assert_int_equal(plan->conn_count, 1);
	conn = &plan->conns[0];
	assert_int_equal(conn->ike_lifetime, HOURS(1));
	assert_int_equal(conn->sa_lifetime, HOURS(2));
	assert_int_equal(conn->right.address.octet[3], 9);
	assert_int_equal(conn->keyingtries, 3);
	assert_int_equal(conn->retransmit_timeout, SECONDS(8));
	assert_int_equal(conn->start, AUTO_ADD);
	assert_int_equal(conn->right.auth, AUTH_SECRET);
	plan_discard(plan);
}

static void also_goes_wrong(void **state)
{
	char text[4096] = "";

	assert_refused("conn a\n also=b\n" ENDS "conn b\n also=a\n", "also= goes in a circle 'a'");
	assert_refused("conn a\n also=a\n" ENDS, ":2:7: also= goes in a circle 'a'");
	assert_refused("conn a\n also=nobody\n" ENDS, ":2:7: also= names no conn 'nobody'");
	assert_refused("conn %default\n also=a\n", "also= does not work in conn %default");
	for (unsigned i = 0; i < 20; i++)
		sprintf(text + strlen(text), "conn c%u\n also=c%u\n" ENDS, i, i + 1);
	strcat(text, "conn c20\n");
	assert_refused(text, "also= is nested more than 10 deep");
}

static void duplicates(void **state)
{
	struct plan *plan = make("conn a\n" ENDS " keyingtries=1\n keyingtries=2\n");

	assert_int_equal(plan->conns[0].keyingtries, 2);
	assert_told(":5:2: warning: overrides line 4 of the same section: 'keyingtries'");
	plan_discard(plan);
	plan = make("conn a\n" ENDS " salifetime=1h\n keylife=2h\n");
	assert_int_equal(plan->conns[0].sa_lifetime, HOURS(2));
	assert_told("overrides line 4");
	plan_discard(plan);
}

static void parts_are_no_connections(void **state)
{
	struct plan *plan = make_well("conn part\n left=192.0.2.1\n auto=add\n authby=secret\nconn whole\n "
				      "also=part\n right=192.0.2.2\n");

	assert_int_equal(plan->conn_count, 1);
	plan_discard(plan);
	assert_refused("conn half\n left=192.0.2.1\n auto=start\n", "connection has no right= 'half'");
	plan_discard(make_well("conn half\n left=192.0.2.1\n"));
}

static void includes(void **state)
{
	struct texts t = { .count = 0 };
	struct plan *plan;

	texts_add(&t, CONF,
		  "include /etc/ipsec.d/*.conf\ninclude more.inc\ninclude /nowhere/*.conf\nconn z\n" ENDS,
		  SOURCE_CONFIG);
	texts_add(&t, "/etc/ipsec.d/a.conf", "conn a\n" ENDS " nonsense=1", SOURCE_CONFIG);
	texts_add(&t, "/etc/ipsec.d/.hidden.conf", "conn hidden\n" ENDS, SOURCE_CONFIG);
	texts_add(&t, "/etc/ipsec.d/sub/b.conf", "conn deeper\n" ENDS, SOURCE_CONFIG);
	texts_add(&t, "/etc/more.inc", "conn m\n" ENDS, SOURCE_CONFIG);
	texts_add(&t, SECRETS, "", SOURCE_SECRETS);
	assert_null(make_texts(&t, NULL));
	assert_string_equal(told(), "/etc/ipsec.d/a.conf:4:2: unknown keyword 'nonsense'\n");
	t.at[1].len -= strlen(" nonsense=1");
	plan = make_texts(&t, NULL);
	assert_int_equal(problems.count, 0);
	assert_int_equal(plan->conn_count, 3);
	assert_string_equal(plan_conn_by_name(plan, "m")->file, "/etc/more.inc");
	/* What it was made from makes it again. */
	assert_int_equal(plan->source_count, 4);
	plan_discard(plan);
}

static void includes_go_wrong(void **state)
{
	struct texts t = { .count = 0 };
	char names[16][32], texts[16][64];
	struct plan *plan;

	texts_add(&t, CONF, "include /a\n", SOURCE_CONFIG);
	texts_add(&t, "/a", "include /b\n", SOURCE_CONFIG);
	texts_add(&t, "/b", "include /a\n", SOURCE_CONFIG);
	texts_add(&t, SECRETS, "", SOURCE_SECRETS);
	plan = make_texts(&t, NULL);
	assert_null(plan);
	assert_told("include goes in a circle '/a'");
	t.count = 0;
	texts_add(&t, CONF, "include /n0\n", SOURCE_CONFIG);
	for (unsigned i = 0; i < 16; i++) {
		sprintf(names[i], "/n%u", i);
		sprintf(texts[i], "include /n%u\n", i + 1);
		texts_add(&t, names[i], texts[i], SOURCE_CONFIG);
	}
	assert_null(make_texts(&t, NULL));
	assert_told("include is nested more than 10 deep");
	assert_refused("include\n", "bad include");
	plan = make("include /etc/none.conf\n");
	assert_non_null(plan);
	assert_told(":1:9: warning: no such file '/etc/none.conf'");
	plan_discard(plan);
	t.count = 0;
	assert_null(make_texts(&t, NULL));
	assert_told("no such file '" CONF "'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_and_comments),
		cmocka_unit_test(line_ends_and_odd_octets),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(quotes_and_braces),
		cmocka_unit_test(heads),
		cmocka_unit_test(many_faults_are_told_at_once),
		cmocka_unit_test(nearest_spelling),
		cmocka_unit_test(also_and_default),
		cmocka_unit_test(also_goes_wrong),
		cmocka_unit_test(duplicates),
		cmocka_unit_test(parts_are_no_connections),
		cmocka_unit_test(includes),
		cmocka_unit_test(includes_go_wrong),
	};
	return cmocka_run_group_tests_name("grammar", tests, NULL, NULL);
}
