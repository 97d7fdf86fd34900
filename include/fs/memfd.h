/* Files that are only memory: memfd_create(2), seals. */
#ifndef FS_MEMFD_H
#define FS_MEMFD_H

#include "base/compiler.h"
#include "base/types.h"

struct file;

enum {
	MFD_CLOEXEC = 1,
	MFD_ALLOW_SEALING = 2,
	MFD_HUGETLB = 4,
	MFD_NOEXEC_SEAL = 8,
	MFD_EXEC = 16,
	MFD_NAME_MAX = 249, /* "memfd:" and it are a file name */
};
#define MFD_HUGE_MASK (0x3fU << 26)

extern int sysctl_memfd_noexec; /* 0: executable; 1: not, unless asked for; 2: never */

/* Flags of memfd_create(2), completed as memfd_noexec says. 0, -EINVAL, -EACCES. */
int must_check memfd_flags_ok(unsigned *flags);
/* @flags checked by memfd_flags_ok. The file, open for both, in *out; its descriptor is the caller's affair. */
int must_check memfd_create(const char *name, unsigned flags, struct file **out);
/* A tmpfs file "/NAME (deleted)" without a limit, owned by the caller, of mode @mode (0777 and less), empty, sealed against
 * seals; open for reading and writing. 0 or -ENOMEM. */
int must_check shm_file_create(const char *name, uint32_t mode, struct file **out);

/* fcntl(2) F_ADD_SEALS, F_GET_SEALS. */
long file_add_seals(struct file *f, unsigned long seals);
long file_get_seals(const struct file *f);

#endif
