/* set_mempolicy(2), mbind(2), get_mempolicy(2): numbers of both ABIs. */
#ifndef UAPI_MEMPOLICY_H
#define UAPI_MEMPOLICY_H

enum {
	MPOL_DEFAULT,
	MPOL_PREFERRED,
	MPOL_BIND,
	MPOL_INTERLEAVE,
	MPOL_LOCAL,
	MPOL_PREFERRED_MANY,
	MPOL_MAX
};

/* Beside the mode. */
#define MPOL_F_STATIC_NODES   0x8000
#define MPOL_F_RELATIVE_NODES 0x4000
#define MPOL_F_NUMA_BALANCING 0x2000
#define MPOL_MODE_FLAGS	      (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES | MPOL_F_NUMA_BALANCING)

/* get_mempolicy */
#define MPOL_F_NODE	    1
#define MPOL_F_ADDR	    2
#define MPOL_F_MEMS_ALLOWED 4

/* mbind, move_pages */
#define MPOL_MF_STRICT	 1
#define MPOL_MF_MOVE	 2
#define MPOL_MF_MOVE_ALL 4

#endif
