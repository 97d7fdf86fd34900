/* What the two forms of signal frame share. Private to arch/x86/hw. */
#ifndef HW_SIGFRAME_IMPL_H
#define HW_SIGFRAME_IMPL_H

#include "arch/processor.h"
#include "arch/regs.h"
#include "arch/sigframe.h"
#include "lib/string.h"

/* The frames of i386's programs, which x86_64 has beside its own. */
#ifdef __x86_64__
int must_check sigframe32_push(struct pt_regs *regs, const struct sigframe_req *req);
int must_check sigframe32_pop(struct pt_regs *regs, bool rt, struct sigframe_saved *out);
#else
#define sigframe32_push sigframe_push
#define sigframe32_pop	sigframe_pop
#endif

unsigned long sigframe32_max_bytes(void);

/* Flags a handler starts with. */
static inline unsigned long sigframe_handler_flags(unsigned long flags)
{
	return flags & ~(unsigned long)(FLAG_DF | FLAG_RF | FLAG_TF);
}

/*
 * Flags after sigreturn: the program's bits from the frame, the rest as they are; RF: leave by
 * iret.
 */
static inline unsigned long sigframe_return_flags(unsigned long now, unsigned long saved)
{
	return (now & ~(unsigned long)FLAGS_USER) | (saved & FLAGS_USER) | FLAG_RF;
}

/* The siginfo of @req into a frame. */
static inline void sigframe_info(unsigned char to[SIGINFO_SIZE], const struct sigframe_req *req)
{
	memcpy(to, req->info, SIGINFO_KEPT);
	memset(to + SIGINFO_KEPT, 0, SIGINFO_SIZE - SIGINFO_KEPT);
}

#endif
