/* clone(2): what a child shares with its parent, and what it gets anew. */
#ifndef UAPI_CLONE_H
#define UAPI_CLONE_H

#define CSIGNAL		     0x000000ffU
#define CLONE_VM	     0x00000100U
#define CLONE_FS	     0x00000200U
#define CLONE_FILES	     0x00000400U
#define CLONE_SIGHAND	     0x00000800U
#define CLONE_PIDFD	     0x00001000U
#define CLONE_PTRACE	     0x00002000U
#define CLONE_VFORK	     0x00004000U
#define CLONE_PARENT	     0x00008000U
#define CLONE_THREAD	     0x00010000U
#define CLONE_NEWNS	     0x00020000U
#define CLONE_SYSVSEM	     0x00040000U
#define CLONE_SETTLS	     0x00080000U
#define CLONE_PARENT_SETTID  0x00100000U
#define CLONE_CHILD_CLEARTID 0x00200000U
#define CLONE_DETACHED	     0x00400000U
#define CLONE_UNTRACED	     0x00800000U
#define CLONE_CHILD_SETTID   0x01000000U
#define CLONE_NEWUSER	     0x10000000U
#define CLONE_NAMESPACES                                                                           \
	0x7e020080U /* NEWNS NEWCGROUP NEWUTS NEWIPC NEWUSER NEWPID NEWNET, NEWTIME of clone3 */

#define CLONE_CLEAR_SIGHAND (1ULL << 32) /* clone3 only, and the next */
#define CLONE_INTO_CGROUP   (1ULL << 33)

#endif
