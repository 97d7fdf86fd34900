/* Sleep of the machine: functions that drivers give. This machine does not sleep; none is called. */
#ifndef _LINUX_PM_H
#define _LINUX_PM_H

struct device;
struct dev_pm_ops {
	int (*prepare)(struct device *dev);
	void (*complete)(struct device *dev);
	int (*suspend)(struct device *dev), (*resume)(struct device *dev);
	int (*freeze)(struct device *dev), (*thaw)(struct device *dev);
	int (*poweroff)(struct device *dev), (*restore)(struct device *dev);
	int (*suspend_late)(struct device *dev), (*resume_early)(struct device *dev);
	int (*suspend_noirq)(struct device *dev), (*resume_noirq)(struct device *dev);
	int (*runtime_suspend)(struct device *dev), (*runtime_resume)(struct device *dev);
	int (*runtime_idle)(struct device *dev);
};
typedef struct pm_message {
	int event;
} pm_message_t;

#define SET_SYSTEM_SLEEP_PM_OPS(s, r)                                                              \
	.suspend = s, .resume = r, .freeze = s, .thaw = r, .poweroff = s, .restore = r,
#define SET_RUNTIME_PM_OPS(s, r, i) .runtime_suspend = s, .runtime_resume = r, .runtime_idle = i,
#define SYSTEM_SLEEP_PM_OPS	    SET_SYSTEM_SLEEP_PM_OPS
#define RUNTIME_PM_OPS		    SET_RUNTIME_PM_OPS
#define SIMPLE_DEV_PM_OPS(name, s, r)                                                              \
	const struct dev_pm_ops name = { SET_SYSTEM_SLEEP_PM_OPS(s, r) }
#define DEFINE_SIMPLE_DEV_PM_OPS(name, s, r) SIMPLE_DEV_PM_OPS(name, s, r)
#define UNIVERSAL_DEV_PM_OPS(name, s, r, i)                                                        \
	const struct dev_pm_ops name = { SET_SYSTEM_SLEEP_PM_OPS(s, r) SET_RUNTIME_PM_OPS(s, r, i) }
#define pm_ptr(p)	(p)
#define pm_sleep_ptr(p) (p)

#endif
