// SPDX-License-Identifier: BSD-2-Clause

package sentry

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"vsecm.internal/vsecm"
)

// SecretsPath is the file that Watch writes: $VSECM_SIDECAR_SECRETS_PATH, else /opt/vsecm/secrets.json.
func SecretsPath() string {
	if path := os.Getenv("VSECM_SIDECAR_SECRETS_PATH"); path != "" {
		return path
	}
	return "/opt/vsecm/secrets.json"
}

// Watch keeps the file of SecretsPath as the caller's secret is. It returns never. The daemon tells of
// each change, so that no interval is needed: $VSECM_SIDECAR_POLL_INTERVAL means nothing here.
func Watch() {
	_ = WatchContext(context.Background())
}

// WatchContext is Watch, until ctx ends; it returns ctx.Err(). While there is no secret to be read the
// file is empty, and while there is no daemon it stays as it is. It is replaced whole: a reader sees the
// old value or the new. A file that cannot be written is tried again.
func WatchContext(ctx context.Context) error {
	watch := vsecm.NewWatch("", "")
	defer func() { watch.Close() }()
	for {
		event, err := watch.Next(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && save(SecretsPath(), event) == nil {
			continue
		}
		if err == nil {
			// Another watch gets the event again.
			watch.Close()
			watch = vsecm.NewWatch("", "")
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// save replaces the file at path, and wipes what event holds.
func save(path string, event *vsecm.Event) error {
	var data []byte
	if event.Secret != nil {
		data = event.Secret.Data
		defer event.Secret.Wipe()
	}
	// As the original has it: whoever shares the volume may read, as far as the umask lets them.
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	_ = os.Remove(temporary)
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary)
	}
	return err
}
