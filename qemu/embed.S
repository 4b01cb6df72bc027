/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that the program carries, so that it is one file itself. */
	.section .rodata

	.macro embed name, file
	.global embed_\name, embed_\name\()_end
embed_\name:
	.incbin "\file"
embed_\name\()_end:
	.endm

	embed agent, "kfirig-agent"
	embed init, "init.sh"
	embed mkimage, "mkimage.sh"

	.section .note.GNU-stack, "", @progbits
