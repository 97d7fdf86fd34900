/* Entries are the same with 4 and 5 levels. */
#include "arch/x86/hw/x64/pt_entry.h"
