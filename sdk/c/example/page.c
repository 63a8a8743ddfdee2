/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <vsecm/vsecm.h>

int main(void)
{
    vsecm_page *page;
    const vsecm_secret *secret;
    if (vsecm_page_open(NULL, &page))
        return 1;
    do {
        vsecm_result result = vsecm_page_read(page, &secret); /* belongs to the page */
        if (result)
            printf("none: %s\n", vsecm_strerror(result));
        else
            printf("version %llu, %zu bytes\n", (unsigned long long)secret->version,
                   secret->length);
        fflush(stdout);
    } while (vsecm_page_wait(page, -1) == VSECM_OK);
    vsecm_page_close(page);
    return 1;
}
