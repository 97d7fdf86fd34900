/* What System V shared memory, semaphores and message queues have in common: sysvipc(7). Linux's names and numbers. */
#ifndef IPC_IPC_H
#define IPC_IPC_H

#include "base/compiler.h"
#include "base/types.h"

enum { IPC_PRIVATE = 0, IPC_CREAT = 01000, IPC_EXCL = 02000, IPC_NOWAIT = 04000 };
enum { IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO };

/* Owner and rights as the *ctl calls show them. */
struct ipc_perm_stat {
	int key;
	uint32_t uid, gid, cuid, cgid, mode;
	uint16_t seq;
};

/* What IPC_SET may change. */
struct ipc_set {
	uint32_t uid, gid, mode;
};

/* How a *ctl call names its object. */
enum ipc_which {
	IPC_BY_ID,
	IPC_BY_INDEX,	 /* SHM_STAT and the like: position in the table */
	IPC_BY_INDEX_ANY /* the same, no right to read needed */
};

void ipc_init(void); /* after fs_init */
/* The calling thread ends: undo its semaphore operations, let go of segments it made. */
struct task;
void ipc_exit(struct task *t);
/* clone(2) with CLONE_SYSVSEM: @child shares the undo list. 0, -ENOMEM. */
int must_check ipc_share_undo(struct task *child);
void ipc_put_undo(struct task *child); /* of the caller, or of one never published */

#endif
