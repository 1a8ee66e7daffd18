/* `cygnet key`: keys of the NSS database, made, listed, and shown as configuration and DNS want them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "address.h"
#include "keystore.h"
#include "tool.h"

struct wanted {
	enum key_kind kind;
	unsigned bits;
	const char *name, *txt;
	bool ipseckey;
	size_t shown;
};

static void print_hex(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		printf("%02x", at[i]);
}

/* A TXT record in strings of at most 255 octets; the break may stand anywhere in the key. */
static void print_txt(const char *gateway, const char *key)
{
	char text[4096];
	size_t len;

	snprintf(text, sizeof(text), "X-IPsec-Server(10)=%s %s", gateway, key);
	len = strlen(text);
	printf("IN TXT");
	for (size_t i = 0; i < len; i += 250)
		printf(" \"%.*s\"", (int)(len - i < 250 ? len - i : 250), text + i);
	printf("\n");
}

static void show(const struct keystore_key *key, struct wanted *w)
{
	struct blob dns = { NULL, 0 };
	char *text = public_key_to_dns(&key->public_key, &dns) ? base64_encode(bytes_of_blob(&dns)) : NULL;
	char *spki = base64_encode(bytes_of_blob(&key->public_key.spki));

	w->shown++;
	if (w->ipseckey && text)
		printf("IN IPSECKEY 10 0 %d . %s\n", key->kind == KEY_RSA ? 2 : 3, text);
	else if (w->txt && text)
		print_txt(w->txt, text);
	else if (key->kind == KEY_RSA && text)
		printf("\tleftrsasigkey=0s%s\n", text);
	else if (spki)
		printf("\tleftecdsakey=0s%s\n", spki);
	if (!w->ipseckey && !w->txt) {
		printf("\tleftckaid=");
		print_hex(key->ckaid, CKAID_OCTETS);
		printf("\n");
	}
	blob_discard(&dns);
	free(text);
	free(spki);
}

static void list_one(const struct keystore_key *key)
{
	print_hex(key->ckaid, CKAID_OCTETS);
	printf(" %s %u %s\n", key_kind_name(key->kind), key->bits, key->nickname);
}

static bool parse(int argc, char **argv, struct wanted *w)
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--ipseckey")) {
			w->ipseckey = true;
		} else if (i + 1 == argc) {
			return false;
		} else if (!strcmp(argv[i], "--type")) {
			i++;
			if (strcmp(argv[i], "rsa") && strcmp(argv[i], "ecdsa"))
				return false;
			w->kind = strcmp(argv[i], "ecdsa") ? KEY_RSA : KEY_ECDSA_P256;
		} else if (!strcmp(argv[i], "--bits")) {
			w->bits = (unsigned)atoi(argv[++i]);
		} else if (!strcmp(argv[i], "--name")) {
			w->name = argv[++i];
		} else if (!strcmp(argv[i], "--txt")) {
			w->txt = argv[++i];
		} else {
			return false;
		}
	}
	return true;
}

/* Makes the folder with those above it; what is there already stays. */
static void make_folder(const char *dir)
{
	char path[512];

	snprintf(path, sizeof(path), "%s", dir);
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
	mkdir(path, 0700);
}

static int each(struct keystore *store, const char *verb, struct wanted *w)
{
	struct keystore_key *keys;
	size_t count;

	if (!keystore_list(store, &keys, &count))
		return 1;
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(verb, "list"))
			list_one(&keys[i]);
		else if (!w->name || !strcmp(keys[i].nickname, w->name))
			show(&keys[i], w);
	}
	keystore_keys_discard(keys, count);
	if (!strcmp(verb, "list") || w->shown)
		return 0;
	fprintf(stderr, "there is no such key in the database\n");
	return 6;
}

int tool_key(const struct tool *t, int argc, char **argv)
{
	struct wanted w = { .kind = KEY_RSA, .bits = 3072 };
	struct keystore_key key;
	struct keystore *store;
	char why[256] = "";
	bool make = argc && !strcmp(argv[0], "new");
	int status = 0;

	if (!argc || (!make && strcmp(argv[0], "list") && strcmp(argv[0], "show")) ||
	    !parse(argc - 1, argv + 1, &w)) {
		fprintf(stderr,
			"cygnet key new|list|show [--type rsa|ecdsa] [--bits N] [--name N] [--txt ADDRESS] "
			"[--ipseckey]\n");
		return 2;
	}
	if (make)
		make_folder(t->nssdir);
	store = keystore_open(t->nssdir, make, why);
	if (!store) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	if (!make) {
		status = each(store, argv[0], &w);
	} else if (keystore_generate(store, w.kind, w.bits, w.name ? w.name : "", &key, why)) {
		list_one(&key);
		show(&key, &w);
		public_key_discard(&key.public_key);
	} else {
		fprintf(stderr, "%s\n", why);
		status = 1;
	}
	keystore_close(store);
	return status;
}
