/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts that YAML reads as a time: 2001-12-14, 2001-12-14t21:59:43.10-05:00. */
#ifndef VSECM_TEMPLATE_YAML_TIME_H
#define VSECM_TEMPLATE_YAML_TIME_H

#include "base/span.h"

/* Non-zero when yaml.v3 takes TEXT for a time; it reads them by Go's time.Parse. */
int yaml_time(struct span text);

#endif
