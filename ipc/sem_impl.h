/* Semaphore sets and what undoes operations on them: sem.c and undo.c. */
#ifndef IPC_SEM_IMPL_H
#define IPC_SEM_IMPL_H

#include "ipc/sem.h"
#include "ipc_impl.h"
#include "sync/thread.h"

struct sem {
	int val; /* 0..SEMVMX */
	int pid; /* of the last operation */
};

/* What one process would take back of one set at its end. */
struct sem_undo {
	struct list_head list_link; /* u: the process's list */
	struct list_head set_link;  /* o: the set's list */
	int id;			    /* o to write: the set; -1: it is gone */
	unsigned nsems;
	int16_t adj[]; /* o */
};

/* All fields: o, the set's lock. */
struct sem_array {
	struct ipc_object obj;
	int64_t otime, ctime;
	struct list_head waiters; /* sem_call.link, first come first */
	struct list_head undos;	  /* sem_undo.set_link */
	unsigned nsems;		  /* i */
	struct sem sem[];
};

/* One semop on its way; it lies on its thread's stack. */
struct sem_call {
	struct list_head link; /* o */
	struct thread *thread;
	struct sembuf_k *ops;
	unsigned nr;
	unsigned blocking; /* o: the operation that has to wait */
	int pid;
	int result; /* o: 1: waits */
	bool alters;
	struct sem_undo *undo; /* NULL: nothing to undo */
};

void sem_update(struct sem_array *s); /* o held: values have changed */

/* ---- undo.c ---- */
/* The calling process's undo values of the set, made when there are none. 0, -ENOMEM, -EIDRM. Not to be used once the set
 * is found deleted. */
int must_check sem_undo_get(struct sem_array *s, struct sem_undo **out);
/* @nr values from @first on are forgotten / the set goes. o held. */
void sem_undo_clear(struct sem_array *s, unsigned first, unsigned nr);
void sem_undo_forget_set(struct sem_array *s);

#endif
