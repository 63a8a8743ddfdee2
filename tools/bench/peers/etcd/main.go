// SPDX-License-Identifier: BSD-2-Clause

// etcd, for which there is no main package that could be asked for by version.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
