/*
 * The NSS database (keystore.h): opened once a process, its keys made and listed. NSS reads and writes its
 * own files (cert9.db, key4.db, pkcs11.txt). The one file that is read here, through NSPR, is the password
 * file nsspassword; its lines are a password or token:password.
 */
#include "keystore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nss.h>
#include <prerror.h>
#include <prio.h>
#include <secerr.h>
#include <secmod.h>

#include "limits.h"
#include "provider.h"

static void explain(char why[256], const char *what)
{
	const char *name = PR_ErrorToName(PR_GetError());

	snprintf(why, 256, "%s (%s)", what, name ? name : "NSS names no reason");
}

/* The whole file as a text, or NULL. The caller wipes and frees it. */
static char *read_password_file(const char *dir)
{
	char path[4096];
	char *text = NULL;
	PRFileDesc *file;
	PRInt32 octets;

	if ((size_t)snprintf(path, sizeof(path), "%s/nsspassword", dir) >= sizeof(path))
		return NULL;
	file = PR_Open(path, PR_RDONLY, 0);
	if (!file)
		return NULL;
	text = calloc(1, LIMIT_PASSWORD_FILE + 1);
	octets = text ? PR_Read(file, text, LIMIT_PASSWORD_FILE) : -1;
	PR_Close(file);
	if (octets < 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void wipe_text(char *text)
{
	if (text)
		wipe(text, strlen(text));
	free(text);
}

/* The password of one line for that token, as a view into the line; empty when the line is another's. */
static struct bytes line_password(struct bytes line, const char *token)
{
	size_t len = strlen(token);

	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	if (line.len > len && memcmp(line.at, token, len) == 0 && line.at[len] == ':')
		return bytes_of(line.at + len + 1, line.len - len - 1);
	return line.len && !memchr(line.at, ':', line.len) ? line : BYTES_NONE;
}

/* NSS asks for a password. The answer is freed by NSS; a second question means that the first was wrong. */
static char *answer_password(PK11SlotInfo *slot, PRBool retry, void *arg)
{
	const struct keystore *store = arg;
	const char *line = store ? store->password : NULL;

	while (line && *line && !retry) {
		size_t len = strcspn(line, "\n");
		struct bytes found = line_password(bytes_of(line, len), PK11_GetTokenName(slot));

		if (found.len) {
			char *copy = PORT_Alloc(found.len + 1);

			if (copy) {
				memcpy(copy, found.at, found.len);
				copy[found.len] = '\0';
			}
			return copy;
		}
		line += len + (line[len] == '\n');
	}
	return NULL;
}

static bool initialize(const char *dir, bool writable, char why[256])
{
	char place[4096];
	PRUint32 flags = NSS_INIT_NOROOTINIT | (writable ? 0 : NSS_INIT_READONLY);

	if (NSS_IsInitialized()) {
		snprintf(why, 256, "NSS is already open in this process");
		return false;
	}
	if (!dir) {
		if (NSS_NoDB_Init(".") == SECSuccess)
			return true;
		explain(why, "NSS cannot start");
		return false;
	}
	if ((size_t)snprintf(place, sizeof(place), "sql:%s", dir) < sizeof(place) &&
	    NSS_Initialize(place, "", "", SECMOD_DB, flags) == SECSuccess)
		return true;
	explain(why, "the NSS database cannot be opened");
	return false;
}

/* Gives a new database its empty password, and logs into the one that is there. */
static bool unlock(struct keystore *store, const char *dir, bool writable, char why[256])
{
	static const char wrong_password[] = "the password in nsspassword does not open the NSS database";
	static const char no_password[] =
		"the NSS database has a password and there is no nsspassword to read";
	bool ok = true;

	if (writable && PK11_NeedUserInit(store->keys) && PK11_InitPin(store->keys, NULL, "") != SECSuccess) {
		explain(why, "the new NSS database cannot be given its empty password");
		return false;
	}
	if (PK11_NeedLogin(store->keys) && !PK11_NeedUserInit(store->keys)) {
		store->password = read_password_file(dir);
		ok = PK11_Authenticate(store->keys, PR_TRUE, store) == SECSuccess;
		if (!ok)
			explain(why, store->password ? wrong_password : no_password);
		wipe_text(store->password);
		store->password = NULL;
	}
	return ok;
}

static const struct crypto functions = {
	.name = "nss",
	.random = nss_random,
	.prf = nss_prf,
	.stamp = nss_stamp,
	.hash = nss_digest,
	.seal = nss_seal,
	.open = nss_open,
	.ke_make = nss_ke_make,
	.ke_share = nss_ke_share,
	.ke_discard = nss_ke_discard,
	.sign = nss_sign,
	.verify = nss_verify,
	.key_kind = nss_key_kind,
	.key_ckaid = nss_key_ckaid,
};

struct keystore *keystore_open(const char *dir, bool writable, char why[256])
{
	struct keystore *store = calloc(1, sizeof(*store));

	if (!store) {
		snprintf(why, 256, "there was no memory");
		return NULL;
	}
	if (!initialize(dir, writable, why)) {
		free(store);
		return NULL;
	}
	store->crypto = functions;
	store->crypto.self = store;
	PK11_SetPasswordFunc(answer_password);
	store->work = PK11_GetInternalSlot();
	store->keys = PK11_GetInternalKeySlot();
	if (!store->work || !store->keys) {
		explain(why, "NSS has no token of its own");
		keystore_close(store);
		return NULL;
	}
	if (dir && !unlock(store, dir, writable, why)) {
		keystore_close(store);
		return NULL;
	}
	return store;
}

void keystore_close(struct keystore *store)
{
	if (!store)
		return;
	nss_stamps_forget(store);
	if (store->work)
		PK11_FreeSlot(store->work);
	if (store->keys)
		PK11_FreeSlot(store->keys);
	NSS_Shutdown();
	free(store);
}

const struct crypto *keystore_crypto(struct keystore *store)
{
	return &store->crypto;
}

/* The public half as SubjectPublicKeyInfo; false where it is of a kind or size that we do not use. */
static bool read_public(SECKEYPublicKey *public_key, struct public_key *out)
{
	SECItem *spki = public_key ? SECKEY_EncodeDERSubjectPublicKeyInfo(public_key) : NULL;
	const char *why;
	bool ok = spki && public_key_from_spki(out, nss_bytes(spki), &why);

	if (spki)
		SECITEM_FreeItem(spki, PR_TRUE);
	return ok;
}

/* What an operator sees of a key. On false, *out owns nothing. */
static bool describe(SECKEYPrivateKey *key, SECKEYPublicKey *public_key, struct keystore_key *out)
{
	struct keystore_key made = { .kind = nss_private_kind(key) };
	SECItem *id = PK11_GetLowLevelKeyIDForPrivateKey(key);
	char *nickname = PK11_GetPrivateKeyNickname(key);
	bool ok = made.kind != KEY_NONE && id && id->len == sizeof(made.ckaid) &&
		  read_public(public_key, &made.public_key);

	if (ok) {
		memcpy(made.ckaid, id->data, sizeof(made.ckaid));
		made.bits = SECKEY_PublicKeyStrengthInBits(public_key);
		snprintf(made.nickname, sizeof(made.nickname), "%s", nickname ? nickname : "");
		*out = made;
	}
	if (id)
		SECITEM_FreeItem(id, PR_TRUE);
	if (nickname)
		PORT_Free(nickname);
	return ok;
}

/* Asks NSS for a pair that stays in the database. */
static SECKEYPrivateKey *generate_pair(struct keystore *store, enum key_kind kind, unsigned bits,
				       SECKEYPublicKey **public_key)
{
	static const uint8_t p256_name[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	PK11RSAGenParams rsa = { (int)bits, 65537 };
	SECItem curve = nss_item(BYTES_OF_ARRAY(p256_name));
	const PK11AttrFlags flags = PK11_ATTR_TOKEN | PK11_ATTR_PRIVATE | PK11_ATTR_SENSITIVE;

	if (kind == KEY_RSA)
		return PK11_GenerateKeyPairWithFlags(store->keys, CKM_RSA_PKCS_KEY_PAIR_GEN, &rsa, public_key,
						     flags, NULL);
	return PK11_GenerateKeyPairWithFlags(store->keys, CKM_EC_KEY_PAIR_GEN, &curve, public_key, flags,
					     NULL);
}

bool keystore_generate(struct keystore *store, enum key_kind kind, unsigned bits, const char *nickname,
		       struct keystore_key *key, char why[256])
{
	SECKEYPublicKey *public_key = NULL;
	SECKEYPrivateKey *private_key;
	bool ok;

	if (kind != KEY_RSA && kind != KEY_ECDSA_P256) {
		snprintf(why, 256, "keys of this kind cannot be made");
		return false;
	}
	if (kind == KEY_RSA && (bits < 2048 || bits > 4096 || bits % 8)) {
		snprintf(why, 256, "an RSA key has 2048 to 4096 bits, a multiple of 8");
		return false;
	}
	if (PK11_IsReadOnly(store->keys) || store->keys == store->work) {
		snprintf(why, 256, "the NSS database is not open for writing");
		return false;
	}
	private_key = generate_pair(store, kind, bits, &public_key);
	ok = private_key && public_key;
	if (ok && nickname && *nickname)
		ok = PK11_SetPrivateKeyNickname(private_key, nickname) == SECSuccess;
	if (ok)
		ok = describe(private_key, public_key, key);
	if (ok) {
		SECKEY_DestroyPrivateKey(private_key);
		SECKEY_DestroyPublicKey(public_key);
		return true;
	}
	explain(why, "the key cannot be made");
	/* A key that the caller does not hear of may not stay behind. NSS adopts what it deletes. */
	if (private_key)
		PK11_DeleteTokenPrivateKey(private_key, PR_TRUE);
	if (public_key)
		PK11_DeleteTokenPublicKey(public_key);
	return false;
}

bool keystore_list(struct keystore *store, struct keystore_key **keys, size_t *count)
{
	SECKEYPrivateKeyList *list = PK11_ListPrivKeysInSlot(store->keys, NULL, NULL);
	struct keystore_key *made;
	size_t room = 0, used = 0;

	for (SECKEYPrivateKeyListNode *n = list ? PRIVKEY_LIST_HEAD(list) : NULL;
	     n && !PRIVKEY_LIST_END(n, list); n = PRIVKEY_LIST_NEXT(n))
		room++;
	made = calloc(room ? room : 1, sizeof(*made));
	for (SECKEYPrivateKeyListNode *n = list && made ? PRIVKEY_LIST_HEAD(list) : NULL;
	     n && !PRIVKEY_LIST_END(n, list); n = PRIVKEY_LIST_NEXT(n)) {
		SECKEYPublicKey *public_key = SECKEY_ConvertToPublicKey(n->key);

		/* A key of another kind (one that belongs to something else in the same database) is no key of ours. */
		if (describe(n->key, public_key, &made[used]))
			used++;
		if (public_key)
			SECKEY_DestroyPublicKey(public_key);
	}
	if (list)
		SECKEY_DestroyPrivateKeyList(list);
	if (!made)
		return false;
	*keys = made;
	*count = used;
	return true;
}

void keystore_keys_discard(struct keystore_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		public_key_discard(&keys[i].public_key);
	free(keys);
}
