// SPDX-License-Identifier: BSD-2-Clause

// goclient SOCKET VALUE: read the secret by net/http, fifty times in each of eight goroutines.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
)

func fetch(client *http.Client, want string) error {
	response, err := client.Get("http://vsecm/workload/v1/secrets")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var secret struct{ Data, Created, Updated string }
	if err := json.NewDecoder(response.Body).Decode(&secret); err != nil {
		return err
	}
	if response.StatusCode != 200 || secret.Data != want {
		return fmt.Errorf("status %d, data %q", response.StatusCode, secret.Data)
	}
	return nil
}

func main() {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", os.Args[1])
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial}}
	const workers, each = 8, 50
	results := make(chan error)
	for i := 0; i < workers; i++ {
		go func() {
			for k := 0; k < each; k++ {
				results <- fetch(client, os.Args[2])
			}
		}()
	}
	for i := 0; i < workers*each; i++ {
		if err := <-results; err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	fmt.Println(workers*each, "answers")
}
