/* Advisory file locks: fcntl(2) record locks, by process and by open file description (OFD), and flock(2). */
#ifndef FS_LOCK_H
#define FS_LOCK_H

#include "base/compiler.h"
#include "base/types.h"

struct file;
struct inode;
struct files_struct;

enum lock_type { LOCK_READ, LOCK_WRITE, LOCK_NONE }; /* F_RDLCK, F_WRLCK, F_UNLCK */
enum lock_kind { LOCK_POSIX, LOCK_OFD, LOCK_FLOCK };

struct lock_range {
	enum lock_type type;
	uint64_t start, end; /* inclusive; INT64_MAX: to the end of every file */
	int pid;	     /* result of lock_test: the holder, -1 for an open file's */
};

/* Set or clear a record lock of the caller (LOCK_POSIX) or of @f (LOCK_OFD). 0, -EAGAIN, -EDEADLK, -ENOLCK, -ERESTARTSYS. */
int must_check lock_set(struct file *f, enum lock_kind kind, const struct lock_range *r, bool wait);
/* The first lock that would stop @r, in *r; LOCK_NONE: there is none. */
void lock_test(struct file *f, enum lock_kind kind, struct lock_range *r);
int must_check lock_flock(struct file *f, enum lock_type type,
			  bool wait); /* 0, -EAGAIN, -ENOLCK, -ERESTARTSYS */
/* A descriptor of @files is closed: the process's record locks on the file go. */
void lock_close(struct file *f, const struct files_struct *files);
void lock_file_gone(struct file *f); /* the open file ends: its OFD and flock locks go */
void lock_inode_gone(struct inode *inode);
void lock_init(void);

#endif
