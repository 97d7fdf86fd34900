/* What uname(2) says, as modules see it. */
#ifndef MODULE_UTS_VIEW_H
#define MODULE_UTS_VIEW_H

struct uts_view { /* struct new_utsname */
	char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

/* As it is at the moment of the call; one for all. */
struct uts_view *module_utsname(void);

#endif
