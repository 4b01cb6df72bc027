// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proof of a shared key: HMAC-SHA-256 over both nonces, the role and the
 * initiator's name. The role keeps a proof of one side from being played back
 * as the other's.
 */
#include <crypto/hash.h>
#include <linux/err.h>

#include "peer.h"

/**
 * kfr_auth_proof() - compute a proof
 * @key: shared key
 * @role: "initiator" or "target"
 * @peer: name of the initiator
 * @initiator_nonce: KFR_WIRE_NONCE bytes
 * @target_nonce: KFR_WIRE_NONCE bytes
 * @proof: where it goes
 *
 * Context: process.
 * Return: 0 or what the crypto layer says.
 */
int kfr_auth_proof(const u8 key[KFI_PMEM_KEY_SIZE], const char *role,
		   const char *peer, const u8 *initiator_nonce,
		   const u8 *target_nonce, u8 proof[KFR_WIRE_PROOF])
{
	char name[KFR_WIRE_NAME] = { };
	struct crypto_shash *tfm;
	int ret;

	strscpy(name, peer, sizeof(name));
	tfm = crypto_alloc_shash("hmac(sha256)", 0, 0);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	ret = crypto_shash_setkey(tfm, key, KFI_PMEM_KEY_SIZE);
	if (!ret) {
		SHASH_DESC_ON_STACK(desc, tfm);

		desc->tfm = tfm;
		ret = crypto_shash_init(desc) ?:
		      crypto_shash_update(desc, role, strlen(role) + 1) ?:
		      crypto_shash_update(desc, name, sizeof(name)) ?:
		      crypto_shash_update(desc, initiator_nonce,
					  KFR_WIRE_NONCE) ?:
		      crypto_shash_update(desc, target_nonce, KFR_WIRE_NONCE) ?:
		      crypto_shash_final(desc, proof);
		shash_desc_zero(desc);
	}
	crypto_free_shash(tfm);
	return ret;
}
