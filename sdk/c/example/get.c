/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <vsecm/vsecm.h>

int main(void)
{
    vsecm_client *client;
    vsecm_secret secret;
    vsecm_result result = vsecm_connect(NULL, &client);
    if (result) {
        fprintf(stderr, "%s\n", vsecm_strerror(result));
        return 1;
    }
    result = vsecm_get(client, &secret);
    if (result) {
        fprintf(stderr, "%s\n", vsecm_message(client));
    } else {
        printf("version %llu, %zu bytes\n", (unsigned long long)secret.version, secret.length);
        vsecm_secret_clear(&secret);
    }
    vsecm_close(client);
    return result != VSECM_OK;
}
