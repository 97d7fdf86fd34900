#!/bin/sh
# The kernel's symbol table for stack traces: nm -n output on standard input, assembler on standard output.
#
# Three objects in section .rodata_ksyms (linked behind all text, so no listed address moves), 32-bit words:
#   ksyms_nr        N
#   ksyms_addrs[N]  address of a text symbol - KERNEL_BASE, rising
#   ksyms_names[N]  offset of its name from &ksyms_names[0]; the names follow, each ended by NUL
# arch/x86/entry/ksyms_none.S has weak empty ones for the link that produces the input.
LC_ALL=C awk '
BEGIN { n = 0 }
$2 ~ /^[tTwW]$/ && $3 !~ /^[.$]/ && $3 !~ /^__(text|image)_/ && $1 != last {
	last = $1
	addr[n] = $1
	name[n++] = $3
}
END {
	print "\t.section .rodata_ksyms, \"a\""
	print "\t.balign 4\n\t.globl ksyms_nr, ksyms_addrs, ksyms_names"
	print "ksyms_nr:\n\t.long " n + 0
	print "ksyms_addrs:"
	for (i = 0; i < n; i++) {
		# Both kernel bases are multiples of 2^30: the low 30 bits are the offset.
		hex = substr(addr[i], length(addr[i]) - 7)
		print "\t.long 0x" hex " & 0x3fffffff"
	}
	print "ksyms_names:"
	pos = 4 * n
	for (i = 0; i < n; i++) {
		print "\t.long " pos
		pos += length(name[i]) + 1
	}
	for (i = 0; i < n; i++)
		print "\t.asciz \"" name[i] "\""
	print "\t.section .note.GNU-stack, \"\", @progbits"
}'
