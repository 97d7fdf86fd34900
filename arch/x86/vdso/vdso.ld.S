/*
 * The image of the vDSO: one segment, readable and executable, position independent, without
 * relocations. The kernel maps its clock page right before it.
 */
SECTIONS {
	HIDDEN(vdso_vvar = . - 4096);
	. = SIZEOF_HEADERS;
	.hash : { *(.hash) } :text
	.gnu.hash : { *(.gnu.hash) }
	.dynsym : { *(.dynsym) }
	.dynstr : { *(.dynstr) }
	.gnu.version : { *(.gnu.version) }
	.gnu.version_d : { *(.gnu.version_d) }
	.dynamic : { *(.dynamic) } :text :dynamic
	.rodata : { *(.rodata .rodata.*) *(.got .got.plt) } :text
	.note : { *(.note.version) } :text :note
	.eh_frame_hdr : { *(.eh_frame_hdr) } :text :eh_frame_hdr
	.eh_frame : { KEEP(*(.eh_frame)) } :text
	. = ALIGN(16);
	.text : { *(.text .text.*) } :text = 0x90909090

	/DISCARD/ : {
		*(.data .data.* .bss .bss.*) *(.comment) *(.note.*) *(.gnu.version_r) *(.rel.* .rela.*)
	}
}

PHDRS {
	text PT_LOAD FLAGS(5) FILEHDR PHDRS;
	dynamic PT_DYNAMIC FLAGS(4);
	note PT_NOTE FLAGS(4);
	eh_frame_hdr PT_GNU_EH_FRAME;
}

VERSION {
#ifdef __x86_64__
	LINUX_2.6 {
	global:
		clock_gettime; __vdso_clock_gettime;
		clock_getres; __vdso_clock_getres;
		gettimeofday; __vdso_gettimeofday;
		time; __vdso_time;
		getcpu; __vdso_getcpu;
	local: *;
	};
#else
	LINUX_2.6 {
	global:
		__vdso_clock_gettime;
		__vdso_clock_getres;
		__vdso_gettimeofday;
		__vdso_time;
		__vdso_clock_gettime64;
	};
	LINUX_2.5 {
	global:
		__kernel_vsyscall;
		__kernel_sigreturn;
		__kernel_rt_sigreturn;
	local: *;
	};
#endif
}
