// SPDX-License-Identifier: BSD-2-Clause
module reader

go 1.19

require vsecm.internal/vsecm v0.0.0

replace vsecm.internal/vsecm => ../../../sdk/go
