/* Prints ipsec.conf(5), made of the keyword table: packaging/man/ipsec.conf.5 is its output. */
#include <stdio.h>
#include <stdlib.h>

#include "plan.h"

int main(void)
{
	char *page = plan_man_page();

	if (!page || fputs(page, stdout) == EOF || fflush(stdout) != 0)
		return 1;
	free(page);
	return 0;
}
