/* The inside of the face, for report.c only. */
#ifndef CYGNET_IKE_IKE_INSIDE_H
#define CYGNET_IKE_IKE_INSIDE_H

#include "sa/context.h"

const struct ike_context *ike_inside(const struct ike *ike);

#endif
