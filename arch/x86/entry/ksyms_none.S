/* The empty symbol table of the first link; the generated one (tools/ksyms.sh) replaces it. */
	.section .rodata, "a"
	.balign 4
	.weak ksyms_nr, ksyms_addrs, ksyms_names
ksyms_nr:
ksyms_addrs:
ksyms_names:
	.long 0
	.section .note.GNU-stack, "", @progbits
