/* What Linux has here is in asm/io.h. */
#include <asm/io.h>
