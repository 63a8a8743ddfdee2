/* SPDX-License-Identifier: BSD-2-Clause */
/* Words that the API and vsecm-sync agree on: groups, kinds, annotations. */
#ifndef VSECM_SYNC_NAMES_H
#define VSECM_SYNC_NAMES_H

#define NAMES_GROUP "vsecm.com"
#define NAMES_API NAMES_GROUP "/v1"

/* Of a VSecMSecret; for people and for what is known without reading it whole. */
#define NAMES_VERSION "vsecm.com/version"
#define NAMES_CREATED "vsecm.com/created"
#define NAMES_UPDATED "vsecm.com/updated"
#define NAMES_NOT_BEFORE "vsecm.com/not-before"
#define NAMES_EXPIRES "vsecm.com/expires"

/* Of a Kubernetes Secret that is ours: both must be there. */
#define NAMES_MANAGED_BY "app.kubernetes.io/managed-by"
#define NAMES_MANAGER "vsecm"
#define NAMES_OWNER "vsecm.com/owner"

/* Of an object, only its metadata is wanted. */
#define NAMES_METADATA "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

#define NAMES_KEY "root" /* the one VSecMKey there is */
#define NAMES_LEASE "vsecm-writer"

#endif
