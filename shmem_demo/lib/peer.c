// SPDX-License-Identifier: BSD-3-Clause
/* Addresses at other PEs. */
#include "transport.h"

bool shi_symmetric(const void *addr)
{
	uintptr_t a = (uintptr_t)addr;
	void *at;

	return a - shi.heap_lo < shi.heap_size || a - shi.data_lo < shi.data_size ||
		(shi.spaces && shi_space_peer(addr, shi.me, 0, &at));
}

static bool all_symmetric(const void *addr, size_t len)
{
	uintptr_t heap = (uintptr_t)addr - shi.heap_lo, data = (uintptr_t)addr - shi.data_lo;

	return (heap < shi.heap_size && len <= shi.heap_size - heap) ||
		(data < shi.data_size && len <= shi.data_size - data);
}

/* What is not symmetric memory of a near PE; NULL: it is of a far one. */
void *shi_peer_slow(const void *addr, int pe, size_t len)
{
	void *at;

	shi_need_init("a routine");
	if (pe < 0 || pe >= shi.npes)
		shi_die("there is no PE %d, only 0 to %d", pe, shi.npes - 1);
	if (shi.spaces && shi_space_peer(addr, pe, len, &at))
		return at;
	if (!shi.heap_of[pe] && all_symmetric(addr, len))
		return NULL;
	if (shi_symmetric(addr))
		shi_die("%zu bytes at address %p, of PE %d, go beyond symmetric memory",
			len, addr, pe);
	/* Constants are the same in every PE. */
	if (!len || shi_in_image(addr))
		return (void *)addr;
	shi_die("address %p, for %zu bytes at PE %d, is not symmetric", addr, len, pe);
}

SHI_FN(int, shmem_pe_accessible, (int pe))
{
	return pe >= 0 && pe < shi.npes;
}

SHI_FN(int, shmem_addr_accessible, (const void *addr, int pe))
{
	return pe >= 0 && pe < shi.npes && shi_symmetric(addr);
}

SHI_FN(void *, shmem_ptr, (const void *dest, int pe))
{
	if (pe < 0 || pe >= shi.npes || !shi_symmetric(dest))
		return NULL;
	return shi_peer(dest, pe, 1);
}

SHI_FN(void *, shmem_team_ptr, (shmem_team_t handle, const void *dest, int pe))
{
	struct shi_team *team = shi_team(handle);

	if (!team || pe < 0 || pe >= team->set.size || !shi_symmetric(dest))
		return NULL;
	return shi_peer(dest, shi_set_pe(&team->set, pe), 1);
}
