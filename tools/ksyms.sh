#!/bin/sh
# The kernel's symbol table for stack traces: nm -n output on standard input, assembler on standard output.
#
# All in section .rodata_ksyms (linked behind all text, so no listed address moves). A name is words with "_" between them, a word
# a number: most are in many names, so that a table of names takes two fifths of what the names would.
#   ksyms_nr          N, 32 bits
#   ksyms_groups[]    for every 64th symbol: its address - KERNEL_BASE, its places in the next two, 32 bits each
#   ksyms_lengths     for each symbol, by rising address, how far the next one is (ULEB128; 0: the last one)
#   ksyms_names       for each its words, and 0. Words 0 to 222, the most frequent, are a byte, one more than the number; of others,
#                     less 223, the higher half is 224 and more, the lower half follows.
#   ksyms_words       the words, each ended by NUL
#   ksyms_word_at[]   place of every 16th of them there, 16 bits
# arch/x86/entry/ksyms_none.S has weak empty ones for the link that produces the input; arch/x86/hw/symbols.c reads them.
LC_ALL=C awk '
BEGIN { n = words = numbered = 0 }
$2 ~ /^[tTwW]$/ && $3 !~ /^[.$]/ && $3 !~ /^(__(text|image)|ksyms)_/ && $1 != last {
	last = $1
	# Both kernel bases are multiples of 2^30: the low 30 bits are the offset.
	addr[n] = "(0x" substr($1, length($1) - 7) " & 0x3fffffff)"
	name[n++] = $3
	for (i = split($3, part, "_"); i > 0; i--) {
		if (!(part[i] in uses))
			word[words++] = part[i]
		if (++uses[part[i]] > most)
			most = uses[part[i]]
	}
}
# Numbers by falling use, then by first use.
function number_words(  i, k, nr, list, of) {
	for (i = 0; i < words; i++)
		of[uses[word[i]]] = of[uses[word[i]]] " " i
	for (; most > 0; most--) {
		nr = split(of[most], list, " ")
		for (k = 1; k <= nr; k++) {
			by_number[numbered] = word[list[k]]
			number[word[list[k]]] = numbered++
		}
	}
}
function codes(name,  i, k, of, out, part) {
	of = split(name, part, "_")
	for (i = 1; i <= of; i++) {
		k = number[part[i]]
		out = out (k < 223 ? k + 1 : 224 + int((k - 223) / 256) "," (k - 223) % 256) ","
	}
	return out "0"
}
END {
	number_words()
	if (words > 223 + 32 * 256) {
		print "ksyms.sh: too many words" > "/dev/stderr"
		exit 1
	}
	print "\t.section .rodata_ksyms, \"a\""
	print "\t.globl ksyms_nr, ksyms_groups, ksyms_lengths, ksyms_names, ksyms_words, ksyms_word_at"
	print "\t.balign 4\nksyms_nr:\n\t.long " n + 0
	print "ksyms_groups:"
	for (i = 0; i < n; i += 64)
		print "\t.long " addr[i] ", .Llength" i " - ksyms_lengths, .Lname" i " - ksyms_names"
	print "ksyms_word_at:"
	for (i = 0; i < words; i += 16)
		print "\t.short .Lword" i " - ksyms_words"
	print "ksyms_lengths:"
	for (i = 0; i < n; i++) {
		if (i % 64 == 0)
			print ".Llength" i ":"
		print "\t.uleb128 " (i + 1 < n ? addr[i + 1] " - " addr[i] : 0)
	}
	print "ksyms_names:"
	for (i = 0; i < n; i++) {
		if (i % 64 == 0)
			print ".Lname" i ":"
		print "\t.byte " codes(name[i])
	}
	print "ksyms_words:"
	for (i = 0; i < words; i++) {
		if (i % 16 == 0)
			print ".Lword" i ":"
		print "\t.asciz \"" by_number[i] "\""
	}
	print "\t.section .note.GNU-stack, \"\", @progbits"
}'
