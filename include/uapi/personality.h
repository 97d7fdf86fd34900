/* personality(2): the flags beside the execution domain, numbers of the Linux ABI. */
#ifndef UAPI_PERSONALITY_H
#define UAPI_PERSONALITY_H

#define PER_MASK	   0x000000ffUL
#define PER_LINUX32	   0x00000008UL
#define ADDR_NO_RANDOMIZE  0x00040000UL
#define MMAP_PAGE_ZERO	   0x00100000UL
#define ADDR_COMPAT_LAYOUT 0x00200000UL
#define READ_IMPLIES_EXEC  0x00400000UL
#define STICKY_TIMEOUTS	   0x04000000UL
/* What a set-user-ID program does not inherit. */
#define PER_CLEAR_ON_SETID                                                                         \
	(READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT | MMAP_PAGE_ZERO)

#endif
