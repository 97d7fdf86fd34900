/* Rings whose size is a power of two: what is in them, what has room. */
#ifndef _LINUX_CIRC_BUF_H
#define _LINUX_CIRC_BUF_H

struct circ_buf {
	char *buf;
	int head, tail;
};

#define CIRC_CNT(head, tail, size)   (((head) - (tail)) & ((size)-1))
#define CIRC_SPACE(head, tail, size) CIRC_CNT(tail, (head) + 1, size)
/* The same up to where the memory ends. */
#define CIRC_CNT_TO_END(head, tail, size)                                                          \
	({                                                                                         \
		int circ_end_ = (size) - (tail), circ_n_ = CIRC_CNT(head, tail, size);             \
		circ_n_ < circ_end_ ? circ_n_ : circ_end_;                                         \
	})
#define CIRC_SPACE_TO_END(head, tail, size)                                                        \
	({                                                                                         \
		int circ_end_ = (size) - (head), circ_n_ = CIRC_SPACE(head, tail, size);           \
		circ_n_ < circ_end_ ? circ_n_ : circ_end_;                                         \
	})

#endif
