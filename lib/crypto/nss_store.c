/* Opening NSS and its database, making and listing keys (keystore.h). */
#include <prerror.h>
#include <secmod.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nss_inside.h"

static void explain(char why[256], const char *what)
{
	const char *name = PR_ErrorToName(PR_GetError());

	snprintf(why, 256, "%s: %s", what, name ? name : "unknown NSS error");
}

/* A new database has an empty password, as the tools of the field expect. */
static bool set_empty_password(void)
{
	PK11SlotInfo *slot = PK11_GetInternalKeySlot();
	bool ok = slot && (!PK11_NeedUserInit(slot) || PK11_InitPin(slot, NULL, "") == SECSuccess);

	if (slot)
		PK11_FreeSlot(slot);
	return ok;
}

static bool log_in(void)
{
	PK11SlotInfo *slot = PK11_GetInternalKeySlot();
	bool ok = slot && (!PK11_NeedLogin(slot) || PK11_Authenticate(slot, PR_TRUE, NULL) == SECSuccess);

	if (slot)
		PK11_FreeSlot(slot);
	return ok;
}

struct keystore *keystore_open(const char *dir, bool writable, char why[256])
{
	struct keystore *store = calloc(1, sizeof(*store));
	char name[512];

	if (!store)
		return NULL;
	snprintf(name, sizeof(name), "sql:%s", dir ? dir : "");
	store->context = NSS_InitContext(dir ? name : "", "", "", SECMOD_DB, NULL,
					 dir ? (writable ? 0 : NSS_INIT_READONLY) | NSS_INIT_COOPERATE
					     : NSS_INIT_READONLY | NSS_INIT_NOCERTDB | NSS_INIT_NOMODDB |
							 NSS_INIT_FORCEOPEN | NSS_INIT_NOROOTINIT |
							 NSS_INIT_COOPERATE);
	if (!store->context) {
		explain(why, dir ? dir : "NSS");
		free(store);
		return NULL;
	}
	store->database = dir != NULL;
	if (dir && ((writable && !set_empty_password()) || !log_in())) {
		explain(why, dir);
		keystore_close(store);
		return NULL;
	}
	store->crypto = (struct crypto){
		.name = "nss",
		.self = store,
		.random = nss_random,
		.prf = nss_prf,
		.hash = nss_hash,
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
	return store;
}

void keystore_close(struct keystore *store)
{
	if (!store)
		return;
	NSS_ShutdownContext(store->context);
	free(store);
}

const struct crypto *keystore_crypto(struct keystore *store)
{
	return &store->crypto;
}

/* Fills what is shown of a key; false when it is of a kind that we do not use. */
static bool describe(SECKEYPrivateKey *private_key, struct keystore_key *key)
{
	SECKEYPublicKey *public_key = SECKEY_ConvertToPublicKey(private_key);
	SECItem *der = public_key ? SECKEY_EncodeDERSubjectPublicKeyInfo(public_key) : NULL;
	char *nickname = PK11_GetPrivateKeyNickname(private_key);
	const char *why;
	bool ok;

	memset(key, 0, sizeof(*key));
	ok = der && public_key_from_spki(&key->public_key, bytes_of(der->data, der->len), &why) &&
	     nss_key_ckaid(NULL, &key->public_key, key->ckaid);
	if (ok) {
		key->kind = key->public_key.kind;
		key->bits = SECKEY_PublicKeyStrengthInBits(public_key);
		snprintf(key->nickname, sizeof(key->nickname), "%s", nickname ? nickname : "");
	} else {
		public_key_discard(&key->public_key);
	}
	if (nickname)
		PORT_Free(nickname);
	if (der)
		SECITEM_FreeItem(der, PR_TRUE);
	if (public_key)
		SECKEY_DestroyPublicKey(public_key);
	return ok;
}

bool keystore_generate(struct keystore *store, enum key_kind kind, unsigned bits, const char *nickname,
		       struct keystore_key *key, char why[256])
{
	static uint8_t p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	PK11RSAGenParams rsa = { (int)bits, 65537 };
	SECItem curve = { siBuffer, p256, sizeof(p256) };
	PK11SlotInfo *slot = PK11_GetInternalKeySlot();
	SECKEYPublicKey *public_key = NULL;
	SECKEYPrivateKey *made = NULL;
	bool ok;

	if (kind == KEY_RSA && (bits < 2048 || bits > 4096)) {
		snprintf(why, 256, "an RSA key has 2048 to 4096 bits, not %u", bits);
		if (slot)
			PK11_FreeSlot(slot);
		return false;
	}
	if (slot && store->database) {
		made = PK11_GenerateKeyPair(
			slot, kind == KEY_RSA ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN,
			kind == KEY_RSA ? (void *)&rsa : (void *)&curve, &public_key, PR_TRUE, PR_TRUE, NULL);
		PK11_FreeSlot(slot);
	}
	if (!made) {
		explain(why, "the key could not be made");
		return false;
	}
	if (nickname && nickname[0])
		PK11_SetPrivateKeyNickname(made, nickname);
	ok = describe(made, key);
	if (!ok)
		explain(why, "the new key could not be read");
	SECKEY_DestroyPrivateKey(made);
	if (public_key)
		SECKEY_DestroyPublicKey(public_key);
	return ok;
}

bool keystore_list(struct keystore *store, struct keystore_key **keys, size_t *count)
{
	PK11SlotInfo *slot = PK11_GetInternalKeySlot();
	SECKEYPrivateKeyList *list = slot ? PK11_ListPrivKeysInSlot(slot, NULL, NULL) : NULL;
	SECKEYPrivateKeyListNode *node;
	size_t room = 0;

	*keys = NULL;
	*count = 0;
	if (slot)
		PK11_FreeSlot(slot);
	if (!list)
		return true; /* a database without keys has no list */
	for (node = PRIVKEY_LIST_HEAD(list); !PRIVKEY_LIST_END(node, list); node = PRIVKEY_LIST_NEXT(node))
		room++;
	*keys = calloc(room + 1, sizeof(**keys));
	for (node = PRIVKEY_LIST_HEAD(list); *keys && !PRIVKEY_LIST_END(node, list);
	     node = PRIVKEY_LIST_NEXT(node))
		*count += describe(node->key, &(*keys)[*count]);
	SECKEY_DestroyPrivateKeyList(list);
	return *keys != NULL;
}

void keystore_keys_discard(struct keystore_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		public_key_discard(&keys[i].public_key);
	free(keys);
}
