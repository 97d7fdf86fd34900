/* The empty symbol table of the first link; the generated one (tools/ksyms.sh) replaces it. */
	.section .rodata, "a"
	.balign 4
	.weak ksyms_nr, ksyms_groups, ksyms_lengths, ksyms_names, ksyms_words, ksyms_word_at
ksyms_nr:
ksyms_groups:
ksyms_lengths:
ksyms_names:
ksyms_words:
ksyms_word_at:
	.long 0
	.section .note.GNU-stack, "", @progbits
