/* Tables of what a driver is for. */
#ifndef _LINUX_MOD_DEVICETABLE_H
#define _LINUX_MOD_DEVICETABLE_H

#include <linux/sysfs.h>

#define of_id_view	     of_device_id
#define platform_id_view     platform_device_id
#define platform_device_view platform_device
#define platform_driver_view platform_driver
#define resource_view	     resource
#define PLATFORM_NAME_SIZE   24

#include "module/bus_view.h"

/* No firmware describes devices here. */
#define of_match_ptr(table)	    NULL
#define of_match_device(table, dev) NULL
#define ACPI_PTR(table)		    NULL

#endif
