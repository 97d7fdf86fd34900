/* struct user_desc of set_thread_area(2) and modify_ldt(2), both ABIs. */
#ifndef UAPI_LDT_H
#define UAPI_LDT_H

struct user_desc {
	unsigned int entry_number;
	unsigned int base_addr;
	unsigned int limit;
	unsigned int seg_32bit : 1;
	unsigned int contents : 2; /* 0 data, 1 stack (expand down), 2 code, 3 conforming code */
	unsigned int read_exec_only : 1;
	unsigned int limit_in_pages : 1;
	unsigned int seg_not_present : 1;
	unsigned int useable : 1;
	unsigned int lm : 1; /* x86_64 only: 64-bit code */
};

#endif
