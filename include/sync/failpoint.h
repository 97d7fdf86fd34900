/* Named failures: every allocation site asks whether it should pretend to fail. Constant false unless CFG_DEBUG. */
#ifndef SYNC_FAILPOINT_H
#define SYNC_FAILPOINT_H

#include "base/config.h"
#include "base/types.h"

bool failpoint_hit(const char *name);

static inline bool failpoint(const char *name)
{
	return CFG_DEBUG && failpoint_hit(name);
}

/* Fail the @nth site reached from now on (1 = the next), once; 0 disarms. Sites reached are counted. */
void failpoint_arm(unsigned nth);
unsigned failpoint_count(void);	  /* sites reached since failpoint_arm */
bool failpoint_fired(void);	  /* did the armed failure happen? */
const char *failpoint_name(void); /* which site it was; "": none since failpoint_arm */

/* failpoint_arm(@nth) from the command line (failpoint=): the log tells which site fails. */
void failpoint_boot(unsigned nth);

#endif
