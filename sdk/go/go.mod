// SPDX-License-Identifier: BSD-2-Clause
module vsecm.internal/vsecm

go 1.19
