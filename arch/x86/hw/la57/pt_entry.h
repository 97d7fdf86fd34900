/* 5-level paging has the entries of 4-level paging. */
#include "arch/x86/hw/x64/pt_entry.h"
