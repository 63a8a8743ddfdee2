// SPDX-License-Identifier: BSD-2-Clause

// Package sentry has the names of the original's SDK: a program that was written for it need only import
// another path. Package vsecm can do more.
package sentry

import (
	"context"
	"errors"
	"time"

	"vsecm.internal/vsecm"
)

// ErrSecretNotFound is what Fetch returns when there is no secret to be read now.
var ErrSecretNotFound = errors.New("secret does not exist")

// SecretFetchResponse is the caller's secret. The times are RFC 3339; the data may be any bytes.
type SecretFetchResponse struct {
	Data    string `json:"data"`
	Created string `json:"created"`
	Updated string `json:"updated"`
	Err     string `json:"err,omitempty"`
}

// Fetch returns the caller's secret. Its Data is a string, which Go can neither lock nor wipe: where that
// matters, use vsecm.Client.
func Fetch() (SecretFetchResponse, error) {
	return FetchContext(context.Background())
}

// FetchContext is Fetch, until ctx ends.
func FetchContext(ctx context.Context) (SecretFetchResponse, error) {
	client, err := vsecm.Connect(ctx, "")
	if err != nil {
		return SecretFetchResponse{}, err
	}
	defer client.Close()
	secret, err := client.Get(ctx)
	if errors.Is(err, vsecm.ErrNotFound) {
		return SecretFetchResponse{}, ErrSecretNotFound
	}
	if err != nil {
		return SecretFetchResponse{}, err
	}
	defer secret.Wipe()
	return SecretFetchResponse{
		Data:    string(secret.Data),
		Created: secret.Created.Format(time.RFC3339),
		Updated: secret.Updated.Format(time.RFC3339),
	}, nil
}
