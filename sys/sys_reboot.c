/*
 * reboot(2): modules are told, then the machine restarts, stops or is switched off. Nothing is written back: sync(2) does that.
 *
 * CONTEXT  a task.   FAILS  -EPERM, -EINVAL.   SOURCES  reboot(2).   TESTED BY  tests/guest/proc_calls.c, module_course (guest), every boot
 */
#include "sys/sys.h"

#include "module/notify.h"
#include "sync/klog.h"

enum {
	REBOOT_MAGIC1 = (int)0xfee1dead,
	REBOOT_MAGIC2 = 672274793,
	REBOOT_MAGIC2A = 85072278,
	REBOOT_MAGIC2B = 369367448,
	REBOOT_MAGIC2C = 537993216
};
#define REBOOT_RESTART	 0x01234567U
#define REBOOT_HALT	 0xcdef0123U
#define REBOOT_CAD_ON	 0x89abcdefU
#define REBOOT_CAD_OFF	 0x00000000U
#define REBOOT_POWER_OFF 0x4321fedcU
#define REBOOT_RESTART2	 0xa1b2c3d4U

SYS(reboot)
{
	int magic2 = (int)a1;

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if ((int)a0 != REBOOT_MAGIC1 || (magic2 != REBOOT_MAGIC2 && magic2 != REBOOT_MAGIC2A &&
					 magic2 != REBOOT_MAGIC2B && magic2 != REBOOT_MAGIC2C))
		return -EINVAL;
	switch ((uint32_t)a2) {
	case REBOOT_CAD_ON:
	case REBOOT_CAD_OFF:
		return 0;
	case REBOOT_RESTART:
	case REBOOT_RESTART2:
		module_notify_reboot(NOTICE_RESTART);
		pr_info("reboot: Restarting system");
		machine_restart();
	case REBOOT_HALT:
		module_notify_reboot(NOTICE_HALT);
		pr_info("reboot: System halted");
		machine_halt();
	case REBOOT_POWER_OFF:
		module_notify_reboot(NOTICE_POWER_OFF);
		pr_info("reboot: Power down");
		machine_power_off();
	default:
		return -EINVAL;
	}
}
