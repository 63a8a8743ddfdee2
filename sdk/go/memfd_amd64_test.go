// SPDX-License-Identifier: BSD-2-Clause

package vsecm

const sysMemfdCreate = 319
