// SPDX-License-Identifier: BSD-3-Clause
/*
 * Errors of the persistent spaces. A collective call fails at all PEs or at
 * none: they tell each other, and each has the words of the first that failed.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "pspace.h"

#define LETTER 512UL

static _Thread_local char text[SHI_TEXT];
static char *letters;		/* symmetric: one for each PE, and the own one */

int shi_fail(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return -error;
}

/* What is wrong with a part, as in "is missing" */
int shi_damaged(const char *space, int pe, const char *format, ...)
{
	char what[SHI_TEXT / 2];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return shi_fail(EUCLEAN, "space %s: part %d %s: restore it, or remove the space with "
			"shmemx_pspace_unlink()", space, pe, what);
}

SHI_FN(const char *, shmemx_pspace_error, (void))
{
	return text;
}

/* Collective. In the heap, since what goes to other PEs has to be symmetric. */
bool shi_gather_ready(void)
{
	if (!letters)
		letters = pshmem_malloc((shi.npes + 1) * LETTER);
	return letters;
}

/* With the heap that they are in, which begins anew if the library does. */
void shi_gather_end(void)
{
	if (letters)
		pshmem_free(letters);
	letters = NULL;
}

void shi_gather(const void *mine, void *all, size_t len)
{
	char *own = letters + shi.npes * LETTER;
	int pe;

	if (len > LETTER)
		shi_die("a letter of %zu bytes is too long", len);
	memcpy(own, mine, len);
	pshmem_fcollectmem(SHMEM_TEAM_WORLD, letters, own, LETTER);
	/* The next one puts nothing before all have come to it, and so have read this. */
	for (pe = 0; pe < shi.npes; pe++)
		memcpy((char *)all + pe * len, letters + pe * LETTER, len);
}

/* What failed somewhere failed everywhere; also: everybody has come here. */
int shi_agree(int rc)
{
	struct { int rc; char text[SHI_TEXT]; } mine = { .rc = rc }, *all;
	int pe, first = 0;

	if (rc)
		memcpy(mine.text, text, sizeof(text));
	all = calloc(shi.npes, sizeof(*all));
	if (!all)
		shi_die("no memory");
	shi_gather(&mine, all, sizeof(mine));
	for (pe = shi.npes - 1; pe >= 0; pe--)
		if (all[pe].rc) {
			first = all[pe].rc;
			memcpy(text, all[pe].text, sizeof(text));
		}
	free(all);
	return first;
}
