module vsecm.internal/vsecm

go 1.19
