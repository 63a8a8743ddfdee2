/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which protections this build leaves out. Under a sanitizer (BUILD_SANITIZED): the system call
 * filter, locking and wiping of the heap, which it replaces itself. There and in a build whose
 * memory is scanned for secrets, -DVSECM_SCAN_BUILD (BUILD_DUMPABLE): being undumpable.
 */
#ifndef VSECM_BASE_BUILD_H
#define VSECM_BASE_BUILD_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BUILD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define BUILD_SANITIZED 1
#endif
#endif
#ifndef BUILD_SANITIZED
#define BUILD_SANITIZED 0
#endif

#if BUILD_SANITIZED
#define BUILD_DUMPABLE 1
#define BUILD_LEFT_OUT "off in a sanitizer build"
#elif defined(VSECM_SCAN_BUILD)
#define BUILD_DUMPABLE 1
#define BUILD_LEFT_OUT "off in a build for memory scans"
#else
#define BUILD_DUMPABLE 0
#define BUILD_LEFT_OUT "off"
#endif

#endif
