/* What Linux has here is in asm/special_insns.h. */
#include <asm/special_insns.h>
