/* lwIP's words for our compiler and our kernel (lwIP includes this by that name). */
#ifndef ARCH_CC_H
#define ARCH_CC_H

#include "base/types.h"

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_LIMITS_H   1
#define LWIP_NO_UNISTD_H   1
#define LWIP_NO_CTYPE_H	   1
#define X8_F		   "02x"
#define U16_F		   "u"
#define S16_F		   "d"
#define X16_F		   "x"
#define U32_F		   "u"
#define S32_F		   "d"
#define X32_F		   "x"
#define SZT_F		   "zu"
#define LWIP_ERR_T	   int

uint32_t inet_random(void);
_Noreturn void inet_broken(const char *what);
#define LWIP_RAND()		  inet_random()
#define LWIP_PLATFORM_DIAG(x)	  ((void)0)
#define LWIP_PLATFORM_ASSERT(msg) inet_broken(msg)

#endif
