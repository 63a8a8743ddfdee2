# SPDX-License-Identifier: BSD-2-Clause
#
# OpenBao with its storage in memory, and no audit device: over a Unix socket in plain, and by TLS 1.3
# on loopback. It has no plugins but those built in.
storage "inmem" {}
listener "unix" {
  address = "@SOCKET@"
}
listener "tcp" {
  address         = "127.0.0.1:@PORT@"
  tls_cert_file   = "@DIR@/server.pem"
  tls_key_file    = "@DIR@/server.key"
  tls_min_version = "tls13"
}
api_addr  = "https://127.0.0.1:@PORT@"
log_level = "warn"
