/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From QEMU's PVH entry, 32 bits without paging, to long mode with the first
 * 512 GiB mapped as they are, in pages of 1 GiB.
 */
	.section .note, "a", @note
	.align 4
	.long 4, 4, 18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long start

	.section .text.start, "ax"
	.code32
	.globl start
start:
	cli
	cld
	movl $level4, %edi
	leal 0x1000 + 3(%edi), %eax
	movl %eax, (%edi)
	movl $level3, %edi
	movl $0x83, %eax
	xorl %edx, %edx
	movl $512, %ecx
1:	movl %eax, (%edi)
	movl %edx, 4(%edi)
	addl $0x40000000, %eax
	adcl $0, %edx
	addl $8, %edi
	loop 1b

	movl %cr4, %eax
	orl $0x620, %eax	/* PAE, SSE and its exceptions */
	movl %eax, %cr4
	movl $level4, %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx	/* EFER.LME */
	rdmsr
	orl $0x100, %eax
	wrmsr
	movl %cr0, %eax
	andl $~4, %eax
	orl $0x80000003, %eax	/* paging, protection; the FPU is there */
	movl %eax, %cr0
	lgdt descriptor
	ljmp $8, $long_mode

	.code64
long_mode:
	movw $16, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	leaq stack_end(%rip), %rsp
	call guest_main
1:	hlt
	jmp 1b

	.data
	.align 8
table:	.quad 0, 0x00af9a000000ffff, 0x00cf92000000ffff
descriptor:
	.word descriptor - table - 1
	.long table

	.bss
	.align 4096
level4:	.skip 4096
level3:	.skip 4096
	.skip 16384
stack_end:
	.section .note.GNU-stack, "", @progbits
