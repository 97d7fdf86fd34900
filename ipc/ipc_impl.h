/* Identifiers and rights, shared by shm.c, sem.c and msg.c. */
#ifndef IPC_IPC_IMPL_H
#define IPC_IPC_IMPL_H

#include "ipc/ipc.h"

#include "base/atomic.h"
#include "lib/rbtree.h"
#include "lib/xindex.h"
#include "sync/mutex.h"
#include "sync/spinlock.h"

enum { IPC_MAX_IDS = 32768, IPC_SEQ_SHIFT = 15, IPC_SEQ_MAX = 65535, IPC_MIN_CYCLE = 64 };

/* The first member of a segment, a set, a queue. Letters: o = lock, t = the table's lock, i = set before it is entered. */
struct ipc_object {
	atomic_t refs; /* a: the table, and whoever works on it */
	struct spinlock lock;
	bool deleted;			     /* o */
	int id;				     /* i */
	uint16_t seq;			     /* i */
	int key;			     /* t; IPC_PRIVATE: found by nobody */
	uint32_t uid, gid, cuid, cgid, mode; /* o; cuid, cgid i */
	struct rb_node key_node;	     /* t: while key is not IPC_PRIVATE */
};

struct ipc_ids {
	struct mutex create_lock; /* one creation at a time: a key has one object */
	struct spinlock lock;	  /* rank OBJECT: the table */
	struct xindex index;	  /* t */
	struct rb_root keys;	  /* t */
	unsigned in_use;	  /* t */
	int next, last;		  /* t: index to try first, index given last */
	unsigned seq;		  /* t */
	int max_ids;		  /* sysctl */
	int next_id;		  /* sysctl: the identifier wanted for the next object; -1: any */
	void (*free)(struct ipc_object *o);
};

/* What the *get calls differ in. */
struct ipc_get {
	int key, flags;
	/* A new object, refs 1, not entered. 0 or -errno. create_lock held. */
	int (*create)(struct ipc_get *g, struct ipc_object **out);
	/* Does the object that is there do? 0 or -EINVAL. Its lock held. */
	int (*check)(struct ipc_get *g, const struct ipc_object *o);
	/* It has its identifier; nobody has found it yet. NULL: nothing to do. */
	void (*named)(struct ipc_object *o);
	size_t size; /* bytes, semaphores */
};

void ipc_ids_init(struct ipc_ids *ids, int max_ids, void (*free_fn)(struct ipc_object *o));
/* Owner and mode from the caller and @flags; refs 1. */
void ipc_object_init(struct ipc_object *o, int key, int flags);
int must_check ipc_get(struct ipc_ids *ids, struct ipc_get *g); /* identifier or -errno */
/* Referenced, or NULL. @which: @id is an identifier or an index. */
struct ipc_object *must_check ipc_find(struct ipc_ids *ids, int id, enum ipc_which which);
/* The first with an index >= *index, referenced; sets *index. NULL: none. */
struct ipc_object *must_check ipc_next(struct ipc_ids *ids, int *index);
void ipc_put(struct ipc_ids *ids, struct ipc_object *o);
/* Nobody finds it by its key any more / at all. The latter drops the table's reference. */
void ipc_forget_key(struct ipc_ids *ids, struct ipc_object *o);
void ipc_remove(struct ipc_ids *ids, struct ipc_object *o);
int ipc_highest_index(struct ipc_ids *ids); /* 0 when there is none */
unsigned ipc_count(struct ipc_ids *ids);

/* ---- rights: o->lock held ---- */
int must_check ipc_permission(const struct ipc_object *o,
			      int flags);		 /* bits of any class. 0, -EACCES */
int must_check ipc_owner_ok(const struct ipc_object *o); /* IPC_SET, IPC_RMID. 0, -EPERM */
void ipc_perm_stat(const struct ipc_object *o, struct ipc_perm_stat *out);
void ipc_perm_set(struct ipc_object *o, const struct ipc_set *set);

/* The object of a call that works on it, found and locked: 0; -EINVAL: no such; -EIDRM: it is going. */
int must_check ipc_lock(struct ipc_ids *ids, int id, struct ipc_object **out) no_lock_analysis;
void ipc_unlock_put(struct ipc_ids *ids, struct ipc_object *o) no_lock_analysis;
/* The same for the STAT commands: also checks the right to read. Return: what the command returns, or -errno. */
int must_check ipc_lock_stat(struct ipc_ids *ids, int id, enum ipc_which which,
			     struct ipc_object **out) no_lock_analysis;
/* Lock for IPC_SET and IPC_RMID. */
int must_check ipc_lock_owned(struct ipc_ids *ids, int id,
			      struct ipc_object **out) no_lock_analysis;

int64_t ipc_seconds(void);		 /* time of day, for the times of objects */
void *must_check ipc_alloc(size_t size); /* zeroed, any size; NULL: no memory */
void ipc_free(void *p, size_t size);

extern struct ipc_ids shm_ids, sem_ids, msg_ids;
extern struct shm_limits shm_limits;
extern struct sem_limits sem_limits;
extern struct msg_limits msg_limits;
extern int shm_rmid_forced;
void shm_init(void);
void sem_init(void);
void msg_init(void);
void ipc_proc_init(void);
void shm_exit(struct task *t);
void sem_exit(struct task *t);
void shm_destroy_orphans(void);
struct seq_file;
void shm_show_one(struct seq_file *m, struct ipc_object *o);
void sem_show_one(struct seq_file *m, struct ipc_object *o);
void msg_show_one(struct seq_file *m, struct ipc_object *o);

#endif
